/* SPDX-License-Identifier: BSD-2-Clause */
/* The advanced PLIC, as a root or as a sender of MSIs (AIA 1.0, chapter 4). */
#define pr_fmt(fmt) "aplic: " fmt
#include <errno.h>

#include "arch/riscv/io.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/printk.h"
#include "core/time.h"
#include "drivers/driver.h"
#include "drivers/imsic.h"
#include "drivers/irq.h"

/* Register map (section 4.5). */
#define APLIC_DOMAINCFG		0x0000
#define APLIC_SOURCECFG(source) (0x0004UL + 4 * ((source) - 1))
#define APLIC_SETIPNUM		0x1cdc
#define APLIC_IN_CLRIP(word)	(0x1d00UL + 4 * (word)) /* reads as the sources' input lines */
#define APLIC_SETIENUM		0x1edc
#define APLIC_CLRIE(word)	(0x1f00UL + 4 * (word))
#define APLIC_CLRIENUM		0x1fdc
#define APLIC_GENMSI		0x3000
#define APLIC_TARGET(source)	(0x3004UL + 4 * ((source) - 1))
#define APLIC_MIN_SIZE		0x4000
/* One interrupt delivery control structure a hart, in direct mode (section 4.8.1). */
#define APLIC_IDC(index)	(0x4000UL + 32UL * (index))
#define APLIC_IDC_SIZE		32
#define APLIC_IDELIVERY(index)	(APLIC_IDC(index) + 0x00)
#define APLIC_ITHRESHOLD(index) (APLIC_IDC(index) + 0x08)
#define APLIC_CLAIMI(index)	(APLIC_IDC(index) + 0x1c)

#define DOMAINCFG_IE 0x100
#define DOMAINCFG_DM 0x004 /* deliver by MSI */

#define SOURCECFG_INACTIVE 0
#define SOURCECFG_EDGE1	   4
#define SOURCECFG_EDGE0	   5
#define SOURCECFG_LEVEL1   6
#define SOURCECFG_LEVEL0   7

#define GENMSI_BUSY 0x1000

#define TARGET_HART_SHIFT 18
#define TARGET_IPRIO	  1 /* direct mode: all alike */

#define APLIC_MAX_SOURCES 1023
#define APLIC_MAX_IDC	  16384
#define APLIC_NO_IDC	  (~0U)

#define SETTLE_MS 1

struct aplic {
	struct irq_domain domain;
	struct irq_root root; /* direct mode only */
	volatile void __iomem *base;
	uint64_t size;
	bool msi;
	unsigned int *idc; /* by cpu, direct mode only */

	/* MSI mode. */
	unsigned int settle_id; /* comes in behind all that was sent before; 0: none was left */
	/* Which source an id stands for, and the reverse. 0 for none. */
	struct source {
		struct aplic *aplic;
		unsigned int hwirq;
		unsigned int id;
		bool level;
	} *sources;
};

static int aplic_translate(struct irq_domain *d, const struct fdt_irq *spec, unsigned int *hwirq,
			   unsigned int *trigger)
{
	if (spec->nr_cells < 2 || spec->cells[0] == 0 || spec->cells[0] >= d->nr)
		return -EINVAL;
	*hwirq = spec->cells[0];
	*trigger = spec->cells[1] & 0xf;
	return 0;
}

static bool aplic_reaches(struct irq_domain *d, unsigned int cpu)
{
	struct aplic *a = d->priv;

	return a->msi ? imsic_reaches(cpu) : a->idc[cpu] != APLIC_NO_IDC;
}

static void set_target(struct aplic *a, unsigned int hwirq, unsigned int cpu)
{
	uint32_t value = a->msi ? imsic_target(cpu) << TARGET_HART_SHIFT | a->sources[hwirq].id
				: a->idc[cpu] << TARGET_HART_SHIFT | TARGET_IPRIO;

	writel(value, a->base + APLIC_TARGET(hwirq));
}

/*
 * A level that stays high after its MSI was handled sends no other by itself: writing setipnum
 * makes it pending again (section 4.9.2). That does nothing where the line is no longer active, but
 * QEMU 7.2 sends the MSI all the same, and so for ever: so the line is looked at first. One
 * that becomes active in between sends by itself.
 */
static void look_again(struct aplic *a, unsigned int hwirq)
{
	if (!a->msi || !a->sources[hwirq].level)
		return;
	if (readl(a->base + APLIC_IN_CLRIP(hwirq / 32)) >> (hwirq % 32) & 1)
		writel(hwirq, a->base + APLIC_SETIPNUM);
}

static void take_msi(unsigned int id, void *arg)
{
	struct source *s = arg;

	(void)id;
	irq_domain_handle(&s->aplic->domain, s->hwirq);
	look_again(s->aplic, s->hwirq);
}

static int aplic_start(struct irq_domain *d, unsigned int hwirq, unsigned int trigger,
		       unsigned int cpu)
{
	static const uint8_t modes[] = {[IRQ_EDGE_RISING] = SOURCECFG_EDGE1,
					[IRQ_EDGE_FALLING] = SOURCECFG_EDGE0,
					[IRQ_LEVEL_HIGH] = SOURCECFG_LEVEL1,
					[IRQ_LEVEL_LOW] = SOURCECFG_LEVEL0};
	struct aplic *a = d->priv;

	if (trigger >= ARRAY_SIZE(modes) || !modes[trigger])
		return -EINVAL;
	writel(modes[trigger], a->base + APLIC_SOURCECFG(hwirq));
	/* Reads as 0 where the source is missing or another domain's (section 4.5.2). */
	if (readl(a->base + APLIC_SOURCECFG(hwirq)) != modes[trigger])
		return -EINVAL;
	if (a->msi) {
		struct source *s = &a->sources[hwirq];
		int id = (int)s->id;

		*s = (struct source){
			.aplic = a, .hwirq = hwirq, .level = trigger >= IRQ_LEVEL_HIGH};
		/* Ids are never given back: one that starts again keeps its own. */
		if (!id)
			id = imsic_alloc_id(take_msi, s, false);
		if (id < 0)
			return id;
		s->id = (unsigned int)id;
	}
	set_target(a, hwirq, cpu);
	writel(hwirq, a->base + APLIC_SETIENUM);
	return 0;
}

static void aplic_route(struct irq_domain *d, unsigned int hwirq, unsigned int from,
			unsigned int to)
{
	struct aplic *a = d->priv;

	(void)from;
	set_target(a, hwirq, to);
	/* The MSI that was on its way to the previous hart may find it gone. */
	look_again(a, hwirq);
}

static void aplic_mask(struct irq_domain *d, unsigned int hwirq)
{
	struct aplic *a = d->priv;

	writel(hwirq, a->base + APLIC_CLRIENUM);
}

/* An MSI of the domain's own, to this hart, takes the way of all before it (section 4.9.3). */
static void aplic_settle(struct irq_domain *d)
{
	struct aplic *a = d->priv;
	unsigned int self = smp_processor_id();
	uint64_t deadline = deadline_ms(SETTLE_MS);

	if (!a->settle_id || !imsic_reaches(self))
		return;
	/* Another hart's may still be on its way. */
	spin_lock(&d->lock);
	while (readl(a->base + APLIC_GENMSI) & GENMSI_BUSY && time_now() < deadline)
		cpu_relax();
	writel(imsic_target(self) << TARGET_HART_SHIFT | a->settle_id, a->base + APLIC_GENMSI);
	while (!imsic_pending_here(a->settle_id) && time_now() < deadline)
		cpu_relax();
	spin_unlock(&d->lock);
	if (!imsic_pending_here(a->settle_id))
		pr_warn("its own MSI does not come in at cpu%u within %d ms", self, SETTLE_MS);
}

static void take_settle(unsigned int id, void *arg)
{
	(void)id;
	(void)arg;
}

/* Whoever ran before may have left sources enabled. */
static void silence(struct aplic *a)
{
	writel(0, a->base + APLIC_DOMAINCFG);
	for (unsigned int word = 0; word <= (a->domain.nr - 1) / 32; word++)
		writel(~0U, a->base + APLIC_CLRIE(word));
	for (unsigned int source = 1; source < a->domain.nr; source++)
		writel(SOURCECFG_INACTIVE, a->base + APLIC_SOURCECFG(source));
}

static void set_domain(struct aplic *a)
{
	writel(DOMAINCFG_IE | (a->msi ? DOMAINCFG_DM : 0), a->base + APLIC_DOMAINCFG);
}

/* A source that is made inactive forgets what is pending, which may be what has ended the sleep. */
static void aplic_resume(struct irq_domain *d)
{
	struct aplic *a = d->priv;

	if (readl(a->base + APLIC_DOMAINCFG) & DOMAINCFG_IE)
		return;
	silence(a);
	set_domain(a);
}

static const struct irq_domain_ops aplic_ops = {
	.translate = aplic_translate,
	.reaches = aplic_reaches,
	.start = aplic_start,
	.route = aplic_route,
	.mask = aplic_mask,
	.settle = aplic_settle,
	.resume = aplic_resume,
};

static unsigned int aplic_handle(struct irq_root *root)
{
	struct aplic *a = root->priv;
	unsigned int idc = a->idc[smp_processor_id()];
	unsigned int n = 0;
	uint32_t top;

	if (idc == APLIC_NO_IDC)
		return 0;
	/* Reading claimi takes an edge; a level stays until its device is content. */
	while ((top = readl(a->base + APLIC_CLAIMI(idc)))) {
		irq_domain_handle(&a->domain, top >> 16);
		n++;
	}
	return n;
}

static void aplic_cpu_init(struct irq_root *root)
{
	struct aplic *a = root->priv;
	unsigned int idc = a->idc[smp_processor_id()];

	if (idc == APLIC_NO_IDC)
		return;
	writel(0, a->base + APLIC_ITHRESHOLD(idc));
	writel(1, a->base + APLIC_IDELIVERY(idc));
}

static void aplic_cpu_exit(struct irq_root *root)
{
	struct aplic *a = root->priv;
	unsigned int idc = a->idc[smp_processor_id()];

	if (idc != APLIC_NO_IDC)
		writel(0, a->base + APLIC_IDELIVERY(idc));
}

/*
 * Structures are numbered like the entries of interrupts-extended unless riscv,hart-indexes numbers
 * them. Returns how many belong to possible cpus, or a negative errno.
 */
static int find_idcs(struct aplic *a, const struct fdt_device *dev)
{
	struct fdt_irq_iter it;
	struct fdt_irq entry;
	int found = 0, err;

	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
		a->idc[cpu] = APLIC_NO_IDC;
	fdt_irq_first(dev, &it);
	for (unsigned int i = 0; (err = fdt_irq_next(&it, &entry)) == 0; i++) {
		int cpu = irq_entry_to_cpu(&entry);
		uint32_t idc = i;

		if (cpu < 0)
			continue;
		err = fdt_u32_index(dev, "riscv,hart-indexes", i, &idc);
		if (err && err != -ENOENT)
			return err;
		if (idc >= APLIC_MAX_IDC || APLIC_IDC(idc) + APLIC_IDC_SIZE > a->size) {
			pr_err("structure %u of cpu %d lies beyond the registers", idc, cpu);
			continue;
		}
		a->idc[cpu] = idc;
		found++;
	}
	return err == -ENOENT ? found : err;
}

/* Decides how this domain delivers; -ENODEV if it is the machine's and not ours. */
static int find_mode(struct aplic *a, const struct fdt_device *dev)
{
	uint32_t msi_parent;

	if (fdt_u32(dev, "msi-parent", &msi_parent) == 0) {
		if (!imsic_present() || msi_parent != imsic_phandle())
			return -ENODEV;
		a->msi = true;
		a->sources = kzalloc(a->domain.nr * sizeof(a->sources[0]));
		return a->sources ? 0 : -ENOMEM;
	}
	a->idc = kmalloc(nr_cpu_ids * sizeof(a->idc[0]));
	if (!a->idc)
		return -ENOMEM;
	int found = find_idcs(a, dev);
	return found > 0 ? 0 : found ? found : -ENODEV;
}

static int aplic_probe(const struct fdt_device *dev)
{
	phys_addr_t addr;
	uint32_t sources;

	struct aplic *a = kzalloc(sizeof(*a));
	if (!a)
		return -ENOMEM;
	int err = fdt_reg(dev, 0, &addr, &a->size);
	if (err)
		goto free;
	err = fdt_u32(dev, "riscv,num-sources", &sources);
	if (err)
		goto free;
	err = -EINVAL;
	if (!sources || sources > APLIC_MAX_SOURCES || a->size < APLIC_MIN_SIZE)
		goto free;
	a->domain = (struct irq_domain){.name = "aplic",
					.phandle = dev->phandle,
					.nr = sources + 1,
					.ops = &aplic_ops,
					.priv = a};
	err = find_mode(a, dev);
	if (err)
		goto free;
	err = -ENOMEM;
	a->base = ioremap(addr, a->size);
	if (!a->base)
		goto free;
	silence(a);
	err = irq_domain_add(&a->domain);
	if (err)
		goto free;
	if (a->msi)
		a->settle_id = (unsigned int)MAX(imsic_alloc_id(take_settle, NULL, false), 0);
	set_domain(a);
	if (!a->msi) {
		a->root = (struct irq_root){.handle = aplic_handle,
					    .cpu_init = aplic_cpu_init,
					    .cpu_exit = aplic_cpu_exit,
					    .priv = a};
		irq_root_add(&a->root);
	}
	pr_info("%u sources, %s", sources, a->msi ? "by MSI" : "direct");
	return 0;
free:
	kfree(a->sources);
	kfree(a->idc);
	kfree(a);
	return err;
}

/* After the IMSICs, which it may send to; before everything that wants an interrupt. */
static const struct driver aplic_driver = {
	.name = "aplic", .stage = DRIVER_INTERRUPT, .probe = aplic_probe};
DRIVER_MATCH("riscv,aplic", &aplic_driver);
