/* SPDX-License-Identifier: BSD-2-Clause */
/* The irq core: irq_domains by phandle, roots at the hart's line, a record per interrupt in use. */
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
#include "core/suspend.h"
#include "core/time.h"
#include "drivers/irq.h"
#include "drivers/irq_internal.h"
#include "percpu/percpu.h"

void (*irq_kick_cpu)(unsigned int cpu);

struct irq *_Atomic irq_first;
struct irq_domain *irq_domains;
static struct irq_root *roots; /* complete before roots_known counts them */
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

void irq_mask_for_good(struct irq *irq)
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
		irq_mask_for_good(irq);
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
	d->next = irq_domains;
	irq_domains = d;
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
	/* Pairs with the acquire in irq_is_prepared: who reads it may route to this hart. */
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

static void irq_restart(struct irq *irq)
{
	struct irq_domain *d = irq->domain;
	unsigned long flags = spin_lock_irqsave(&d->lock);
	int err = irq->masked ? 0 : d->ops->start(d, irq->hwirq, irq->trigger, irq->cpu);

	spin_unlock_irqrestore(&d->lock, flags);
	if (err)
		pr_err("%s: source %u (%s) does not start again after a sleep: error %d", d->name,
		       irq->hwirq, irq->name, err);
}

/* A sleep of the machine may have taken everything that the controllers were told. */
static void irq_resume(void)
{
	struct irq *irq = atomic_load_explicit(&irq_first, memory_order_acquire);

	for (struct irq_domain *d = irq_domains; d; d = d->next) {
		spin_lock(&d->lock);
		d->ops->resume(d);
		spin_unlock(&d->lock);
	}
	atomic_store_explicit(this_cpu_ptr(&roots_ready), 0, memory_order_relaxed);
	irq_cpu_init();
	for (; irq; irq = atomic_load_explicit(&irq->next, memory_order_acquire))
		irq_restart(irq);
}
SYSTEM_RESUME(RESUME_INTERRUPTS, irq_resume);

bool irq_is_prepared(void *arg)
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
		if (irq_is_prepared(&cpu))
			return (int)cpu;
		home = (int)cpu;
	}
	return home;
}

bool irq_move_off(struct irq *irq, unsigned int self)
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
	if (!irq_is_prepared(&irq->cpu) && irq_kick_cpu)
		irq_kick_cpu(irq->cpu);
	return true;
}

void irq_migrate_all_off_this_cpu(void)
{
	unsigned int self = smp_processor_id();
	unsigned int n = atomic_load_explicit(this_cpu_ptr(&roots_ready), memory_order_relaxed);
	struct irq *irq = atomic_load_explicit(&irq_first, memory_order_acquire);

	ASSERT(irqs_disabled() && !cpumask_test_cpu(self, cpu_online_mask));
	/*
	 * Each is looked at under its domain's lock: who routes one here, holding that lock, looks
	 * at the online mask, so either it is seen here or this hart's absence is seen there.
	 */
	for (; irq; irq = atomic_load_explicit(&irq->next, memory_order_acquire)) {
		unsigned long flags = spin_lock_irqsave(&irq->domain->lock);
		bool moved = irq_move_off(irq, self);

		spin_unlock_irqrestore(&irq->domain->lock, flags);
		if (!moved)
			pr_warn("%s: source %u (%s) reaches no other hart; silent until cpu%u is back",
				irq->domain->name, irq->hwirq, irq->name, self);
	}
	for (struct irq_domain *d = irq_domains; d; d = d->next) {
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

unsigned long irq_spurious(unsigned int cpu)
{
	return per_cpu(spurious, cpu);
}
