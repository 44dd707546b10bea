/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of ipi/ share and nobody else may use. */
#ifndef IPI_INTERNAL_H
#define IPI_INTERNAL_H

#include <stdatomic.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "ipi/backend.h"
#include "ipi/call.h"
#include "ipi/call_stats.h"
#include "ipi/call_wait.h"
#include "ipi/ipi.h"
#include "ipi/trace.h"

/*
 * For whom a cpu waits with interrupts off, for the wait-for graph; func NULL: for nobody. A wait
 * with interrupts on keeps nobody else waiting, as the cpu answers; and its thread may go on
 * elsewhere, with another in between. Written by the cpu itself, read by reports, which may see a
 * mixture of two waits.
 */
struct call_waiting {
	_Atomic smp_call_func_t func;
	_Atomic unsigned int cpu;
	_Atomic uint64_t since; /* ticks */
};

/*
 * For broadcasts made from a cpu: one csd for each target, which targets were queued and which of
 * them must be rung.
 *
 *              taken: on the cpu itself, interrupts off
 *   [ not busy ] -----------------------------------> [ busy ]
 *        ^                                                |
 *        '------- all have run, or nobody waits ----------'
 *
 * Whoever finds it busy does without: a handler, or a thread that runs while the owner is
 * preempted. The owner may be on another cpu by the time it lets go. Release there and acquire at
 * the taking: the masks and csds of one owner are read before the next writes them.
 */
struct call_function_data {
	call_single_data_t *csd;     /* by cpu; NULL: no memory for any of this */
	struct cpumask *cpumask;     /* queued, to be waited for */
	struct cpumask *cpumask_ipi; /* of these, to be rung */
	_Atomic uint32_t busy;
};

/* All that a cpu needs to send and to be reached. The first line is what senders touch. */
struct ipi_cpu {
	struct call_queue queue;
	_Atomic unsigned long reasons; /* bits of enum ipi_reason */
	unsigned int cpu;
	/* Calls to lower cpus may go the shortest way: nr_cpu_ids, or 0 while they are traced. */
	_Atomic unsigned int short_way;
	struct ipi_cpu **cpus; /* ipi_cpus, within reach */
	unsigned long hartid;
	struct call_queue raised, lazy; /* this cpu's own irq_work; never closed */
	struct call_node *todo;		/* taken off the queue, not yet run, oldest first */
	_Atomic smp_call_func_t last;	/* function that it ran last for somebody, or runs */
	unsigned int nesting;		/* calls run from within waits */
	struct call_function_data many;
	struct call_waiting waiting;
	struct call_stats stats;
} __cacheline_aligned;

DECLARE_PER_CPU(struct ipi_cpu, ipi_cpu);

/* Of every possible cpu; for one that never got memory, a closed one that is nobody's. */
extern struct ipi_cpu **ipi_cpus;

/* Atomic, as an interrupt may come in between; without order. */
static inline void ipi_count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/*
 * Hands a node over, and counts it as queued or refused. CALL_PUSHED_RING: the caller must ring.
 * The node is ready; cpu < nr_cpu_ids; me is this cpu's.
 */
static inline enum call_push call_submit_quietly(struct ipi_cpu *me, unsigned int cpu,
						 struct call_node *node)
{
	enum call_push pushed;

	/* Before the push: afterwards the node may be the target's. */
	if (unlikely(trace_enabled()))
		trace_queue(cpu, node);
	pushed = call_queue_push(&ipi_cpus[cpu]->queue, node);

	ipi_count(likely(pushed != CALL_PUSH_REFUSED) ? &me->stats.queued : &me->stats.refused, 1);
	return pushed;
}

/* ipi_ring() without a call of its own. */
static inline void ipi_ring_inline(unsigned int cpu)
{
	ipi_count(&this_cpu_ptr(&ipi_cpu)->stats.rings, 1);
	trace(TRACE_SEND, cpu, NULL);
	ipi_backend()->ring(cpu);
}

/*
 * The same with the ring. False: the cpu is not online. Interrupts off from the push to the ring: a
 * handler in between would push quietly and, if it waited, wait for a ring that comes only after
 * it.
 */
static inline bool call_submit(unsigned int cpu, struct call_node *node)
{
	unsigned long flags = local_irq_save();
	enum call_push pushed = call_submit_quietly(this_cpu_ptr(&ipi_cpu), cpu, node);

	if (pushed == CALL_PUSHED_RING)
		ipi_ring_inline(cpu);
	local_irq_restore(flags);
	return pushed != CALL_PUSH_REFUSED;
}

/* True if idle must not sleep. */
static inline bool ipi_has_work(const struct ipi_cpu *me)
{
	return call_queue_pending(&me->queue) || call_queue_pending(&me->raised) ||
	       call_queue_pending(&me->lazy);
}

/* Looks at a call before the clock is read: reading it may trap to the firmware. */
#define CSD_LOOKS 64

/* Target side: of a csd that was taken off the queue, whose acquire orders this. */
static inline uint64_t csd_kind(const call_single_data_t *csd)
{
	return atomic_load_explicit(&csd->locked, memory_order_relaxed);
}

static inline bool csd_is_free(call_single_data_t *csd)
{
	/* Acquire: pairs with the release by the target; what the function did is seen. */
	return !atomic_load_explicit(&csd->locked, memory_order_acquire);
}

/*
 * csd_lock_wait, for a call that is over soon, as nearly all are; with interrupts off there is more
 * to do meanwhile. just_rung: it cannot be over yet.
 */
static inline void csd_wait(call_single_data_t *csd, unsigned int cpu, bool just_rung)
{
	for (unsigned int looks = CSD_LOOKS; looks && likely(!irqs_disabled()); looks--) {
		if (!just_rung && csd_is_free(csd))
			return;
		just_rung = false;
		cpu_relax();
	}
	csd_lock_wait(csd, cpu);
}

/*
 * The watchdog of a wait: look, now and then while it lasts, says what is wrong once csd_timeout_ms
 * have passed and at doubling intervals after that (see call_wait.h). func and cpu are what is
 * waited for now. what: who speaks.
 */
struct wait_watch {
	const char *what;
	uint64_t since, next, interval; /* ticks */
	bool rung;
};
void wait_watch_begin(struct wait_watch *watch, const char *what);
void wait_watch_look(struct wait_watch *watch, const void *func, unsigned int cpu);
void wait_watch_end(const struct wait_watch *watch, unsigned int cpu);

/*
 * For a call that waits with interrupts off: runs what is queued, and what the run that it is part
 * of has not come to.
 */
void flush_own_calls(struct ipi_cpu *me);

/* Kinds of calls that have files of their own; target side, interrupts off. */
void call_timed_run(struct call_single_data *csd);
void irq_work_run_node(struct call_node *node);

/* What is queued on this cpu's own lists, raised and lazy; how many ran. Interrupts off. */
unsigned int __irq_work_run_lists(struct ipi_cpu *me);
static inline bool irq_work_pending(const struct ipi_cpu *me)
{
	/*
	 * These lists are open or not empty, never closed nor watched: their words can be looked at
	 * together.
	 */
	return (atomic_load_explicit(&me->raised.head, memory_order_relaxed) |
		atomic_load_explicit(&me->lazy.head, memory_order_relaxed)) != CALL_QUEUE_OPEN;
}
static inline unsigned int irq_work_run_lists(struct ipi_cpu *me)
{
	if (likely(!irq_work_pending(me)))
		return 0;
	return __irq_work_run_lists(me);
}

/* Calls the handlers of reasons that were taken. Interrupts off. */
void ipi_handle_reasons(unsigned long reasons);

#endif
