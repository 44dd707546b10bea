/* SPDX-License-Identifier: BSD-2-Clause */
/* Spin locks as one hart sees them; what several do to each other is tested on the host. */
#include "arch/riscv/irqflags.h"
#include "core/spinlock.h"
#include "tests/kernel/ktest.h"

KTEST(lock, held_and_free)
{
	DEFINE_SPINLOCK(lock);

	KTEST_EXPECT(!spin_is_held(&lock));
	spin_lock(&lock);
	KTEST_EXPECT(spin_is_held(&lock));
	KTEST_EXPECT(!spin_trylock(&lock));
	spin_unlock(&lock);
	KTEST_EXPECT(!spin_is_held(&lock));
	KTEST_EXPECT(spin_trylock(&lock));
	__acquire(&lock);
	spin_unlock(&lock);
}

KTEST(lock, interrupts_come_back_as_they_were)
{
	DEFINE_SPINLOCK(lock);
	unsigned long flags, outer;

	flags = spin_lock_irqsave(&lock);
	KTEST_EXPECT(irqs_disabled());
	spin_unlock_irqrestore(&lock, flags);
	KTEST_EXPECT(!irqs_disabled());

	outer = local_irq_save();
	flags = spin_lock_irqsave(&lock);
	spin_unlock_irqrestore(&lock, flags);
	KTEST_EXPECT(irqs_disabled());
	local_irq_restore(outer);
	KTEST_EXPECT(!irqs_disabled());
}
