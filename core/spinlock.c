/* SPDX-License-Identifier: BSD-2-Clause */
/* Ticket locks with an owner. */
#include "core/spinlock.h"

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/lockdep.h"
#include "core/panic.h"
#include "core/preempt.h"
#include "core/time.h"

void spin_lock_init(spinlock_t *lock, const char *name)
{
	*lock = (spinlock_t)SPINLOCK_INIT(name);
}

bool spin_is_held(const spinlock_t *lock)
{
	/*
	 * Only this hart ever writes its own number here, so whatever order it is read in is good
	 * enough.
	 */
	return atomic_load_explicit(&lock->owner, memory_order_relaxed) == smp_processor_id() + 1;
}

static void spin_wait(spinlock_t *lock, uint32_t ticket)
{
	uint64_t deadline = time_now() + SPIN_DEADLINE_S * timebase_hz;

	/* Acquire: pairs with the release in spin_unlock of the holder before us. */
	while (atomic_load_explicit(&lock->serving, memory_order_acquire) != ticket) {
		if (panic_in_progress())
			return;
		if (time_now() > deadline)
			panic("lock %s: waited %d s for cpu%u", lock->name, SPIN_DEADLINE_S,
			      atomic_load_explicit(&lock->owner, memory_order_relaxed) - 1);
		cpu_relax();
	}
}

static void take(spinlock_t *lock)
{
	uint32_t ticket;

	if (unlikely(spin_is_held(lock)) && !panic_in_progress())
		panic("lock %s: taken twice by cpu%u", lock->name, smp_processor_id());
	ticket = atomic_fetch_add_explicit(&lock->next, 1, memory_order_relaxed);
	if (unlikely(atomic_load_explicit(&lock->serving, memory_order_acquire) != ticket))
		spin_wait(lock, ticket);
	atomic_store_explicit(&lock->owner, smp_processor_id() + 1, memory_order_relaxed);
}

void spin_lock(spinlock_t *lock) __acquires(lock)
{
	lockdep_acquire(lock->name, LOCKDEP_SPIN, false);
	preempt_disable();
	take(lock);
	__acquire(lock);
}

bool spin_trylock(spinlock_t *lock)
{
	uint32_t serving;

	preempt_disable();
	/* Acquire: as in spin_wait, of the holder that left at this count. */
	serving = atomic_load_explicit(&lock->serving, memory_order_acquire);
	/*
	 * next can equal an old serving only if nobody has drawn a ticket since: the lock is free.
	 */
	if (!atomic_compare_exchange_strong_explicit(&lock->next, &serving, serving + 1,
						     memory_order_relaxed, memory_order_relaxed)) {
		preempt_enable();
		return false;
	}
	atomic_store_explicit(&lock->owner, smp_processor_id() + 1, memory_order_relaxed);
	lockdep_acquire(lock->name, LOCKDEP_SPIN, true);
	return true;
}

static void leave(spinlock_t *lock)
{
	if (unlikely(!spin_is_held(lock)) && !panic_in_progress())
		panic("lock %s: cpu%u unlocks what cpu%d holds", lock->name, smp_processor_id(),
		      (int)atomic_load_explicit(&lock->owner, memory_order_relaxed) - 1);
	atomic_store_explicit(&lock->owner, 0, memory_order_relaxed);
	/*
	 * Release: pairs with the acquire of the next ticket's holder. Only the holder writes
	 * serving.
	 */
	atomic_store_explicit(&lock->serving,
			      atomic_load_explicit(&lock->serving, memory_order_relaxed) + 1,
			      memory_order_release);
}

void spin_unlock(spinlock_t *lock) __releases(lock)
{
	/* Who takes it next may free it. */
	const char *name = lock->name;

	leave(lock);
	lockdep_release(name);
	preempt_enable();
	__release(lock);
}

unsigned long spin_lock_irqsave(spinlock_t *lock) __acquires(lock)
{
	/* Nothing preempts where interrupts are off. */
	unsigned long flags = local_irq_save();

	lockdep_acquire(lock->name, LOCKDEP_SPIN, false);
	take(lock);
	__acquire(lock);
	return flags;
}

void spin_unlock_irqrestore(spinlock_t *lock, unsigned long flags) __releases(lock)
{
	const char *name = lock->name;

	leave(lock);
	lockdep_release(name);
	local_irq_restore(flags);
	lockdep_tell();
	__release(lock);
}
