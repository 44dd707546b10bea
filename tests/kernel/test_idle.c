/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls, wake-ups and timers reach harts that sleep by HSM suspend (idle=suspend). */
#include <stdatomic.h>

#include "core/cpu.h"
#include "core/err.h"
#include "core/time.h"
#include "core/timer.h"
#include "ipi/call.h"
#include "tests/kernel/ktest.h"
#include "threads/completion.h"
#include "threads/idle.h"
#include "threads/kthread.h"

#define ROUNDS 100

static bool suspends(void)
{
	unsigned int cpu;

	for_each_online_cpu (cpu) {
		if (cpu != smp_processor_id() && idle_suspends(cpu, 0, NULL) >= 0)
			return true;
	}
	return false;
}

static int64_t all_suspends(unsigned int cpu)
{
	int64_t sum = 0, n;

	for (unsigned int i = 0; (n = idle_suspends(cpu, i, NULL)) >= 0; i++)
		sum += n;
	return sum;
}

static void count_one(void *info)
{
	atomic_fetch_add((_Atomic unsigned int *)info, 1);
}

KTEST(idle, calls)
{
	_Atomic unsigned int calls = 0;
	unsigned int cpu, made = 0;

	if (!suspends())
		KTEST_SKIP("harts do not suspend here (idle=suspend)");
	for (unsigned int round = 0; round < ROUNDS; round++) {
		/* At once after the last, and some time later: on the way down, and asleep. */
		if (round % 4)
			usleep(round * 5);
		for_each_online_cpu (cpu) {
			made++;
			KTEST_EXPECT_EQ(
				smp_call_function_single(cpu, count_one, (void *)&calls, true), 0);
		}
	}
	KTEST_EXPECT_EQ(calls, made);
	for_each_online_cpu (cpu) {
		if (cpu != smp_processor_id())
			KTEST_EXPECT(all_suspends(cpu) > 0);
	}
}

struct sleeper {
	struct completion go, gone;
};

static int sleeps(void *data)
{
	struct sleeper *me = data;

	while (!kthread_should_stop()) {
		if (wait_for_completion_timeout(&me->go, ns_to_ticks(1000000)))
			complete(&me->gone);
	}
	return 0;
}

KTEST(idle, wakeups)
{
	unsigned int cpu;

	if (!suspends())
		KTEST_SKIP("harts do not suspend here (idle=suspend)");
	for_each_online_cpu (cpu) {
		struct sleeper sleeper;
		struct task_struct *task;

		init_completion(&sleeper.go);
		init_completion(&sleeper.gone);
		task = kthread_create_on_cpu(sleeps, &sleeper, cpu, "sleeper/%u");
		if (!KTEST_EXPECT(!IS_ERR(task)))
			return;
		get_task_struct(task);
		wake_up_process(task);
		for (unsigned int round = 0; round < ROUNDS; round++) {
			complete(&sleeper.go);
			/* Its own timer wakes it many times meanwhile. */
			wait_for_completion(&sleeper.gone);
			if (round % 8 == 0)
				usleep(1500);
		}
		KTEST_EXPECT_EQ(kthread_stop_put(task), 0);
	}
}
