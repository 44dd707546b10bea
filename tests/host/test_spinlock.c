/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spin locks: exclusion and order between harts, interrupts off and on again, and misuse that must
 * be named.
 */
#include "core/spinlock.h"

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/panic.h"
#include "tests/host/host.h"

static DEFINE_SPINLOCK(lock);
static DEFINE_SPINLOCK(other);

static void misuse(void **state)
{
	(void)state;
	expect_panic((spin_lock(&lock), spin_lock(&lock)), "lock lock: taken twice by cpu0");
	expect_panic(spin_unlock(&lock), "lock lock: cpu0 unlocks what");
	expect_panic((spin_lock(&lock), spin_unlock(&other)), "lock other: cpu0 unlocks what");
	assert_false(spin_is_held(&lock));
	spin_lock(&lock);
	assert_true(spin_is_held(&lock));
	assert_false(spin_trylock(&lock));
	spin_unlock(&lock);
	assert_true(spin_trylock(&lock));
	assert_true(spin_is_held(&lock));
	spin_unlock(&lock);
	assert_false(spin_is_held(&lock));
}

static void interrupts(void **state)
{
	unsigned long outer, inner;

	(void)state;
	assert_false(irqs_disabled());
	outer = spin_lock_irqsave(&lock);
	assert_true(irqs_disabled());
	inner = spin_lock_irqsave(&other);
	spin_unlock_irqrestore(&other, inner);
	assert_true(irqs_disabled());
	spin_unlock_irqrestore(&lock, outer);
	assert_false(irqs_disabled());
}

#define HARTS 4
#define TURNS 4000

/* Plain: only the lock orders what harts do to it. */
static unsigned long counter, tried;

static void hart(unsigned int cpu, void *arg)
{
	(void)arg;
	for (unsigned int turn = 0; turn < TURNS; turn++) {
		if (turn % 3) {
			spin_lock(&lock);
		} else {
			while (!spin_trylock(&lock))
				cpu_relax();
			tried++;
		}
		if (!spin_is_held(&lock))
			panic("cpu%u has the lock, and does not know", cpu);
		counter++;
		spin_unlock(&lock);
	}
}

static void exclusion(void **state)
{
	(void)state;
	counter = tried = 0;
	host_harts_run(HARTS, hart, NULL);
	assert_int_equal(counter, HARTS * TURNS);
	assert_int_equal(tried, HARTS * ((TURNS + 2) / 3));
	/* The tickets may wrap while it is in use. */
	spin_lock_init(&lock, "wrapping");
	lock.next = lock.serving = UINT32_MAX - 100;
	host_harts_run(HARTS, hart, NULL);
	assert_int_equal(counter, 2 * HARTS * TURNS);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(misuse),
	cmocka_unit_test(interrupts),
	cmocka_unit_test(exclusion),
};
HOST_MAIN(tests)
