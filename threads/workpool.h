/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Works that wait for a worker, and the workers: what workqueues are made of. For threads/work*.c
 * only.
 */
#ifndef THREADS_WORKPOOL_H
#define THREADS_WORKPOOL_H

#include "threads/completion.h"
#include "threads/mutex.h"
#include "threads/workqueue.h"

#define WORK_PENDING   1U
#define WORK_LISTED    2U
#define WORK_CANCELING 4U

/*
 * Of a cpu, or the unbound one. Locks are taken in this order: a pool's, then a workqueue's; never
 * two pools'. Its lock is taken with interrupts off.
 */
struct work_pool {
	spinlock_t lock;
	unsigned int cpu;	   /* CPU_ANY: unbound */
	_Atomic unsigned int open; /* works may be queued here; changed with the lock */
	struct list_head works;	   /* listed, oldest first */
	struct list_head idle;	   /* workers that sleep for want of work */
	struct list_head busy;	   /* workers that run one */
	struct list_head flushers; /* who waits for one */
	unsigned int nr_workers, nr_idle, nr_busy; /* the others look for work, or are about to */
	bool wants_worker;			   /* one more is to be made */
	uint64_t seq;				   /* of the latest listing */
	uint64_t taken, taken_then; /* works begun: now, and at the timer's last look */
	struct timer_list stuck;    /* looks whether works are begun */
};

/* A thread that runs works. The members about the work are for the lock of its pool. */
struct worker {
	struct task_struct *task;
	struct work_pool *pool;
	struct list_head entry; /* in idle or busy; neither: it looks for work */
	/* A copy, as the work may be gone: */
	struct work_struct *work;
	work_func_t func;
	struct workqueue_struct *wq;
	unsigned int color;
	uint64_t seq;
};

DECLARE_PER_CPU(struct work_pool, work_pool);
extern struct work_pool unbound_pool;

/* On the stack of who waits for one listing. */
struct flusher {
	struct list_head entry;
	uint64_t seq;
	struct completion done;
};

/* All up to pool_runner: the pool's lock is held. */

/* Lists a work that the caller has made pending, and sees to it that a worker comes. */
void pool_add(struct work_pool *pool, struct work_struct *work);
/* The opposite; pending stays the caller's. */
void pool_remove(struct work_pool *pool, struct work_struct *work);
/* True if it is listed here. */
bool pool_lists(struct work_pool *pool, struct work_struct *work);
/* The oldest that does not run, or NULL: those that do wait until they have. */
struct work_struct *pool_next(struct work_pool *pool);
/*
 * There is such a one: it is the next of a worker that comes, or one comes for it, or the timer
 * looks. one_more: one comes, if there can be one more.
 */
void pool_see_to_it(struct work_pool *pool);
void pool_one_more(struct work_pool *pool);
void pool_leave_idle(struct work_pool *pool, struct worker *worker);
/* A listing is over: tells who waits for it. */
void pool_end_listing(struct work_pool *pool, uint64_t seq);
/* One is to be made, soon. */
void worker_wanted(struct work_pool *pool);
/* Who runs it here, or NULL. */
struct worker *pool_runner(struct work_pool *pool, struct work_struct *work);

static inline bool pool_is_open(const struct work_pool *pool)
{
	return atomic_load_explicit(&pool->open, memory_order_relaxed);
}

/*
 * The pool of a cpu that is open, or of another one that is, or the unbound one; CPU_ANY: of this
 * cpu. Interrupts off.
 */
struct work_pool *pool_of(unsigned int cpu);

/*
 * Makes a worker, which first runs when there is a work for it. False: no memory. Thread context.
 */
bool worker_make(struct work_pool *pool);

/* The pool where it is listed, or was last, locked; or, it never was, any. Interrupts off. */
struct work_pool *lock_pool_of(struct work_struct *work) __acquires(&unbound_pool.lock);

/* True if the calling thread runs a work of that workqueue. Thread context, no lock held. */
bool runs_work_of(const struct workqueue_struct *wq);

/*
 * A flush gives what is queued from then on the other color, and waits until none of the first is
 * left. One at a time: so the color that it changes to is no work's any more.
 */
struct workqueue_struct {
	char name[24];
	unsigned int flags;
	struct mutex flush_mutex;
	spinlock_t lock; /* guards what follows */
	unsigned int color;
	unsigned int listed[2];	    /* works of each color that are listed, or run */
	struct completion *flushed; /* of who waits for the color that is not color, or NULL */
	unsigned int draining;	    /* how many drain it */
};

/*
 * A work of that workqueue is about to be listed: false, it is drained, and may not; chained: by
 * one of its works. Interrupts off.
 */
bool workqueue_get(struct workqueue_struct *wq, unsigned int *color, bool chained);
/* It is over, and the work is not touched any more. Interrupts off. */
void workqueue_put(struct workqueue_struct *wq, unsigned int color);

/*
 * Waits until the work does not run, or, queued, until its latest queueing is over; false: it need
 * not. what, for a report, when it is the calling thread that runs it: then it does not wait.
 * Thread context.
 */
bool wait_for_work(struct work_struct *work, bool queued, const char *what);

/* Into a buffer of SYMBOL_TEXT_MAX. */
const char *work_func_name(work_func_t func, char *buf);
extern unsigned int work_timeout_ms;

#endif
