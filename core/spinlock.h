/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fair spin locks that know their owner, so that a self-deadlock or a lost unlock is named, not
 * hung in.
 */
#ifndef CORE_SPINLOCK_H
#define CORE_SPINLOCK_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/compiler.h"

/*
 * Tickets: next is drawn by who comes, serving is advanced by who leaves.
 *
 *        next == serving            next > serving
 *   [ free ] ---- lock ----> [ held by owner, next-serving-1 wait ]
 *       ^------- unlock (last) ------------|  |--- unlock: serving+1, the next in line holds
 */
typedef struct spinlock {
	_Atomic uint32_t next;
	_Atomic uint32_t serving;
	_Atomic uint32_t owner; /* cpu + 1 of the holder, 0 when free; written by the holder only */
	const char *name;
} spinlock_t;

#define SPINLOCK_INIT(n)   {.next = 0, .serving = 0, .owner = 0, .name = (n)}
#define DEFINE_SPINLOCK(l) spinlock_t l = SPINLOCK_INIT(#l)

void spin_lock_init(spinlock_t *lock, const char *name);

/*
 * Takes the lock. Any context, but one that an interrupt handler also takes must be taken with
 * interrupts off (the _irqsave form). Taking a lock that this hart holds panics with its name, and
 * so does waiting longer than SPIN_DEADLINE_S, with the owner's cpu. During a panic waits are cut
 * short.
 */
#define SPIN_DEADLINE_S 20
void spin_lock(spinlock_t *lock) __acquires(lock);
void spin_unlock(spinlock_t *lock) __releases(lock);

/* True and held, or false at once. Any context. */
bool spin_trylock(spinlock_t *lock);

/* The same with this hart's interrupts off; returns what to hand to the restore. */
unsigned long spin_lock_irqsave(spinlock_t *lock) __acquires(lock);
void spin_unlock_irqrestore(spinlock_t *lock, unsigned long flags) __releases(lock);

/* True if this hart holds the lock. Any context. */
bool spin_is_held(const spinlock_t *lock);

#endif
