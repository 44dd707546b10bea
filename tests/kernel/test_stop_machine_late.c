/* SPDX-License-Identifier: BSD-2-Clause */
/* Harts that come late when they are to be held are told, and those that are down are left out. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/preempt.h"
#include "core/time.h"
#include "ipi/call.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/run_on.h"
#include "tests/kernel/stop_machine.h"
#include "threads/cpuhp.h"
#include "threads/stop_machine.h"

/* Counted instructions pass slowly. */
static unsigned int limit_ms(void)
{
	return deterministic ? 2 : 20;
}

static void be_late(void *info)
{
	(void)info;
	udelay(15000 * limit_ms());
}

static void be_late_without_preemption(void *info)
{
	preempt_disable();
	atomic_store((_Atomic bool *)info, true);
	be_late(NULL);
	preempt_enable();
}

static bool is_set(void *arg)
{
	return atomic_load((_Atomic bool *)arg);
}

KTEST(stop_machine, late_harts_are_named)
{
	unsigned int cpu = nth_other_cpu(0), before, ran;
	_Atomic bool there = false;
	char name[16];
	int level;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	begin();
	snprintf(name, sizeof(name), "cpu%u has not", cpu);
	before = set_timeout_ms("stop_timeout_ms", limit_ms());
	level = quiet_begin();
	KTEST_EXPECT_EQ(smp_call_function_single(cpu, be_late, NULL, false), 0);
	KTEST_EXPECT_EQ(stop_machine(here, &ran, NULL), 0);
	quiet_end(level);
	KTEST_EXPECT(logged("stop_machine: cpu", "waits", "here"));
	KTEST_EXPECT(logged(name, "takes no calls", NULL));

	level = quiet_begin();
	KTEST_EXPECT_EQ(run_on(cpu, be_late_without_preemption, &there), 0);
	KTEST_EXPECT(soon(is_set, &there));
	KTEST_EXPECT_EQ(stop_machine(here, &ran, NULL), 1);
	quiet_end(level);
	KTEST_EXPECT(logged(name, "keeps preemption off", NULL));
	KTEST_EXPECT(!logged(name, "takes no calls", NULL));
	KTEST_EXPECT(soon(job_done, &cpu));
	set_timeout_ms("stop_timeout_ms", before);
	KTEST_EXPECT_EQ(atomic_load(&stop_wrong), 0);
}

static int take_time(void *data)
{
	udelay(*(unsigned int *)data);
	return 0;
}

KTEST(stop_machine, time_without_interrupts)
{
	unsigned int us = 1000 + (unsigned int)(ticks_to_ns(stop_machine_max_irqoff()) / 1000);

	KTEST_EXPECT_EQ(stop_machine(take_time, &us, NULL), 0);
	KTEST_EXPECT(ticks_to_ns(stop_machine_max_irqoff()) >= us * 1000UL);
}

KTEST(stop_machine, harts_that_are_down)
{
	unsigned int cpu = nth_other_cpu(0), n = num_online_cpus();
	int err;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	err = cpu_down(cpu);
	if (err == -EOPNOTSUPP)
		KTEST_SKIP("no HSM");
	begin();
	KTEST_EXPECT_EQ(err, 0);
	KTEST_EXPECT_EQ(stop_one_cpu(cpu, in_stopper, &cpu), -ENOENT);
	KTEST_EXPECT_EQ(stop_machine(together, NULL, cpu_possible_mask), 0);
	KTEST_EXPECT_EQ(atomic_load(&stop_runs), n - 1);
	KTEST_EXPECT_EQ(cpu_up(cpu), 0);
	begin();
	KTEST_EXPECT_EQ(stop_one_cpu(cpu, in_stopper, &cpu), 7 + cpu);
	atomic_store(&stop_runs, 0);
	KTEST_EXPECT_EQ(stop_machine(together, NULL, cpu_possible_mask), 0);
	KTEST_EXPECT_EQ(atomic_load(&stop_runs), n);
	KTEST_EXPECT_EQ(atomic_load(&stop_wrong), 0);
}
