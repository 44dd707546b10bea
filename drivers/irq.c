/* SPDX-License-Identifier: BSD-2-Clause */
/* The irq core: domains by phandle, roots at the hart's line, a record per interrupt in use. */
#define pr_fmt(fmt) "irq: " fmt
#include <errno.h>
#include <stdatomic.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "arch/riscv/trap.h"
#include "core/cpu.h"
#include "core/hotplug.h"
#include "core/kmalloc.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/time.h"
#include "drivers/irq.h"
#include "percpu/percpu.h"

struct irq {
	int number;
	struct irq_domain *domain;
	unsigned int hwirq;
	unsigned int cpu; /* domain->lock */
	bool masked;	  /* domain->lock */
	irq_handler_t handler;
	void *arg;
	const char *name;
	_Atomic unsigned long count;
	_Atomic unsigned int idle_runs; /* handler had nothing to do, in a row */
	struct irq *_Atomic next;	/* in order of number */
};

void (*irq_kick_cpu)(unsigned int cpu);

#define PREPARE_MS 1000

/*
 * All lists only grow, at their end, by whoever holds list_lock; the release store that links an
 * entry pairs with the acquire load of who walks them without the lock, in interrupts too.
 */
static DEFINE_SPINLOCK(list_lock);
static struct irq *_Atomic first_irq;
static struct irq_domain *domains; /* boot hart only */
static struct irq_root *roots;	   /* complete before roots_known counts them */
static _Atomic unsigned int roots_known;

static DEFINE_PER_CPU(unsigned long, spurious);
/* How many of them came in a row. */
static DEFINE_PER_CPU(unsigned int, spurious_run);
/* How many roots this hart is set up for. */
static DEFINE_PER_CPU(_Atomic unsigned int, roots_ready);

static void handle_external_interrupt(void)
{
	unsigned int handled = 0;
	unsigned int n = atomic_load_explicit(&roots_known, memory_order_acquire);

	for (struct irq_root *root = roots; n--; root = root->next)
		handled += root->handle(root);
	if (likely(handled)) {
		this_cpu(spurious_run) = 0;
		return;
	}
	this_cpu(spurious)++;
	if (++this_cpu(spurious_run) < IRQ_IDLE_MAX)
		return;
	/*
	 * A tree that wires a controller to the wrong hart does this: the hart could do nothing
	 * else, for ever.
	 */
	csr_clear(CSR_SIE, SIE_SEIE);
	pr_err("cpu%u: %d external interrupts in a row that no controller knows; off on this hart",
	       smp_processor_id(), IRQ_IDLE_MAX);
}

static void disable(struct irq *irq)
{
	unsigned long flags = spin_lock_irqsave(&irq->domain->lock);

	irq->domain->ops->mask(irq->domain, irq->hwirq);
	irq->masked = true;
	spin_unlock_irqrestore(&irq->domain->lock, flags);
}

void irq_domain_handle(struct irq_domain *d, unsigned int hwirq)
{
	struct irq *irq = NULL;

	if (likely(hwirq < d->nr))
		irq = atomic_load_explicit(&d->irqs[hwirq], memory_order_acquire);
	if (unlikely(!irq)) {
		spin_lock(&d->lock);
		if (hwirq < d->nr)
			d->ops->mask(d, hwirq);
		spin_unlock(&d->lock);
		pr_warn_ratelimited("%s: source %u has no handler; masked", d->name, hwirq);
		return;
	}
	atomic_fetch_add_explicit(&irq->count, 1, memory_order_relaxed);
	if (likely(irq->handler(irq->arg))) {
		atomic_store_explicit(&irq->idle_runs, 0, memory_order_relaxed);
		return;
	}
	if (atomic_fetch_add_explicit(&irq->idle_runs, 1, memory_order_relaxed) == IRQ_IDLE_MAX) {
		disable(irq);
		pr_err("%s: source %u (%s) came %d times for nothing; masked", d->name, hwirq,
		       irq->name, IRQ_IDLE_MAX);
	}
}

int irq_domain_add(struct irq_domain *d)
{
	d->irqs = kzalloc(d->nr * sizeof(d->irqs[0]));
	if (!d->irqs)
		return -ENOMEM;
	spin_lock_init(&d->lock, d->name);
	d->next = domains;
	domains = d;
	return 0;
}

void irq_root_add(struct irq_root *root)
{
	struct irq_root **end = &roots;
	unsigned long flags = local_irq_save();

	while (*end)
		end = &(*end)->next;
	*end = root;
	atomic_fetch_add_explicit(&roots_known, 1, memory_order_release);
	external_interrupt_handler = handle_external_interrupt;
	irq_cpu_init();
	local_irq_restore(flags);
}

void irq_cpu_init(void)
{
	unsigned int n = atomic_load_explicit(&roots_known, memory_order_acquire);
	struct irq_root *root = roots;

	if (atomic_load_explicit(this_cpu_ptr(&roots_ready), memory_order_relaxed) == n)
		return;
	for (unsigned int i = 0; i < n; i++, root = root->next)
		root->cpu_init(root);
	csr_set(CSR_SIE, SIE_SEIE);
	/* Pairs with the acquire in is_prepared: who reads it may route to this hart. */
	atomic_store_explicit(this_cpu_ptr(&roots_ready), n, memory_order_release);
}

static int irq_starting(unsigned int cpu)
{
	(void)cpu;
	irq_cpu_init();
	return 0;
}

static int irq_dying(unsigned int cpu)
{
	(void)cpu;
	irq_migrate_all_off_this_cpu();
	return 0;
}
CPUHP_ROW(CPUHP_AP_IRQ_STARTING, "irq:starting", irq_starting, irq_dying);

void irq_cpu_resume(void)
{
	atomic_store_explicit(this_cpu_ptr(&roots_ready), 0, memory_order_relaxed);
	irq_cpu_init();
}

static bool is_prepared(void *arg)
{
	unsigned int cpu = *(unsigned int *)arg;

	return atomic_load_explicit(per_cpu_ptr(&roots_ready, cpu), memory_order_acquire) ==
	       atomic_load_explicit(&roots_known, memory_order_relaxed);
}

/* Online, and reached: those that take external interrupts already first. -1 if there is none. */
static int find_new_home(struct irq_domain *d)
{
	int home = -1;
	unsigned int cpu;

	for_each_online_cpu (cpu) {
		if (!d->ops->reaches(d, cpu))
			continue;
		if (is_prepared(&cpu))
			return (int)cpu;
		home = (int)cpu;
	}
	return home;
}

/* domain->lock is held. True: it is not routed to this hart any more. */
static bool move_off(struct irq *irq, unsigned int self)
{
	struct irq_domain *d = irq->domain;
	int home;

	if (irq->cpu != self)
		return true;
	home = find_new_home(d);
	if (home < 0)
		return false;
	d->ops->route(d, irq->hwirq, self, (unsigned int)home);
	irq->cpu = (unsigned int)home;
	/*
	 * Until it is ready the interrupt stays pending. This hart cannot wait for that: the other
	 * may be waiting for this one.
	 */
	if (!is_prepared(&irq->cpu) && irq_kick_cpu)
		irq_kick_cpu(irq->cpu);
	return true;
}

void irq_migrate_all_off_this_cpu(void)
{
	unsigned int self = smp_processor_id();
	unsigned int n = atomic_load_explicit(this_cpu_ptr(&roots_ready), memory_order_relaxed);
	struct irq *irq = atomic_load_explicit(&first_irq, memory_order_acquire);

	ASSERT(irqs_disabled() && !cpumask_test_cpu(self, cpu_online_mask));
	/*
	 * Each is looked at under its domain's lock: who routes one here, holding that lock, looks
	 * at the online mask, so either it is seen here or this hart's absence is seen there.
	 */
	for (; irq; irq = atomic_load_explicit(&irq->next, memory_order_acquire)) {
		unsigned long flags = spin_lock_irqsave(&irq->domain->lock);
		bool moved = move_off(irq, self);

		spin_unlock_irqrestore(&irq->domain->lock, flags);
		if (!moved)
			pr_warn("%s: source %u (%s) reaches no other hart; silent until cpu%u is back",
				irq->domain->name, irq->hwirq, irq->name, self);
	}
	for (struct irq_domain *d = domains; d; d = d->next) {
		if (d->ops->settle)
			d->ops->settle(d);
	}
	atomic_store_explicit(this_cpu_ptr(&roots_ready), 0, memory_order_relaxed);
	for (struct irq_root *root = roots; n--; root = root->next) {
		root->handle(root);
		root->cpu_exit(root);
	}
	csr_clear(CSR_SIE, SIE_SEIE);
}

/* Makes sure that cpu takes external interrupts before one is routed to it. */
static int prepare_cpu(unsigned int cpu)
{
	if (is_prepared(&cpu))
		return 0;
	if (irq_kick_cpu)
		irq_kick_cpu(cpu);
	if (poll_until(is_prepared, &cpu, deadline_ms(PREPARE_MS)))
		return 0;
	pr_err("cpu%u does not set up its interrupts within %d ms", cpu, PREPARE_MS);
	return -ETIMEDOUT;
}

int irq_entry_to_cpu(const struct fdt_irq *entry)
{
	if (!entry->parent || entry->nr_cells != 1 || entry->cells[0] != IRQ_S_EXT)
		return -ENOENT;
	const struct fdt_cpu *fdt = fdt_cpu_by_intc(entry->parent);
	int cpu = fdt ? hartid_to_cpu(fdt->hartid) : -ENOENT;

	/*
	 * A node without an id, or with one that is taken, must not claim the wires of its rightful
	 * owner.
	 */
	return cpu >= 0 && cpu_info((unsigned int)cpu)->fdt != fdt ? -ENOENT : cpu;
}

static struct irq_domain *find_domain(uint32_t phandle)
{
	struct irq_domain *d = domains;

	while (d && d->phandle != phandle)
		d = d->next;
	return phandle ? d : NULL;
}

/* This hart if the controller reaches it, otherwise the first that can be had. */
static int choose_cpu(struct irq_domain *d)
{
	unsigned int cpu = smp_processor_id();
	int err = -ENXIO;

	if (d->ops->reaches(d, cpu))
		return (int)cpu;
	for_each_online_cpu (cpu) {
		if (!d->ops->reaches(d, cpu))
			continue;
		err = prepare_cpu(cpu);
		if (!err)
			return (int)cpu;
	}
	return err;
}

static int start_irq(struct irq *irq, unsigned int trigger)
{
	struct irq_domain *d = irq->domain;
	unsigned long flags = spin_lock_irqsave(&d->lock);
	int err = -EBUSY;

	if (!atomic_load_explicit(&d->irqs[irq->hwirq], memory_order_relaxed)) {
		/* In place before the source is enabled: the first interrupt may come at once. */
		atomic_store_explicit(&d->irqs[irq->hwirq], irq, memory_order_release);
		err = d->ops->start(d, irq->hwirq, trigger, irq->cpu);
		if (err)
			atomic_store_explicit(&d->irqs[irq->hwirq], NULL, memory_order_relaxed);
	}
	spin_unlock_irqrestore(&d->lock, flags);
	return err;
}

/* Numbers an interrupt and links it in: from then on a hart that goes down moves it. */
static void publish(struct irq *irq)
{
	unsigned long flags = spin_lock_irqsave(&list_lock);
	struct irq *_Atomic *end = &first_irq;
	struct irq *it;

	irq->number = 1;
	while ((it = atomic_load_explicit(end, memory_order_relaxed))) {
		irq->number = it->number + 1;
		end = &it->next;
	}
	atomic_store_explicit(end, irq, memory_order_release);
	spin_unlock_irqrestore(&list_lock, flags);
}

/* A hart that went down before the interrupt was in the list has not moved it. */
static void keep_reachable(struct irq *irq)
{
	unsigned long flags = spin_lock_irqsave(&irq->domain->lock);

	if (!cpumask_test_cpu(irq->cpu, cpu_online_mask))
		move_off(irq, irq->cpu);
	spin_unlock_irqrestore(&irq->domain->lock, flags);
}

static struct irq *find_irq(int number)
{
	struct irq *irq = atomic_load_explicit(&first_irq, memory_order_acquire);

	while (irq && irq->number != number)
		irq = atomic_load_explicit(&irq->next, memory_order_acquire);
	return irq;
}

int irq_request(const struct fdt_device *dev, unsigned int index, irq_handler_t handler, void *arg,
		const char *name)
{
	struct fdt_irq spec;
	unsigned int hwirq, trigger;

	int err = fdt_interrupt(dev, index, &spec);
	if (err)
		return err;
	struct irq_domain *d = find_domain(spec.parent);
	if (!d)
		return -ENXIO;
	err = d->ops->translate(d, &spec, &hwirq, &trigger);
	if (err)
		return err;
	int cpu = choose_cpu(d);
	if (cpu < 0)
		return cpu;

	struct irq *irq = kzalloc(sizeof(*irq));
	if (!irq)
		return -ENOMEM;
	irq->domain = d;
	irq->hwirq = hwirq;
	irq->cpu = (unsigned int)cpu;
	irq->handler = handler;
	irq->arg = arg;
	irq->name = name;
	err = start_irq(irq, trigger);
	if (err) {
		kfree(irq);
		return err;
	}
	publish(irq);
	keep_reachable(irq);
	return irq->number;
}

int irq_set_affinity(int number, unsigned int cpu)
{
	struct irq *irq = find_irq(number);

	if (!irq)
		return -ENOENT;
	struct irq_domain *d = irq->domain;
	if (cpu >= nr_cpu_ids || !cpumask_test_cpu(cpu, cpu_online_mask) ||
	    !d->ops->reaches(d, cpu))
		return -ENXIO;
	int err = prepare_cpu(cpu);
	if (err)
		return err;
	unsigned long flags = spin_lock_irqsave(&d->lock);
	/* Again, where a hart that goes down cannot miss it. */
	if (!cpumask_test_cpu(cpu, cpu_online_mask)) {
		err = -ENXIO;
	} else if (irq->cpu != cpu) {
		d->ops->route(d, irq->hwirq, irq->cpu, cpu);
		irq->cpu = cpu;
	}
	spin_unlock_irqrestore(&d->lock, flags);
	return err;
}

int irq_disable(int number)
{
	struct irq *irq = find_irq(number);

	if (!irq)
		return -ENOENT;
	disable(irq);
	return 0;
}

int irq_get_info(int number, struct irq_info *info)
{
	struct irq *irq = find_irq(number);

	if (!irq)
		return -ENOENT;
	unsigned long flags = spin_lock_irqsave(&irq->domain->lock);
	*info = (struct irq_info){
		.name = irq->name,
		.controller = irq->domain->name,
		.hwirq = irq->hwirq,
		.cpu = irq->cpu,
		.count = atomic_load_explicit(&irq->count, memory_order_relaxed),
		.masked = irq->masked,
	};
	spin_unlock_irqrestore(&irq->domain->lock, flags);
	return 0;
}

unsigned long irq_spurious(unsigned int cpu)
{
	return per_cpu(spurious, cpu);
}
