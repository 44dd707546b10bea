/* SPDX-License-Identifier: BSD-2-Clause */
/* Who runs where: affinity, and where threads go that have none. */
#include <errno.h>
#include <stdatomic.h>

#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/sched.h"
#include "threads/kthread.h"

static int tell_where(void *data)
{
	_Atomic unsigned int *here = data;

	while (!kthread_should_stop()) {
		atomic_store(here, smp_processor_id() + 1);
		cpu_relax();
	}
	return 0;
}

struct place {
	_Atomic unsigned int *here;
	unsigned int cpu;
};

static bool is_there(void *arg)
{
	struct place *place = arg;

	return atomic_load(place->here) == place->cpu + 1;
}

KTEST(sched, affinity)
{
	struct cpumask *mask = cpumask_alloc(NUMA_NO_NODE);
	_Atomic unsigned int here = 0;
	struct task_struct *task;
	unsigned int cpu;

	task = kthread_create(tell_where, (void *)&here, "wanderer");
	if (!KTEST_EXPECT(mask && !IS_ERR(task)))
		return;
	KTEST_EXPECT_EQ(set_cpus_allowed_ptr(task, mask), -EINVAL);
	wake_up_process(task);
	for (unsigned int round = 0; round < 3; round++) {
		for_each_online_cpu (cpu) {
			cpumask_clear(mask);
			cpumask_set_cpu(cpu, mask);
			KTEST_EXPECT_EQ(set_cpus_allowed_ptr(task, mask), 0);
			KTEST_EXPECT(soon(is_there, &(struct place){&here, cpu}));
		}
	}
	KTEST_EXPECT_EQ(kthread_stop(task), 0);
	task = make_bound(tell_where, (void *)&here, smp_processor_id(), "bound");
	if (!KTEST_EXPECT(task != NULL))
		return;
	KTEST_EXPECT_EQ(set_cpus_allowed_ptr(task, cpu_online_mask), -EPERM);
	kthread_stop_put(task);
	cpumask_free(mask);
}

/* This thread itself goes there, and back. */
KTEST(sched, moves_itself)
{
	struct cpumask *mask = cpumask_alloc(NUMA_NO_NODE);
	unsigned int home = smp_processor_id(), cpu;

	if (!KTEST_EXPECT(mask != NULL))
		return;
	for_each_online_cpu (cpu) {
		cpumask_clear(mask);
		cpumask_set_cpu(cpu, mask);
		KTEST_EXPECT_EQ(set_cpus_allowed_ptr(current, mask), 0);
		KTEST_EXPECT_EQ(smp_processor_id(), cpu);
		usleep(10);
		KTEST_EXPECT_EQ(smp_processor_id(), cpu);
	}
	cpumask_clear(mask);
	cpumask_set_cpu(home, mask);
	KTEST_EXPECT_EQ(set_cpus_allowed_ptr(current, mask), 0);
	KTEST_EXPECT_EQ(smp_processor_id(), home);
	cpumask_copy(mask, cpu_possible_mask);
	KTEST_EXPECT_EQ(set_cpus_allowed_ptr(current, mask), 0);
	cpumask_free(mask);
}

/* Threads that nobody has bound go where there is room. */
KTEST(sched, spreads)
{
	unsigned int n = num_online_cpus(), places = 0;
	_Atomic unsigned int *here = kzalloc(n * sizeof(*here));
	struct task_struct **tasks = kzalloc(n * sizeof(*tasks));
	struct cpumask *seen = cpumask_alloc(NUMA_NO_NODE);

	if (!KTEST_EXPECT(here && tasks && seen))
		return;
	for (unsigned int i = 0; i < n - 1; i++) {
		tasks[i] = kthread_run(tell_where, (void *)&here[i], "spread%u", i);
		if (!KTEST_EXPECT(!IS_ERR(tasks[i])))
			return;
		KTEST_EXPECT(reaches(&here[i], 1));
	}
	for (unsigned int i = 0; i < n - 1; i++) {
		places += !cpumask_test_and_set_cpu(atomic_load(&here[i]) - 1, seen);
		KTEST_EXPECT_EQ(kthread_stop(tasks[i]), 0);
	}
	KTEST_EXPECT_EQ(places, n - 1);
	cpumask_free(seen);
	kfree(tasks);
	kfree((void *)here);
}
