/* SPDX-License-Identifier: BSD-2-Clause */
/* A word that says who has the lock, and a line of those who wait for it. */
#include "threads/mutex.h"

#include "core/lockdep.h"
#include "core/panic.h"
#include "core/printk.h"
#include "threads/wait.h"

#define MUTEX_WAITERS 1UL

struct waiter {
	struct task_struct *task;
	struct list_head entry;
	_Atomic unsigned int has_it;
};

void __mutex_init(struct mutex *lock, const char *name)
{
	*lock = (struct mutex){.name = name};
	spin_lock_init(&lock->wait_lock, MUTEX_WAIT_LOCK);
	INIT_LIST_HEAD(&lock->waiters);
}

static struct task_struct *owner_of(uintptr_t word)
{
	return (struct task_struct *)(word & ~MUTEX_WAITERS);
}

static bool take(struct mutex *lock)
{
	uintptr_t word = 0;

	/* Acquire: pairs with the release of the owner before. */
	return atomic_compare_exchange_strong_explicit(&lock->owner, &word, (uintptr_t)current,
						       memory_order_acquire, memory_order_acquire);
}

bool mutex_trylock(struct mutex *lock)
{
	if (!take(lock))
		return false;
	lockdep_acquire(lock->name, LOCKDEP_MUTEX, true);
	return true;
}

/*
 * Under wait_lock: takes it if it is free by now, or else makes its owner come here when it leaves.
 */
static bool take_or_mark(struct mutex *lock)
{
	uintptr_t word = atomic_load_explicit(&lock->owner, memory_order_relaxed);

	for (;;) {
		if (!word) {
			if (take(lock))
				return true;
			word = atomic_load_explicit(&lock->owner, memory_order_relaxed);
		} else if (word & MUTEX_WAITERS ||
			   atomic_compare_exchange_strong_explicit(
				   &lock->owner, &word, word | MUTEX_WAITERS, memory_order_relaxed,
				   memory_order_relaxed)) {
			return false;
		}
	}
}

static __noinline void lock_slowly(struct mutex *lock)
{
	struct waiter w = {.task = current};
	unsigned long flags;
	bool taken;

	if (mutex_is_held(lock))
		panic("mutex %s: thread %s, which has it, takes it again", lock->name,
		      current->comm);
	flags = spin_lock_irqsave(&lock->wait_lock);
	taken = take_or_mark(lock);
	if (!taken)
		list_add_tail(&w.entry, &lock->waiters);
	spin_unlock_irqrestore(&lock->wait_lock, flags);
	if (taken)
		return;
	store_relaxed(&current->waits_for, lock->name);
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		/*
		 * Acquire: pairs with the release in unlock_slowly, and so with what the owner
		 * before did.
		 */
		if (atomic_load_explicit(&w.has_it, memory_order_acquire))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	store_relaxed(&current->waits_for, NULL);
}

void mutex_lock(struct mutex *lock)
{
	might_sleep();
	lockdep_acquire(lock->name, LOCKDEP_MUTEX, false);
	if (unlikely(!take(lock)))
		lock_slowly(lock);
}

/* Hands it to who has waited longest. */
static __noinline void unlock_slowly(struct mutex *lock)
{
	unsigned long flags = spin_lock_irqsave(&lock->wait_lock);
	struct waiter *w = list_first_entry(&lock->waiters, struct waiter, entry);
	struct task_struct *task = get_task_struct(w->task);

	list_del_init(&w->entry);
	store_relaxed(&lock->owner,
		      (uintptr_t)task | (list_empty(&lock->waiters) ? 0 : MUTEX_WAITERS));
	spin_unlock_irqrestore(&lock->wait_lock, flags);
	/*
	 * Release: pairs with the acquire in lock_slowly. Its thread may leave, and end, from here
	 * on.
	 */
	store_release(&w->has_it, 1);
	wake_up_process(task);
	put_task_struct(task);
}

void mutex_unlock(struct mutex *lock)
{
	/* Who takes it next may free it. */
	const char *name = lock->name;
	uintptr_t word = (uintptr_t)current;

	if (unlikely(!cas_release(&lock->owner, &word, 0))) {
		if (owner_of(word) != current) {
			/* The owner may end meanwhile: its name is not looked up. */
			pr_err("mutex %s: unlocked by thread %s, which does not have it", name,
			       current->comm);
			return;
		}
		unlock_slowly(lock);
	}
	lockdep_release(name);
}

bool mutex_is_locked(const struct mutex *lock)
{
	return atomic_load_explicit(&lock->owner, memory_order_relaxed);
}

bool mutex_is_held(const struct mutex *lock)
{
	/* Only the thread itself writes itself there, or is asleep when it is written. */
	return owner_of(atomic_load_explicit(&lock->owner, memory_order_relaxed)) == current;
}
