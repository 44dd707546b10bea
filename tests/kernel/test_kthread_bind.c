/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads that are bound to a cpu, and those that are of one. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/cpu.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "threads/kthread.h"

static int where(void *data)
{
	atomic_store((_Atomic unsigned int *)data, smp_processor_id() + 1);
	while (!kthread_should_stop())
		usleep(100);
	return 0;
}

KTEST(kthread, binds)
{
	_Atomic unsigned int here = 0;
	struct task_struct *task;
	unsigned int cpu;
	int level;

	for_each_online_cpu (cpu) {
		atomic_store(&here, 0);
		task = kthread_create(where, (void *)&here, "bound");
		if (!KTEST_EXPECT(!IS_ERR(task)))
			return;
		KTEST_EXPECT_EQ(kthread_bind(task, nr_cpu_ids), -EINVAL);
		KTEST_EXPECT_EQ(kthread_bind(task, cpu), 0);
		KTEST_EXPECT(!kthread_is_per_cpu(task));
		wake_up_process(task);
		KTEST_EXPECT(reaches(&here, 1));
		KTEST_EXPECT_EQ(atomic_load(&here), cpu + 1);
		level = quiet_begin();
		KTEST_EXPECT_EQ(kthread_bind(task, 0), -EBUSY);
		KTEST_EXPECT(logged("bound", "too late to bind it", NULL));
		quiet_end(level);
		KTEST_EXPECT_EQ(kthread_stop(task), 0);
	}
}

KTEST(kthread, per_cpu)
{
	_Atomic unsigned int here;
	struct task_struct *task;
	char name[TASK_COMM_LEN];
	unsigned int cpu;

	KTEST_EXPECT_EQ(PTR_ERR(kthread_create_on_cpu(where, (void *)&here, nr_cpu_ids, "no/%u")),
			-EINVAL);
	for_each_online_cpu (cpu) {
		atomic_store(&here, 0);
		task = kthread_create_on_cpu(where, (void *)&here, cpu, "own/%u");
		if (!KTEST_EXPECT(!IS_ERR(task)))
			return;
		snprintf(name, sizeof(name), "own/%u", cpu);
		KTEST_EXPECT(!strcmp(task->comm, name));
		KTEST_EXPECT(kthread_is_per_cpu(task));
		KTEST_EXPECT(!kthread_is_per_cpu(current));
		KTEST_EXPECT_EQ(kthread_park(task), 0);
		kthread_unpark(task);
		KTEST_EXPECT(reaches(&here, 1));
		KTEST_EXPECT_EQ(atomic_load(&here), cpu + 1);
		KTEST_EXPECT_EQ(kthread_stop(task), 0);
	}
}

static int park_where(void *data)
{
	_Atomic unsigned int *here = data;

	while (!kthread_should_stop()) {
		atomic_store(here, smp_processor_id() + 1);
		kthread_parkme();
		usleep(100);
	}
	return 0;
}

/* A per-cpu thread that had to leave its cpu is on it again when it is unparked. */
KTEST(kthread, unpark_binds_anew)
{
	unsigned int cpu = nth_other_cpu(0), away = smp_processor_id();
	_Atomic unsigned int here = 0;
	struct task_struct *task;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	task = kthread_create_on_cpu(park_where, (void *)&here, cpu, "away/%u");
	if (!KTEST_EXPECT(!IS_ERR(task)))
		return;
	wake_up_process(task);
	KTEST_EXPECT(reaches(&here, 1));
	KTEST_EXPECT_EQ(kthread_park(task), 0);
	atomic_store(&task->home, away);
	atomic_store(&here, 0);
	kthread_unpark(task);
	KTEST_EXPECT(reaches(&here, 1));
	KTEST_EXPECT_EQ(atomic_load(&here), cpu + 1);
	/* One that is not per-cpu any more stays where it is. */
	KTEST_EXPECT_EQ(kthread_park(task), 0);
	kthread_set_per_cpu(task, CPU_ANY);
	atomic_store(&task->home, away);
	atomic_store(&here, 0);
	kthread_unpark(task);
	KTEST_EXPECT(reaches(&here, 1));
	KTEST_EXPECT_EQ(atomic_load(&here), away + 1);
	KTEST_EXPECT_EQ(kthread_stop(task), 0);
}
