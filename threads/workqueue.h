/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workqueues: functions to be run soon, or later, in threads that others keep. Names and semantics
 * are Linux's.
 */
#ifndef THREADS_WORKQUEUE_H
#define THREADS_WORKQUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/list.h"
#include "core/spinlock.h"
#include "core/timer.h"
#include "threads/sched.h"

struct work_struct;
struct workqueue_struct;
struct work_pool;
typedef void (*work_func_t)(struct work_struct *work);

/*
 * Something to be done, by func, in a thread, which may sleep. It is pending from when it is queued
 * until func is about to be called: queued meanwhile, it stays pending once; queued from then on,
 * func is called again after it has returned, never at the same time. func may queue its own work
 * again, and may free it: it is not touched after func has been called.
 *
 *   [ 0 ] -- queue --> [ PENDING ] ---> [ PENDING, LISTED ] -- a worker takes it --> [ 0 ]
 *     ^                 |       ^ `--------------> its timer
 *     |         cancel  |       |     the pool's lock: listed, taken
 *     |                 v       | cancel
 *     +-- it is over -- [ PENDING, CANCELING ] no queueing meanwhile
 *
 * Who has set PENDING alone may list it, or hand it to the timer. Members belong to
 * threads/workqueue.c.
 */
struct work_struct {
	_Atomic unsigned int state;
	unsigned int color;		/* of its workqueue, when it was listed */
	struct work_pool *_Atomic pool; /* where it is listed, or was last */
	struct workqueue_struct *wq;	/* on which it is listed, or was last */
	uint64_t seq;			/* of this listing, in its pool */
	struct list_head entry;
	work_func_t func;
};

struct delayed_work {
	struct work_struct work;
	struct timer_list timer;
	spinlock_t lock; /* arming and disarming the timer */
	struct workqueue_struct *wq;
	unsigned int cpu;
};

#define __WORK_INIT(w, f)  {.entry = LIST_HEAD_INIT((w).entry), .func = (f)}
#define DECLARE_WORK(w, f) struct work_struct w = __WORK_INIT(w, f)
#define INIT_WORK(w, f)	   work_init(w, f)
void work_init(struct work_struct *work, work_func_t func);
#define INIT_DELAYED_WORK(w, f) delayed_work_init(w, f)
void delayed_work_init(struct delayed_work *dwork, work_func_t func);
static inline struct delayed_work *to_delayed_work(struct work_struct *work)
{
	return container_of(work, struct delayed_work, work);
}

/*
 * Works of a bound workqueue run on the cpu that they are queued on, in the order in which they
 * were queued there, one at a time: while one sleeps, or takes long, the next begins after
 * WORK_STUCK_MS, in another thread there. Works of an unbound one run wherever there is room,
 * several at once, in any order. There are at most WORKERS_MAX threads for a cpu, and as many for
 * all that is unbound: what comes on top of that waits for one of them.
 *
 * When a cpu goes down, what is queued there runs elsewhere; so does the rest of a work that sleeps
 * then. What is queued on a cpu that is down, or about to go, or that there is none of, is queued
 * on one that is up.
 */
#define WQ_UNBOUND    1U
#define WORK_STUCK_MS 10
#define WORKERS_MAX   32

/*
 * A workqueue is what can be flushed, drained and destroyed together; it has no threads of its own.
 * name is copied. NULL: unknown flags, or no memory. Any context.
 */
struct workqueue_struct *alloc_workqueue(const char *name, unsigned int flags);

/*
 * Drains it, then frees it. None of its delayed works has an armed timer, and nobody queues on it
 * any more. -EINVAL, and a report: it is one of the system's. Thread context, not from one of its
 * works.
 */
int destroy_workqueue(struct workqueue_struct *wq);

/* For works that are short, and for others; there before INIT_THREADS, when they begin to run. */
extern struct workqueue_struct *const system_wq, *const system_unbound_wq;

/*
 * True: it is queued now, on this cpu, or on cpu. False: it is pending already, it is being
 * cancelled, or (reported) the workqueue is drained. What the caller did before is seen by func,
 * also if it was pending, unless it is cancelled. delay is in ticks; a timer that expires when cpu
 * is down counts as queued then. mod: takes it back first, if it is pending, and returns whether it
 * was; false, and nothing is done, if it is being cancelled. Any context.
 */
bool queue_work_on(unsigned int cpu, struct workqueue_struct *wq, struct work_struct *work);
bool queue_delayed_work_on(unsigned int cpu, struct workqueue_struct *wq,
			   struct delayed_work *dwork, uint64_t delay);
bool mod_delayed_work_on(unsigned int cpu, struct workqueue_struct *wq, struct delayed_work *dwork,
			 uint64_t delay);

static inline bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	return queue_work_on(CPU_ANY, wq, work);
}

static inline bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
				      uint64_t delay)
{
	return queue_delayed_work_on(CPU_ANY, wq, dwork, delay);
}

static inline bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
				    uint64_t delay)
{
	return mod_delayed_work_on(CPU_ANY, wq, dwork, delay);
}

static inline bool schedule_work(struct work_struct *work)
{
	return queue_work(system_wq, work);
}

/* Hints. Any context. */
bool work_pending(const struct work_struct *work);
static inline bool delayed_work_pending(const struct delayed_work *dwork)
{
	return work_pending(&dwork->work);
}

/*
 * Takes it back: true if it was pending. func may be running. Any context.
 *
 * _sync: and waits until func runs nowhere; it is not queued meanwhile, by func neither. Called by
 * func itself it is reported, and does not wait. Thread context.
 */
bool cancel_work(struct work_struct *work);
bool cancel_delayed_work(struct delayed_work *dwork);
bool cancel_work_sync(struct work_struct *work);
bool cancel_delayed_work_sync(struct delayed_work *dwork);

/*
 * Waits until the latest queueing of the work has run, or was cancelled; false if there was nothing
 * to wait for. A delayed work whose timer is armed is queued at once. Called by func itself it is
 * reported, and does not wait. The work must stay until then. Thread context.
 */
bool flush_work(struct work_struct *work);
bool flush_delayed_work(struct delayed_work *dwork);

/*
 * Waits until all that was queued before has run; drain: until nothing is queued, and but for works
 * that run nobody may queue meanwhile. Works whose timer is armed are not waited for. Called by one
 * of its works it is reported, and does not wait. Thread context.
 *
 * Waits of this file that last longer than work_timeout_ms (a parameter) are reported, again and
 * again.
 */
void flush_workqueue(struct workqueue_struct *wq);
void drain_workqueue(struct workqueue_struct *wq);

/*
 * Runs func(par) in a thread on cpu, where it may sleep, and returns what it returned; -ENXIO: cpu
 * is not online, or went down before its turn, and func was not called. If cpu goes down while func
 * sleeps it goes on elsewhere, unless the caller has cpus_read_lock. Thread context.
 */
int smp_call_on_cpu(unsigned int cpu, int (*func)(void *par), void *par);

/* How many threads there are now for works of a cpu, CPU_ANY: for unbound ones. Any context. */
unsigned int workqueue_workers(unsigned int cpu);

#endif
