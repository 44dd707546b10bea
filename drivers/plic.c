/* SPDX-License-Identifier: BSD-2-Clause */
/* The platform-level interrupt controller (RISC-V PLIC specification 1.0.0). */
#define pr_fmt(fmt) "plic: " fmt
#include <errno.h>

#include "arch/riscv/io.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/printk.h"
#include "drivers/driver.h"
#include "drivers/irq.h"

/* Register map (chapter 3): one priority word a source, then bit arrays, then one page a context.
 */
#define PLIC_PRIORITY(source)	(4UL * (source))
#define PLIC_ENABLE(context)	(0x2000UL + 0x80UL * (context))
#define PLIC_THRESHOLD(context) (0x200000UL + 0x1000UL * (context))
#define PLIC_CLAIM(context)	(0x200004UL + 0x1000UL * (context))
/* Sources have priority 1 or 0: with this threshold none gets through. */
#define PLIC_THRESHOLD_CLOSED 1
#define PLIC_MAX_SOURCES      1023
#define PLIC_MAX_CONTEXTS     15872
#define PLIC_NO_CONTEXT	      (~0U)

/*
 * A source is masked by priority 0, not by its enable bit: a completion is ignored by the hardware
 * where the source is not enabled, and the source would then be silent for ever (chapter 9). For
 * the same reason a source that is moved while a hart handles it is completed by complete().
 */
struct plic {
	struct irq_domain domain;
	struct irq_root root;
	volatile void __iomem *base;
	uint64_t size;
	unsigned int *context; /* by cpu; PLIC_NO_CONTEXT where it does not reach */
};

static void set_enabled(struct plic *p, unsigned int context, unsigned int source, bool on)
{
	volatile void __iomem *reg = p->base + PLIC_ENABLE(context) + 4 * (source / 32);
	uint32_t word = readl(reg);
	uint32_t bit = 1U << (source % 32);

	writel(on ? word | bit : word & ~bit, reg);
}

static bool is_enabled(struct plic *p, unsigned int context, unsigned int source)
{
	return readl(p->base + PLIC_ENABLE(context) + 4 * (source / 32)) >> (source % 32) & 1;
}

static int plic_translate(struct irq_domain *d, const struct fdt_irq *spec, unsigned int *hwirq,
			  unsigned int *trigger)
{
	/* T-Head's has a second cell for the trigger, which its gateway does not need to be told.
	 */
	if (spec->nr_cells < 1 || spec->cells[0] == 0 || spec->cells[0] >= d->nr)
		return -EINVAL;
	*hwirq = spec->cells[0];
	*trigger = 0;
	return 0;
}

static bool plic_reaches(struct irq_domain *d, unsigned int cpu)
{
	struct plic *p = d->priv;

	return p->context[cpu] != PLIC_NO_CONTEXT;
}

static int plic_start(struct irq_domain *d, unsigned int hwirq, unsigned int trigger,
		      unsigned int cpu)
{
	struct plic *p = d->priv;

	(void)trigger;
	set_enabled(p, p->context[cpu], hwirq, true);
	writel(1, p->base + PLIC_PRIORITY(hwirq));
	/* Priorities are WARL: a source without one cannot interrupt. */
	return readl(p->base + PLIC_PRIORITY(hwirq)) ? 0 : -EINVAL;
}

static void plic_route(struct irq_domain *d, unsigned int hwirq, unsigned int from, unsigned int to)
{
	struct plic *p = d->priv;

	set_enabled(p, p->context[from], hwirq, false);
	set_enabled(p, p->context[to], hwirq, true);
	/*
	 * QEMU passes on what is pending already only when a priority, a threshold or a claim
	 * register is accessed: without this a source that is moved while pending is silent until
	 * then.
	 */
	writel(readl(p->base + PLIC_PRIORITY(hwirq)), p->base + PLIC_PRIORITY(hwirq));
}

static void plic_mask(struct irq_domain *d, unsigned int hwirq)
{
	struct plic *p = d->priv;

	writel(0, p->base + PLIC_PRIORITY(hwirq));
}

/* Whoever ran before may have left sources enabled. */
static void silence(struct plic *p)
{
	for (unsigned int source = 1; source < p->domain.nr; source++)
		writel(0, p->base + PLIC_PRIORITY(source));
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		if (p->context[cpu] == PLIC_NO_CONTEXT)
			continue;
		for (unsigned int word = 0; word <= (p->domain.nr - 1) / 32; word++)
			writel(0, p->base + PLIC_ENABLE(p->context[cpu]) + 4 * word);
	}
}

/* Its gateways keep what is pending all the same. */
static void plic_resume(struct irq_domain *d)
{
	silence(d->priv);
}

static const struct irq_domain_ops plic_ops = {
	.translate = plic_translate,
	.reaches = plic_reaches,
	.start = plic_start,
	.route = plic_route,
	.mask = plic_mask,
	.resume = plic_resume,
};

static void complete(struct plic *p, unsigned int context, unsigned int source)
{
	volatile void __iomem *claim = p->base + PLIC_CLAIM(context);

	spin_lock(&p->domain.lock);
	bool moved = !is_enabled(p, context, source);
	if (moved)
		set_enabled(p, context, source, true);
	writel(source, claim);
	if (moved)
		set_enabled(p, context, source, false);
	spin_unlock(&p->domain.lock);
}

static unsigned int plic_handle(struct irq_root *root)
{
	struct plic *p = root->priv;
	unsigned int context = p->context[smp_processor_id()];
	unsigned int n = 0;
	uint32_t source;

	if (context == PLIC_NO_CONTEXT)
		return 0;
	while ((source = readl(p->base + PLIC_CLAIM(context)))) {
		irq_domain_handle(&p->domain, source);
		complete(p, context, source);
		n++;
	}
	return n;
}

static void plic_cpu_init(struct irq_root *root)
{
	struct plic *p = root->priv;
	unsigned int context = p->context[smp_processor_id()];

	if (context != PLIC_NO_CONTEXT)
		writel(0, p->base + PLIC_THRESHOLD(context));
}

static void plic_cpu_exit(struct irq_root *root)
{
	struct plic *p = root->priv;
	unsigned int context = p->context[smp_processor_id()];

	if (context != PLIC_NO_CONTEXT)
		writel(PLIC_THRESHOLD_CLOSED, p->base + PLIC_THRESHOLD(context));
}

/* Contexts are the entries of interrupts-extended, in order; returns how many are S-mode lines of
 * possible cpus. */
static int find_contexts(struct plic *p, const struct fdt_device *dev)
{
	struct fdt_irq_iter it;
	struct fdt_irq entry;
	int found = 0, err;

	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
		p->context[cpu] = PLIC_NO_CONTEXT;
	fdt_irq_first(dev, &it);
	for (unsigned int context = 0; (err = fdt_irq_next(&it, &entry)) == 0; context++) {
		int cpu = irq_entry_to_cpu(&entry);

		if (cpu < 0)
			continue;
		if (context >= PLIC_MAX_CONTEXTS || PLIC_CLAIM(context) + 4 > p->size) {
			pr_err("context %u of cpu %d lies beyond the registers", context, cpu);
			continue;
		}
		p->context[cpu] = context;
		found++;
	}
	return err == -ENOENT ? found : err;
}

static int plic_probe(const struct fdt_device *dev)
{
	phys_addr_t addr;
	uint32_t sources;

	struct plic *p = kzalloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	int err = fdt_reg(dev, 0, &addr, &p->size);
	if (err)
		goto free;
	err = fdt_u32(dev, "riscv,ndev", &sources);
	if (err)
		goto free;
	err = -EINVAL;
	if (!sources || sources > PLIC_MAX_SOURCES)
		goto free;
	err = -ENOMEM;
	p->context = kmalloc(nr_cpu_ids * sizeof(p->context[0]));
	if (!p->context)
		goto free;
	int contexts = find_contexts(p, dev);
	/* None: it serves machine mode, or harts that are left alone. */
	err = contexts ? contexts : -ENODEV;
	if (contexts <= 0)
		goto free;
	err = -ENOMEM;
	p->base = ioremap(addr, p->size);
	if (!p->base)
		goto free;

	p->domain = (struct irq_domain){.name = "plic",
					.phandle = dev->phandle,
					.nr = sources + 1,
					.ops = &plic_ops,
					.priv = p};
	silence(p);
	err = irq_domain_add(&p->domain);
	if (err)
		goto free;
	p->root = (struct irq_root){.handle = plic_handle,
				    .cpu_init = plic_cpu_init,
				    .cpu_exit = plic_cpu_exit,
				    .priv = p};
	irq_root_add(&p->root);
	pr_info("%u sources, %d harts", sources, contexts);
	return 0;
free:
	kfree(p->context);
	kfree(p);
	return err;
}

static const struct driver plic_driver = {
	.name = "plic", .stage = DRIVER_INTERRUPT_ROOT, .probe = plic_probe};
DRIVER_MATCH("sifive,plic-1.0.0", &plic_driver);
DRIVER_MATCH("riscv,plic0", &plic_driver);
DRIVER_MATCH("thead,c900-plic", &plic_driver);
