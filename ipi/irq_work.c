/* SPDX-License-Identifier: BSD-2-Clause */
/* irq_work: local lists for this cpu, the call queue for others. */
#include "ipi/irq_work.h"

#include <errno.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/panic.h"
#include "ipi/internal.h"

void init_irq_work(struct irq_work *work, void (*func)(struct irq_work *work))
{
	*work = (struct irq_work)IRQ_WORK_INIT(func);
}

/* True if it was not pending: the caller now owns the queueing. */
static bool claim(struct irq_work *work)
{
	/*
	 * Release: the run that follows, whoever queued it, sees what came before here. Acquire: as
	 * of a lock.
	 */
	return !(atomic_fetch_or_explicit(&work->flags, IRQ_WORK_PENDING, memory_order_acq_rel) &
		 IRQ_WORK_PENDING);
}

void irq_work_run_node(struct call_node *node)
{
	struct irq_work *work = container_of(node, struct irq_work, csd.node);
	unsigned int flags;

	/*
	 * Before the function: who queues the work from here on gets another run. Acquire: pairs
	 * with claim's release.
	 */
	flags = atomic_fetch_add_explicit(&work->flags, IRQ_WORK_RUNNING - IRQ_WORK_PENDING,
					  memory_order_acq_rel);
	ASSERT(flags & IRQ_WORK_PENDING);
	work->func(work);
	/* Release: pairs with irq_work_sync. */
	atomic_fetch_sub_explicit(&work->flags, IRQ_WORK_RUNNING, memory_order_release);
}

/*
 * What is claimed goes on this cpu's lists, which are never closed: on a dying cpu it runs in the
 * last step. Interrupts off.
 */
static void queue_here(struct ipi_cpu *me, struct irq_work *work)
{
	bool lazy = atomic_load_explicit(&work->flags, memory_order_relaxed) & IRQ_WORK_LAZY;

	store_relaxed(&work->cpu, me->cpu);
	trace(TRACE_QUEUE, me->cpu, work->func);
	call_queue_push(lazy ? &me->lazy : &me->raised, &work->csd.node);
	ipi_count(&me->stats.queued, 1);
	ipi_count(&me->stats.own_work, 1);
	if (!lazy)
		csr_set(CSR_SIP, SIE_SSIE);
}

bool irq_work_queue(struct irq_work *work)
{
	unsigned long flags;

	ASSERT(work->func);
	if (!claim(work))
		return false;
	flags = local_irq_save();
	queue_here(this_cpu_ptr(&ipi_cpu), work);
	local_irq_restore(flags);
	return true;
}

/* False if the caller has been moved off that cpu, which then is like any other. */
static __noinline bool queue_if_here(struct irq_work *work, unsigned int cpu)
{
	unsigned long flags = local_irq_save();
	struct ipi_cpu *me = this_cpu_ptr(&ipi_cpu);
	bool here = me->cpu == cpu;

	if (here)
		queue_here(me, work);
	local_irq_restore(flags);
	return here;
}

int irq_work_queue_on(struct irq_work *work, unsigned int cpu)
{
	if (!work->func)
		return -EINVAL;
	if (cpu >= nr_cpu_ids)
		return -ENXIO;
	if (!claim(work))
		return -EBUSY;
	if (unlikely(cpu == smp_processor_id()) && queue_if_here(work, cpu))
		return 0;
	store_relaxed(&work->cpu, cpu);
	if (call_submit(cpu, &work->csd.node))
		return 0;
	atomic_fetch_and_explicit(&work->flags, ~IRQ_WORK_PENDING, memory_order_release);
	return -ENXIO;
}

bool irq_work_is_busy(struct irq_work *work)
{
	/* Acquire: pairs with the release when its function is over. */
	return atomic_load_explicit(&work->flags, memory_order_acquire) & ~IRQ_WORK_LAZY;
}

/*
 * Between two looks at work that is waited for. A lazy one on this cpu would wait for the next
 * interrupt as long as we wait, for it or for one on a cpu that waits for ours: here is one. Looked
 * for each time, as a function may leave another.
 */
static void hurry_lazy_work(void)
{
	if (call_queue_pending(&this_cpu_ptr(&ipi_cpu)->lazy))
		csr_set(CSR_SIP, SIE_SSIE);
	cpu_relax();
}

/* Work that was not over soon: from here on the clock is watched. */
static __noinline void sync_slowly(struct irq_work *work)
{
	struct wait_watch watch;
	unsigned int cpu = 0;

	wait_watch_begin(&watch, "irq_work");
	for (unsigned int looks = 1; irq_work_is_busy(work); looks++) {
		hurry_lazy_work();
		cpu = atomic_load_explicit(&work->cpu, memory_order_relaxed);
		if (looks % CSD_LOOKS == 0)
			wait_watch_look(&watch, (const void *)work->func, cpu);
	}
	wait_watch_end(&watch, cpu);
}

void irq_work_sync(struct irq_work *work)
{
	ASSERT(!irqs_disabled());
	for (unsigned int looks = 0; irq_work_is_busy(work); looks++) {
		if (looks == CSD_LOOKS) {
			sync_slowly(work);
			return;
		}
		hurry_lazy_work();
	}
}

static __noinline __cold void run_node_traced(struct call_node *node)
{
	const void *func = (const void *)container_of(node, struct irq_work, csd.node)->func;

	trace_record(TRACE_BEGIN, 0, func);
	irq_work_run_node(node);
	trace_record(TRACE_END, 0, func);
}

static unsigned int run_list(struct call_queue *list)
{
	void (*run)(struct call_node *node) =
		unlikely(trace_enabled()) ? run_node_traced : irq_work_run_node;
	struct call_node *node = call_queue_reverse(call_queue_take(list));
	unsigned int n = 0;

	for (; node; n++) {
		struct call_node *next = node->next;

		run(node);
		node = next;
	}
	return n;
}

unsigned int __irq_work_run_lists(struct ipi_cpu *me)
{
	/* Any interrupt will do for those that can wait. */
	unsigned int n = run_list(&me->raised) + run_list(&me->lazy);

	ipi_count(&me->stats.run, n);
	return n;
}

void irq_work_run(void)
{
	/* A function may queue more. */
	while (irq_work_run_lists(this_cpu_ptr(&ipi_cpu)))
		;
}
