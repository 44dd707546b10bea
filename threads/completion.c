/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is let go on by a completion, and in which order. */
#include "threads/completion.h"

#include "threads/wait.h"

#define COMPLETED_ALL UINT32_MAX

/*
 * One that sleeps, on its own stack. Who lets it go on touches neither it nor the completion after
 * that: both may be gone.
 *
 *   [ WAITS ] -- complete, under the lock --> [ TAKEN ] -- without the lock --> [ GOES_ON ]
 *       `-- its time is over, under the lock: leaves the list
 */
enum waiter_state { WAITS, TAKEN, GOES_ON };

struct waiter {
	struct task_struct *task;
	struct list_head entry;
	_Atomic unsigned int state; /* enum waiter_state */
};

void init_completion(struct completion *x)
{
	spin_lock_init(&x->lock, "completion");
	x->done = 0;
	INIT_LIST_HEAD(&x->waiters);
}

void reinit_completion(struct completion *x)
{
	x->done = 0;
}

/* Under the lock. */
static struct waiter *take_first(struct completion *x)
{
	struct waiter *w;

	if (list_empty(&x->waiters))
		return NULL;
	w = list_first_entry(&x->waiters, struct waiter, entry);
	list_del_init(&w->entry);
	store_relaxed(&w->state, TAKEN);
	return w;
}

/* Without the lock. */
static void let_go_on(struct waiter *w)
{
	/* It may end between the two steps. */
	struct task_struct *task = get_task_struct(w->task);

	/* Release: pairs with the acquire of the one that waits. */
	store_release(&w->state, GOES_ON);
	wake_up_process(task);
	put_task_struct(task);
}

void complete(struct completion *x)
{
	unsigned long flags = spin_lock_irqsave(&x->lock);
	struct waiter *w = take_first(x);

	if (!w && x->done < COMPLETED_ALL)
		x->done++;
	spin_unlock_irqrestore(&x->lock, flags);
	if (w)
		let_go_on(w);
}

void complete_all(struct completion *x)
{
	LIST_HEAD(taken);
	unsigned long flags = spin_lock_irqsave(&x->lock);
	struct waiter *w;

	x->done = COMPLETED_ALL;
	while ((w = take_first(x)))
		list_add_tail(&w->entry, &taken);
	spin_unlock_irqrestore(&x->lock, flags);
	while (!list_empty(&taken)) {
		w = list_first_entry(&taken, struct waiter, entry);
		list_del_init(&w->entry);
		let_go_on(w);
	}
}

/* Under the lock. */
static bool take_done(struct completion *x)
{
	if (!x->done)
		return false;
	if (x->done != COMPLETED_ALL)
		x->done--;
	return true;
}

/* False: it has been taken, and will be let go on. */
static bool gives_up(struct completion *x, struct waiter *w)
{
	unsigned long flags = spin_lock_irqsave(&x->lock);
	bool waits = atomic_load_explicit(&w->state, memory_order_relaxed) == WAITS;

	if (waits)
		list_del_init(&w->entry);
	spin_unlock_irqrestore(&x->lock, flags);
	return waits;
}

/* Sleeps until it is let go on. How many ticks are left, 0 if it has given up. */
static uint64_t sleep(struct completion *x, struct waiter *w, uint64_t ticks)
{
	uint64_t left = ticks;
	bool stays = false;

	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		/* Acquire: pairs with the release in let_go_on. */
		if (atomic_load_explicit(&w->state, memory_order_acquire) == GOES_ON)
			break;
		if (stays) {
			schedule();
			continue;
		}
		left = schedule_timeout(left);
		if (left)
			continue;
		if (gives_up(x, w))
			return 0;
		stays = true;
	}
	__set_current_state(TASK_RUNNING);
	return left ? left : 1;
}

uint64_t wait_for_completion_timeout(struct completion *x, uint64_t ticks)
{
	struct waiter w = {.task = current, .state = WAITS};
	unsigned long flags;
	bool done;

	might_sleep();
	flags = spin_lock_irqsave(&x->lock);
	done = take_done(x);
	if (!done && ticks)
		list_add_tail(&w.entry, &x->waiters);
	spin_unlock_irqrestore(&x->lock, flags);
	if (done)
		return ticks ? ticks : 1;
	return ticks ? sleep(x, &w, ticks) : 0;
}

void wait_for_completion(struct completion *x)
{
	wait_for_completion_timeout(x, MAX_SCHEDULE_TIMEOUT);
}

bool try_wait_for_completion(struct completion *x)
{
	unsigned long flags = spin_lock_irqsave(&x->lock);
	bool done = take_done(x);

	spin_unlock_irqrestore(&x->lock, flags);
	return done;
}

bool completion_done(struct completion *x)
{
	/* With the lock: complete has left it then, and it may be freed. */
	unsigned long flags = spin_lock_irqsave(&x->lock);
	bool done = x->done;

	spin_unlock_irqrestore(&x->lock, flags);
	return done;
}
