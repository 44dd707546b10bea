/* SPDX-License-Identifier: BSD-2-Clause */
/* Locks to sleep for, with an owner. Names are Linux's. */
#ifndef THREADS_MUTEX_H
#define THREADS_MUTEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/list.h"
#include "core/spinlock.h"

/*
 * The word is the owner, and whether others wait; who leaves while others wait hands it to the
 * first of them, so that they get it in the order in which they came.
 *
 *            lock                  another comes: under wait_lock
 *   [ 0 ] -----------> [ owner ] ----------------------------------> [ owner, WAITERS ] -+
 *     ^---- unlock ------|  ^---- unlock, one waited: its turn ---------|     ^----------+
 *                                                                unlock: the next one's turn
 */
struct mutex {
	_Atomic uintptr_t owner; /* struct task_struct *, MUTEX_WAITERS */
	spinlock_t wait_lock;
	struct list_head waiters;
	const char *name;
};

/* Of another class than the mutex itself (core/lockdep.h): nobody sleeps while he has it. */
#define MUTEX_WAIT_LOCK "mutex waiters"
#define MUTEX_INIT(l)	{0, SPINLOCK_INIT(MUTEX_WAIT_LOCK), LIST_HEAD_INIT((l).waiters), #l}
#define DEFINE_MUTEX(l) struct mutex l = MUTEX_INIT(l)
#define mutex_init(l)	__mutex_init(l, #l)
void __mutex_init(struct mutex *lock, const char *name);

/*
 * Takes it, sleeping while another thread has it; a sleep that lasts is reported (threads/hung.h).
 * A thread that has it already panics, with both names. Thread context.
 */
void mutex_lock(struct mutex *lock);

/* True and held, or false at once. Thread context, interrupts may be off. */
bool mutex_trylock(struct mutex *lock);

/* By the thread that has it; any other is reported, and changes nothing. Thread context. */
void mutex_unlock(struct mutex *lock);

/* True while anybody has it, or the calling thread. Any context. */
bool mutex_is_locked(const struct mutex *lock);
bool mutex_is_held(const struct mutex *lock);

#endif
