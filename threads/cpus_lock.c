/* SPDX-License-Identifier: BSD-2-Clause */
/* Who keeps the set of online harts still, and who changes it. */
#include <stdatomic.h>

#include "core/lockdep.h"
#include "core/panic.h"
#include "core/spinlock.h"
#include "threads/cpuhp.h"
#include "threads/internal.h"
#include "threads/mutex.h"
#include "threads/wait.h"

/*
 * Readers are counted, a writer waits until the count is 0:
 *
 *   [ 0 ] <-- readers --> [ n ] -- writer comes --> [ n.. 0, writer ] -- writer leaves --> [ 0 ]
 */
static DEFINE_SPINLOCK(cpus_lock);
static unsigned int cpus_readers, cpus_waiting; /* in, and those that a writer keeps out */
static _Atomic unsigned long cpus_turn;		/* writers so far */
static struct task_struct *cpus_writer;
static DECLARE_WAIT_QUEUE_HEAD(cpus_wait);
/* Readers and writers, where the order of locks is looked at. */
#define LOCK_CLASS "cpus"
/* One writer or registration at a time: none of these comes in between, readers do. */
static DEFINE_MUTEX(cpuhp_mutex);

void cpus_read_lock(void)
{
	unsigned long flags, turn;
	bool waits;

	might_sleep();
	if (cpus_writer == current)
		panic("thread %s: cpus_read_lock within cpus_write_lock", current->comm);
	lockdep_acquire(LOCK_CLASS, LOCKDEP_MUTEX, false);
	flags = spin_lock_irqsave(&cpus_lock);
	turn = atomic_load_explicit(&cpus_turn, memory_order_relaxed);
	waits = cpus_writer;
	if (waits)
		cpus_waiting++;
	else
		cpus_readers++;
	spin_unlock_irqrestore(&cpus_lock, flags);
	if (waits)
		wait_event(cpus_wait,
			   atomic_load_explicit(&cpus_turn, memory_order_acquire) != turn);
}

void cpus_read_unlock(void)
{
	unsigned long flags = spin_lock_irqsave(&cpus_lock);
	bool last;

	ASSERT(cpus_readers);
	last = !--cpus_readers && cpus_writer;
	spin_unlock_irqrestore(&cpus_lock, flags);
	if (last)
		wake_up_all(&cpus_wait);
	lockdep_release(LOCK_CLASS);
}

static bool readers_gone(void)
{
	unsigned long flags = spin_lock_irqsave(&cpus_lock);
	bool gone = !cpus_readers;

	spin_unlock_irqrestore(&cpus_lock, flags);
	return gone;
}

static void set_writer(struct task_struct *task)
{
	unsigned long flags = spin_lock_irqsave(&cpus_lock);

	cpus_writer = task;
	spin_unlock_irqrestore(&cpus_lock, flags);
}

/* All who have waited meanwhile, before the next writer: none is passed over for ever. */
static void let_readers_in(void)
{
	unsigned long flags = spin_lock_irqsave(&cpus_lock);

	cpus_writer = NULL;
	cpus_readers += cpus_waiting;
	cpus_waiting = 0;
	/* Release: pairs with the acquire in cpus_read_lock; what the writer did is seen. */
	atomic_fetch_add_explicit(&cpus_turn, 1, memory_order_release);
	spin_unlock_irqrestore(&cpus_lock, flags);
}

void cpus_write_lock(void)
{
	mutex_lock(&cpuhp_mutex);
	lockdep_acquire(LOCK_CLASS, LOCKDEP_MUTEX, false);
	set_writer(current);
	wait_event(cpus_wait, readers_gone());
}

void cpus_write_unlock(void)
{
	let_readers_in();
	wake_up_all(&cpus_wait);
	lockdep_release(LOCK_CLASS);
	mutex_unlock(&cpuhp_mutex);
}

void cpuhp_registration_lock(void)
{
	mutex_lock(&cpuhp_mutex);
}

void cpuhp_registration_unlock(void)
{
	mutex_unlock(&cpuhp_mutex);
}
