/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts by number: asked for, routed, looked at. */
#define pr_fmt(fmt) "irq: " fmt
#include <errno.h>

#include "arch/riscv/csr.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/printk.h"
#include "core/time.h"
#include "drivers/irq_internal.h"

#define PREPARE_MS 1000

/* Who adds to the list of interrupts. */
static DEFINE_SPINLOCK(list_lock);

/* Makes sure that cpu takes external interrupts before one is routed to it. */
static int prepare_cpu(unsigned int cpu)
{
	if (irq_is_prepared(&cpu))
		return 0;
	if (irq_kick_cpu)
		irq_kick_cpu(cpu);
	if (poll_until(irq_is_prepared, &cpu, deadline_ms(PREPARE_MS)))
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
	struct irq_domain *d = irq_domains;

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

static int start_irq(struct irq *irq)
{
	struct irq_domain *d = irq->domain;
	unsigned long flags = spin_lock_irqsave(&d->lock);
	int err = -EBUSY;

	if (!atomic_load_explicit(&d->irqs[irq->hwirq], memory_order_relaxed)) {
		/* In place before the source is enabled: the first interrupt may come at once. */
		atomic_store_explicit(&d->irqs[irq->hwirq], irq, memory_order_release);
		err = d->ops->start(d, irq->hwirq, irq->trigger, irq->cpu);
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
	struct irq *_Atomic *end = &irq_first;
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
		irq_move_off(irq, irq->cpu);
	spin_unlock_irqrestore(&irq->domain->lock, flags);
}

static struct irq *find_irq(int number)
{
	struct irq *irq = atomic_load_explicit(&irq_first, memory_order_acquire);

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
	irq->trigger = trigger;
	irq->cpu = (unsigned int)cpu;
	irq->handler = handler;
	irq->arg = arg;
	irq->name = name;
	err = start_irq(irq);
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
	irq_mask_for_good(irq);
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
