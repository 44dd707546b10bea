/* SPDX-License-Identifier: BSD-2-Clause */
/* Harts that are held: which, together, and what comes back. */
#include "threads/stop_machine.h"

#include <errno.h>
#include <stdatomic.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/page.h"
#include "core/time.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/run_on.h"
#include "tests/kernel/stop_machine.h"
#include "threads/sched.h"

_Atomic unsigned int stop_runs, stop_wrong;

int in_stopper(void *arg)
{
	expect(smp_processor_id() == *(unsigned int *)arg);
	expect(current->head.preempt_count && !irqs_disabled());
	expect(current->class == SCHED_STOP);
	atomic_fetch_add(&stop_runs, 1);
	return 7 + (int)smp_processor_id();
}

KTEST(stop_machine, one_cpu)
{
	unsigned int cpu, n = 0;

	begin();
	for_each_online_cpu (cpu) {
		KTEST_EXPECT_EQ(stop_one_cpu(cpu, in_stopper, &cpu), 7 + cpu);
		KTEST_EXPECT_EQ(atomic_load(&stop_runs), ++n);
	}
	KTEST_EXPECT_EQ(stop_one_cpu(nr_cpu_ids, in_stopper, &cpu), -ENOENT);
	KTEST_EXPECT_EQ(stop_one_cpu(-1U, in_stopper, &cpu), -ENOENT);
	KTEST_EXPECT_EQ(atomic_load(&stop_runs), n);
	KTEST_EXPECT_EQ(atomic_load(&stop_wrong), 0);
}

/* A hart with a thread that does not sleep. */
KTEST(stop_machine, before_other_threads)
{
	unsigned int cpu = nth_other_cpu(0);
	struct held held;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	begin();
	KTEST_EXPECT(hold_in_job(&held, cpu));
	KTEST_EXPECT_EQ(stop_one_cpu(cpu, in_stopper, &cpu), 7 + cpu);
	KTEST_EXPECT(!run_on_done(cpu));
	KTEST_EXPECT(let_go(&held));
	KTEST_EXPECT_EQ(atomic_load(&stop_wrong), 0);
}

int here(void *data)
{
	expect(irqs_disabled() && current->head.preempt_count);
	*(unsigned int *)data = smp_processor_id();
	return (int)atomic_fetch_add(&stop_runs, 1);
}

KTEST(stop_machine, which_harts)
{
	struct cpumask *mask = cpumask_alloc(NUMA_NO_NODE);
	uint64_t count = stop_machine_count();
	unsigned int cpu, ran = nr_cpu_ids, n = 0;

	begin();
	KTEST_EXPECT_EQ(stop_machine(here, &ran, NULL), n++);
	KTEST_EXPECT_EQ(ran, smp_processor_id());
	KTEST_EXPECT(!irqs_disabled() && !current->head.preempt_count);
	for_each_online_cpu (cpu) {
		cpumask_clear(mask);
		cpumask_set_cpu(cpu, mask);
		KTEST_EXPECT_EQ(stop_machine(here, &ran, mask), n++);
		KTEST_EXPECT_EQ(ran, cpu);
	}
	KTEST_EXPECT_EQ(stop_machine_count() - count, n);
	/* None that is online. */
	cpumask_clear(mask);
	KTEST_EXPECT_EQ(stop_machine(here, &ran, mask), -ENXIO);
	KTEST_EXPECT_EQ(atomic_load(&stop_runs), n);
	KTEST_EXPECT_EQ(stop_machine_count() - count, n);
	KTEST_EXPECT_EQ(atomic_load(&stop_wrong), 0);
	cpumask_free(mask);
}

/* They are all in it at once: each waits for the others there. */
int together(void *data)
{
	uint64_t deadline = deadline_ms(30000);

	(void)data;
	expect(irqs_disabled());
	atomic_fetch_add(&stop_runs, 1);
	while (atomic_load(&stop_runs) < num_online_cpus() && time_now() < deadline)
		cpu_relax();
	expect(atomic_load(&stop_runs) == num_online_cpus());
	return 0;
}

KTEST(stop_machine, all_harts)
{
	begin();
	KTEST_EXPECT_EQ(stop_machine(together, NULL, cpu_online_mask), 0);
	KTEST_EXPECT_EQ(atomic_load(&stop_runs), num_online_cpus());
	KTEST_EXPECT_EQ(atomic_load(&stop_wrong), 0);
}

static int fails_there(void *data)
{
	atomic_fetch_add(&stop_runs, 1);
	return smp_processor_id() == *(unsigned int *)data ? -EILSEQ : 0;
}

KTEST(stop_machine, results)
{
	unsigned int cpu;

	begin();
	for_each_online_cpu (cpu)
		KTEST_EXPECT_EQ(stop_machine(fails_there, &cpu, cpu_online_mask), -EILSEQ);
	cpu = nr_cpu_ids;
	KTEST_EXPECT_EQ(stop_machine(fails_there, &cpu, cpu_online_mask), 0);
	KTEST_EXPECT_EQ(atomic_load(&stop_runs), (num_online_cpus() + 1) * num_online_cpus());
}
