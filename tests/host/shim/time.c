/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: a clock of nanoseconds, and waits that look again and again. */
#include "core/time.h"

#include "arch/riscv/processor.h"

bool deterministic;
uint64_t timebase_hz = 1000000000;

uint64_t time_now(void)
{
	return rdtime();
}

uint64_t time_now_ns(void)
{
	return rdtime();
}

uint64_t ticks_to_ns(uint64_t ticks)
{
	return ticks;
}

uint64_t ns_to_ticks(uint64_t ns)
{
	return ns;
}

uint64_t deadline_ms(uint64_t ms)
{
	return rdtime() + ms * 1000000;
}

void udelay(uint64_t us)
{
	uint64_t end = rdtime() + us * 1000;

	while (rdtime() < end)
		cpu_relax();
}

bool wait_until(bool (*cond)(void *), void *arg, uint64_t deadline)
{
	bool done;

	while (!(done = cond(arg)) && rdtime() < deadline)
		wait_for_interrupt();
	return done;
}

bool poll_until(bool (*cond)(void *), void *arg, uint64_t deadline)
{
	return wait_until(cond, arg, deadline);
}
