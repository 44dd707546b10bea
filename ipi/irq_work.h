/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * irq_work: a function to be run soon in interrupt context, from any context. Names and semantics
 * are Linux's.
 */
#ifndef IPI_IRQ_WORK_H
#define IPI_IRQ_WORK_H

#include <stdbool.h>

#include "ipi/call.h"

/*
 * State, in flags:
 *
 *            claim (queue)                taken off the list              function over
 *   [ 0 ] -----------------> [ PENDING ] --------------------> [ RUNNING ] --------------> [ 0 ]
 *                                ^                                  |
 *                    [ PENDING, RUNNING ] <----- claim (queue) -----'
 *
 * PENDING says that it is on a list, or on its way to one: who finds it set need not, and may not,
 * queue it. RUNNING counts the cpus that are in its function: more than one where it was queued on
 * another meanwhile.
 */
#define IRQ_WORK_PENDING (1U << 0)
#define IRQ_WORK_LAZY	 (1U << 1) /* constant: may wait for the next interrupt */
#define IRQ_WORK_RUNNING (1U << 2) /* one of these for each cpu */

struct irq_work {
	call_single_data_t csd; /* its node is what lists hold; locked is CALL_IRQ_WORK for good */
	_Atomic unsigned int flags;
	_Atomic unsigned int cpu; /* where it was queued last, for who waits too long */
	void (*func)(struct irq_work *work);
};

#define IRQ_WORK_INIT_FLAGS(f, fl) {.csd = {.locked = CALL_IRQ_WORK}, .flags = (fl), .func = (f)}
#define IRQ_WORK_INIT(f)	   IRQ_WORK_INIT_FLAGS(f, 0)
#define IRQ_WORK_INIT_LAZY(f)	   IRQ_WORK_INIT_FLAGS(f, IRQ_WORK_LAZY)
void init_irq_work(struct irq_work *work, void (*func)(struct irq_work *work));

/*
 * Queues work on this cpu: its function runs in interrupt context as soon as interrupts are on; a
 * lazy one at the next interrupt or idle entry, at the latest when the cpu goes down. False if it
 * is pending already, and then it will run once for both, unless it was being queued on another cpu
 * which just then went down: who did that has been told -ENXIO. Any context.
 */
bool irq_work_queue(struct irq_work *work);

/*
 * The same on another cpu. -ENXIO: it is not online; -EBUSY: pending already; -EINVAL: no function;
 * 0. While the function still runs on one cpu it may start on another. Any context.
 */
int irq_work_queue_on(struct irq_work *work, unsigned int cpu);

/*
 * Waits until work is neither pending nor running. A wait past csd_timeout_ms is reported, and its
 * cpu rung once more, as for calls (call_wait.h). Hart context, interrupts on, not from its own
 * function.
 */
void irq_work_sync(struct irq_work *work);

/* True while it is on a list or its function runs. Any context. */
bool irq_work_is_busy(struct irq_work *work);

/*
 * Runs all that is queued on this cpu, lazy ones too. From idle and from a cpu that goes down;
 * interrupts off.
 */
void irq_work_run(void);

#endif
