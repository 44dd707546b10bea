/* SPDX-License-Identifier: BSD-2-Clause */
/* The clock and the timer: conversions, order, and waits that end when they should. */
#include "arch/riscv/irqflags.h"
#include "core/time.h"
#include "tests/kernel/ktest.h"

KTEST(time, conversions)
{
	KTEST_EXPECT(timebase_hz >= 1000);
	KTEST_EXPECT_EQ(ticks_to_ns(timebase_hz), 1000000000);
	KTEST_EXPECT_EQ(ns_to_ticks(1000000000), timebase_hz);
	/* A century, at any rate: neither direction may overflow on the way. */
	KTEST_EXPECT_EQ(ticks_to_ns(timebase_hz * 3155760000UL), 3155760000000000000);
	KTEST_EXPECT_EQ(ns_to_ticks(3155760000000000000UL), timebase_hz * 3155760000UL);
	for (uint64_t t = 1; t < 1UL << 50; t = t * 3 + 1)
		KTEST_EXPECT(ns_to_ticks(ticks_to_ns(t)) <= t &&
			     t - ns_to_ticks(ticks_to_ns(t)) <= 1);
}

KTEST(time, goes_forward)
{
	uint64_t last = time_now();

	for (unsigned int i = 0; i < 1000; i++) {
		uint64_t now = time_now();

		if (now < last) {
			KTEST_EXPECT(now >= last);
			return;
		}
		last = now;
	}
	last = time_now();
	udelay(100);
	KTEST_EXPECT(ticks_to_ns(time_now() - last) >= 100000);
}

static bool never(void *arg)
{
	++*(unsigned int *)arg;
	return false;
}

static bool always(void *arg)
{
	(void)arg;
	return true;
}

KTEST(time, wait_ends_at_its_deadline)
{
	unsigned int looks = 0;
	uint64_t deadline = deadline_ms(20);

	KTEST_EXPECT(!wait_until(never, &looks, deadline));
	KTEST_EXPECT(time_now() >= deadline);
	/* It slept: the condition was looked at when the timer woke it, and when a device did. */
	KTEST_EXPECT(looks >= 1);
	KTEST_EXPECT(!irqs_disabled());
}

KTEST(time, wait_ends_at_once_when_true)
{
	uint64_t far = deadline_ms(60000);

	KTEST_EXPECT(wait_until(always, NULL, far));
	KTEST_EXPECT(wait_until(always, NULL, 0));
	KTEST_EXPECT(time_now() < far);
}

KTEST(time, wait_keeps_interrupts_off)
{
	unsigned int looks = 0;
	unsigned long flags = local_irq_save();

	KTEST_EXPECT(!wait_until(never, &looks, deadline_ms(2)));
	KTEST_EXPECT(irqs_disabled());
	local_irq_restore(flags);
}
