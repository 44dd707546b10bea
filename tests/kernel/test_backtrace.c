/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Backtraces of other cpus name what they do, with interrupts on, and off where the firmware can
 * look.
 */
#include <stdatomic.h>
#include <string.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/printk.h"
#include "core/time.h"
#include "ipi/backtrace.h"
#include "ipi/call.h"
#include "ipi/deaf.h"
#include "sbi/base.h"
#include "sbi/sbi.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/run_on.h"

/* Where an answer is due: the machine below may be busy. */
#define BUSY_WAIT_MS 10000

static _Atomic int state; /* 0, 1: it is there, 2: it may go */
static _Atomic unsigned long laps;

static __noinline void a_place_to_be_found(void)
{
	while (atomic_load(&state) != 2) {
		atomic_fetch_add(&laps, 1);
		cpu_relax();
	}
}

static void stay(void *irqs_off)
{
	unsigned long flags = irqs_off ? local_irq_save() : SR_SIE;

	atomic_store(&state, 1);
	a_place_to_be_found();
	local_irq_restore(flags);
}

/*
 * Whether a record behind the reader names the place, or who went there: a function that saves no
 * return address can hide its caller from an interrupt. Reads to the end.
 */
static bool log_names_it(struct log_reader *reader)
{
	static char text[LOG_TEXT_MAX + 1];
	struct log_record rec;
	bool named = false;

	while (log_read(reader, &rec, text))
		named |= strstr(text, "a_place_to_be_found+") || strstr(text, "stay+");
	return named;
}

static bool has_moved(void *before)
{
	return atomic_load(&laps) != *(unsigned long *)before;
}

/* Makes another cpu stay there, asks it, lets it go. It must be as well afterwards as before. */
static void find(struct ktest_run *run, unsigned int cpu, bool irqs_off, bool can)
{
	struct log_reader reader = {0};
	unsigned long before;
	unsigned int wait_ms = backtrace_wait_ms;

	atomic_store(&state, 0);
	if (!KTEST_EXPECT_EQ(run_on(cpu, stay, irqs_off ? &state : NULL), 0))
		return;
	while (!atomic_load(&state))
		cpu_relax();
	log_names_it(&reader);
	if (!irqs_off)
		backtrace_wait_ms = BUSY_WAIT_MS;
	else if (deterministic)
		backtrace_wait_ms = wait_ms / 10;
	for (int i = 0; i < 2; i++) {
		KTEST_EXPECT_EQ(trigger_cpu_backtrace(cpu), can);
		KTEST_EXPECT_EQ(log_names_it(&reader), can);
		before = atomic_load(&laps);
		KTEST_EXPECT(poll_until(has_moved, &before, deadline_ms(5000)));
	}
	backtrace_wait_ms = wait_ms;
	atomic_store(&state, 2);
	while (!run_on_done(cpu))
		cpu_relax();
}

KTEST(backtrace, interrupts_on)
{
	unsigned int cpu = cpumask_next(smp_processor_id(), cpu_online_mask);

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one cpu only");
	find(run, cpu, false, true);
}

KTEST(backtrace, interrupts_off)
{
	unsigned int cpu = cpumask_next(smp_processor_id(), cpu_online_mask);

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one cpu only");
	find(run, cpu, true, deaf_can_ask(cpu));
}

static void stop_and_start_listening(void *failed)
{
	const struct deaf_trace *trace;
	unsigned int cpu = smp_processor_id();

	deaf_dying(cpu);
	*(bool *)failed = deaf_backtrace(cpu, 10, &trace);
	deaf_starting(cpu);
}

/* As when it goes down and comes up. In between it is not to be reached. */
KTEST(backtrace, interrupts_off_in_another_life)
{
	unsigned int cpu = cpumask_next(smp_processor_id(), cpu_online_mask);
	bool failed = false;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one cpu only");
	if (!deaf_can_ask(cpu))
		KTEST_SKIP("no software events (sse=1)");
	for (int i = 0; i < 3; i++) {
		KTEST_EXPECT_EQ(
			smp_call_function_single(cpu, stop_and_start_listening, &failed, true), 0);
		KTEST_EXPECT(!failed);
		find(run, cpu, true, true);
	}
}
