/* SPDX-License-Identifier: BSD-2-Clause */
/* Works that wait for a worker, and the workers: what workqueues are made of. For threads/workqueue.c only. */
#ifndef THREADS_WORKPOOL_H
#define THREADS_WORKPOOL_H

#include "threads/completion.h"
#include "threads/workqueue.h"

#define WORK_PENDING   1U
#define WORK_LISTED    2U
#define WORK_CANCELING 4U

/*
 * Of a cpu, or the unbound one. Locks are taken in this order: a pool's, then a workqueue's; never two pools'. Its lock is taken with
 * interrupts off.
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

/* On the stack of who waits for one listing. */
struct flusher {
	struct list_head entry;
	uint64_t seq;
	struct completion done;
};

/* All below: the pool's lock is held. */

/* Lists a work that the caller has made pending, and sees to it that a worker comes. */
void pool_add(struct work_pool *pool, struct work_struct *work);
/* The opposite; pending stays the caller's. */
void pool_remove(struct work_pool *pool, struct work_struct *work);
/* True if it is listed here. */
bool pool_lists(struct work_pool *pool, struct work_struct *work);
/* Who runs it here, or NULL. */
struct worker *pool_runner(struct work_pool *pool, struct work_struct *work);

static inline bool pool_is_open(const struct work_pool *pool)
{
	return atomic_load_explicit(&pool->open, memory_order_relaxed);
}

/* The pool of a cpu that is open, or of another one that is, or the unbound one; CPU_ANY: of this cpu. Interrupts off. */
struct work_pool *pool_of(unsigned int cpu);
extern struct work_pool unbound_pool;

/* True if the calling thread runs a work of that workqueue. Thread context, no lock held. */
bool runs_work_of(const struct workqueue_struct *wq);

/* Of threads/workqueue.c: a work of that workqueue and color is over, and is not touched any more. Interrupts off. */
void workqueue_put(struct workqueue_struct *wq, unsigned int color);

#endif
