/* SPDX-License-Identifier: BSD-2-Clause */
/* The time CSR as a clock, the hart's compare register, and ways to wait. */
#include "core/time.h"

#include "arch/riscv/csr.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "arch/riscv/trap.h"
#include "core/cpu.h"
#include "core/fdt.h"
#include "core/init.h"
#include "core/printk.h"
#include "core/timer.h"
#include "sbi/base.h"
#include "sbi/legacy.h"
#include "sbi/sbi.h"
#include "sbi/time.h"

#define NS_PER_S 1000000000UL

uint64_t timebase_hz = 1;

uint64_t time_now(void)
{
	return rdtime();
}

uint64_t time_now_ns(void)
{
	return ticks_to_ns(rdtime());
}

uint64_t ticks_to_ns(uint64_t ticks)
{
	return ticks / timebase_hz * NS_PER_S + ticks % timebase_hz * NS_PER_S / timebase_hz;
}

uint64_t ns_to_ticks(uint64_t ns)
{
	return ns / NS_PER_S * timebase_hz + ns % NS_PER_S * timebase_hz / NS_PER_S;
}

uint64_t deadline_ms(uint64_t ms)
{
	return rdtime() + ns_to_ticks(ms * 1000000);
}

void udelay(uint64_t us)
{
	uint64_t end = rdtime() + ns_to_ticks(us * 1000) + 1;

	while (rdtime() < end)
		cpu_relax();
}

/* Firmware of SBI 0.1 has the old call only. */
static bool legacy_timer;

void timer_compare_set(uint64_t when)
{
	if (unlikely(random_turns))
		when = MIN(when, rdtime() + random_turn());
	if (have_sstc)
		csr_write(CSR_STIMECMP, when);
	else if (legacy_timer)
		sbi_legacy_set_timer(when);
	else
		sbi_set_timer(when);
	/* It stays enabled: where no timer is set, it does not come. */
	csr_set(CSR_SIE, SIE_STIE);
}

/* The interrupt itself has ended the wfi. */
static void end_sleep(struct timer_list *timer)
{
	(void)timer;
}

void (*wait_or_yield)(void) = wait_for_interrupt;

bool wait_until(bool (*cond)(void *), void *arg, uint64_t deadline)
{
	unsigned long flags = local_irq_save();
	struct timer_list timer;
	bool done;

	timer_setup(&timer, end_sleep);
	/*
	 * With interrupts off an interrupt that makes cond true stays pending and ends the wfi that
	 * follows, so none is missed between the look at cond and the sleep.
	 */
	while (!(done = cond(arg)) && rdtime() < deadline) {
		/*
		 * Whoever waits may have been brought to another hart since it last armed the
		 * timer.
		 */
		if (!timer_armed_here(&timer))
			mod_timer(&timer, deadline);
		if (likely(timer_armed_here(&timer)))
			wait_or_yield();
		else
			cpu_relax();
		local_irq_enable();
		local_irq_disable();
	}
	timer_delete(&timer);
	local_irq_restore(flags);
	return done;
}

bool poll_until(bool (*cond)(void *), void *arg, uint64_t deadline)
{
	uint64_t step = ns_to_ticks(POLL_US * 1000UL) + 1;
	uint64_t now;

	while ((now = rdtime()) < deadline) {
		if (wait_until(cond, arg, MIN(deadline, now + step)))
			return true;
	}
	return cond(arg);
}

static int time_init(void)
{
	have_sstc = cpus_have_isa("sstc");
	legacy_timer = !have_sstc && !sbi_probe(SBI_EXT_TIME);
	timer_interrupt_handler = timer_interrupt;
	return 0;
}
INITCALL(INIT_TIME, time_init);
