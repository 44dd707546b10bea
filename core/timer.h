/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers: a function to be called at a time, by the hart that the timer was armed on. Names and
 * semantics are Linux's.
 */
#ifndef CORE_TIMER_H
#define CORE_TIMER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Its members belong to core/timer.c, and are guarded by the lock of the cpu that it is armed on,
 * or was last.
 *
 *              mod_timer, add_timer_on                         interrupt, at expires or later
 *   [ idle ] ---------------------------> [ pending on a cpu ] -------------------------------> [ idle, function runs ]
 *       ^------------ timer_delete --------------|  ^--- mod_timer, also from its function --------------|
 *
 * A timer that is idle and whose function does not run belongs to its user alone.
 */
struct timer_list {
	uint64_t expires; /* time CSR */
	void (*function)(struct timer_list *timer);
	struct timer_list *child, *next,
		*prev; /* pairing heap: prev is the left sibling, or the parent */
	_Atomic unsigned int cpu, pending;
	bool hopped; /* was sent to another cpu while its function ran */
};

/*
 * Makes an idle timer. fn is called in interrupt context, interrupts off, holding no lock: it may
 * arm its timer again, and may free it. Any context; not while it is pending.
 */
void timer_setup(struct timer_list *timer, void (*fn)(struct timer_list *timer));

/*
 * Arms it on this hart for time expires (ticks of the time CSR, 0 counts as 1), pending or not;
 * true if it was pending. One that is past is called as soon as interrupts are on. A timer whose
 * function runs on another hart stays there, so that it never runs twice at once; one armed by a
 * hart that is not online goes to the nearest that is. Of timers that expire at once, any may be
 * first. Any context.
 */
bool mod_timer(struct timer_list *timer, uint64_t expires);

/*
 * Arms it on cpu, for the time in timer->expires, which the caller has set: only for a timer that
 * nobody else arms or deletes at the same time. From its own function it may hop to another cpu,
 * and may then start there before this call of the function has returned. 0; -ENXIO: that cpu is
 * not online, -EBUSY: it is pending; both leave it as it was. Any context.
 */
int add_timer_on(struct timer_list *timer, unsigned int cpu);

/*
 * Makes it idle; true if it was pending. Its function may be running, on this hart or another. Any
 * context.
 */
bool timer_delete(struct timer_list *timer);

/*
 * Makes it idle and waits until its function runs nowhere: afterwards it may be freed, if nobody
 * arms it again. 1 if it was pending, else 0. -EDEADLK, and a report: called from its own function.
 * -ETIMEDOUT, and a report of who runs it: it still runs after TIMER_SYNC_MS. Any context, but not
 * with a lock held that the function takes, and not with interrupts off if the function waits for
 * this hart.
 */
#define TIMER_SYNC_MS 5000
int timer_delete_sync(struct timer_list *timer);

/* True while it is armed and its function has not yet been called. Any context. */
static inline bool timer_pending(const struct timer_list *timer)
{
	return atomic_load_explicit(&timer->pending, memory_order_relaxed);
}

/* The same, and it will be this hart that calls it. Interrupts off. */
bool timer_armed_here(const struct timer_list *timer);

/*
 * How a hart tells another that its earliest timer has changed: makes it call timers_reprogram()
 * soon. Called with interrupts off and a lock held, for a hart that has not yet been through
 * timers_dying_cpu(). Set once, before INIT_SMP, by who has interrupts between harts.
 */
extern void (*timer_kick_cpu)(unsigned int cpu);

/*
 * Sets this hart's compare register anew, whatever it holds: when kicked, or when the register was
 * lost. Interrupts off.
 */
void timers_reprogram(void);

/*
 * Hands all timers of this hart over to the nearest online one. This hart has left the online mask,
 * interrupts off, and stays so until it is in it again: what others arm from now on goes elsewhere.
 * Nothing is to be done at its birth.
 */
int timers_dying_cpu(unsigned int cpu);

/*
 * The time at which this hart's timer interrupts next, UINT64_MAX if it does not: never later than
 * the earliest of its timers. Interrupts off.
 */
uint64_t timers_next(void);

/* How many timers are pending on a cpu. Any context. */
unsigned int timers_pending_on(unsigned int cpu);

/* The timer interrupt of this hart, interrupts off. */
void timer_interrupt(void);

#endif
