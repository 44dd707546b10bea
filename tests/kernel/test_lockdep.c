/* SPDX-License-Identifier: BSD-2-Clause */
/* The lock-order checker finds what is planted; only debug builds have it. */
#include "core/lockdep.h"

#ifdef DEBUG

#include "arch/riscv/irqflags.h"
#include "core/spinlock.h"
#include "ipi/irq_work.h"
#include "tests/kernel/ktest.h"
#include "threads/mutex.h"

static DEFINE_SPINLOCK(lockdep_a);
static DEFINE_SPINLOCK(lockdep_b);
static DEFINE_SPINLOCK(lockdep_c);
static DEFINE_SPINLOCK(lockdep_i);
static DEFINE_SPINLOCK(lockdep_inner);
static DEFINE_SPINLOCK(lockdep_outer);

static void both(spinlock_t *outer, spinlock_t *inner)
{
	spin_lock(outer);
	spin_lock(inner);
	spin_unlock(inner);
	spin_unlock(outer);
}

KTEST(lockdep, cycle)
{
	unsigned int before = lockdep_findings();

	both(&lockdep_a, &lockdep_b);
	both(&lockdep_b, &lockdep_c);
	both(&lockdep_a, &lockdep_c);
	KTEST_EXPECT_EQ(lockdep_findings(), before);
	both(&lockdep_c, &lockdep_a);
	KTEST_EXPECT_EQ(lockdep_findings(), before + 1);
	/* Told once. */
	both(&lockdep_c, &lockdep_a);
	KTEST_EXPECT_EQ(lockdep_findings(), before + 1);
	lockdep_expect(lockdep_findings() - before);
}

static DEFINE_MUTEX(lockdep_m);
static DEFINE_MUTEX(lockdep_n);

static void both_mutexes(struct mutex *outer, struct mutex *inner)
{
	mutex_lock(outer);
	mutex_lock(inner);
	mutex_unlock(outer);
	mutex_unlock(inner);
}

KTEST(lockdep, mutexes)
{
	unsigned int before = lockdep_findings();

	both_mutexes(&lockdep_m, &lockdep_n);
	/* One that is only tried keeps nobody waiting. */
	mutex_lock(&lockdep_n);
	KTEST_EXPECT(mutex_trylock(&lockdep_m));
	mutex_unlock(&lockdep_m);
	mutex_unlock(&lockdep_n);
	KTEST_EXPECT_EQ(lockdep_findings(), before);
	both_mutexes(&lockdep_n, &lockdep_m);
	KTEST_EXPECT_EQ(lockdep_findings(), before + 1);
	lockdep_expect(lockdep_findings() - before);
}

static void take_in_interrupt(struct irq_work *work)
{
	(void)work;
	spin_lock(&lockdep_i);
	spin_unlock(&lockdep_i);
}

KTEST(lockdep, interrupts)
{
	static struct irq_work work = IRQ_WORK_INIT(take_in_interrupt);
	unsigned int before = lockdep_findings();
	unsigned long flags;

	irq_work_queue(&work);
	irq_work_sync(&work);
	flags = spin_lock_irqsave(&lockdep_i);
	spin_unlock_irqrestore(&lockdep_i, flags);
	KTEST_EXPECT_EQ(lockdep_findings(), before);
	spin_lock(&lockdep_i);
	spin_unlock(&lockdep_i);
	KTEST_EXPECT_EQ(lockdep_findings(), before + 1);
	lockdep_expect(lockdep_findings() - before);
}

static void take_outer(struct irq_work *work)
{
	(void)work;
	spin_lock(&lockdep_outer);
	spin_unlock(&lockdep_outer);
}

/* An interrupt that waits until a lock is left comes in at its end: not under the lock. */
KTEST(lockdep, interrupt_at_the_end)
{
	static struct irq_work work = IRQ_WORK_INIT(take_outer);
	unsigned int before = lockdep_findings();
	unsigned long flags = spin_lock_irqsave(&lockdep_inner);

	irq_work_queue(&work);
	spin_unlock_irqrestore(&lockdep_inner, flags);
	irq_work_sync(&work);
	flags = local_irq_save();
	both(&lockdep_outer, &lockdep_inner);
	local_irq_restore(flags);
	KTEST_EXPECT_EQ(lockdep_findings(), before);
}

#endif
