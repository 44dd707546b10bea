/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads that are made, woken and stopped. */
#include "threads/kthread.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/worker.h"

KTEST(kthread, runs_when_woken)
{
	struct worker w;

	if (!KTEST_EXPECT(make_worker(&w, 42)))
		return;
	nap();
	KTEST_EXPECT_EQ(state_of(w.task), TASK_NEW);
	KTEST_EXPECT_EQ(atomic_load(&w.begun), 0);
	KTEST_EXPECT(is_kthread(w.task));
	KTEST_EXPECT(kthread_data(w.task) == &w);
	KTEST_EXPECT(worker_has_begun(&w));
	for (unsigned int i = 0; i < 20; i++) {
		KTEST_EXPECT(soon(sleeps_now, w.task));
		wake_up_process(w.task);
		KTEST_EXPECT(reaches(&w.rounds, i + 1));
	}
	KTEST_EXPECT_EQ(kthread_stop(w.task), 42);
	KTEST_EXPECT_EQ(atomic_load(&w.ended), 1);
}

static int nothing(void *data)
{
	(void)data;
	return 0;
}

KTEST(kthread, names)
{
	struct task_struct *task = kthread_create(nothing, NULL, "%s-%d", "a", 7);

	if (!KTEST_EXPECT(!IS_ERR(task)))
		return;
	KTEST_EXPECT(!strcmp(task->comm, "a-7"));
	KTEST_EXPECT_EQ(kthread_stop(task), -EINTR);
	task = kthread_create(nothing, NULL, "%s", "a name that is too long");
	if (!KTEST_EXPECT(!IS_ERR(task)))
		return;
	KTEST_EXPECT(!strcmp(task->comm, "a name that is "));
	KTEST_EXPECT_EQ(kthread_stop(task), -EINTR);
}

KTEST(kthread, stopped_before_it_runs)
{
	struct worker w;

	if (!KTEST_EXPECT(make_worker(&w, 42)))
		return;
	KTEST_EXPECT_EQ(kthread_stop(w.task), -EINTR);
	KTEST_EXPECT_EQ(atomic_load(&w.begun), 0);
}

static int leave_at_once(void *data)
{
	kthread_exit(*(int *)data);
}

KTEST(kthread, stop_of_the_dead)
{
	int result = 17, level;
	struct task_struct *task = kthread_create(leave_at_once, &result, "leaver");

	if (!KTEST_EXPECT(!IS_ERR(task)))
		return;
	get_task_struct(task);
	wake_up_process(task);
	KTEST_EXPECT(wait_task_inactive(task, 0));
	KTEST_EXPECT_EQ(state_of(task), TASK_DEAD);
	level = quiet_begin();
	KTEST_EXPECT_EQ(kthread_park(task), -ENOSYS);
	KTEST_EXPECT(logged("leaver", "cannot park", NULL));
	quiet_end(level);
	kthread_unpark(task);
	KTEST_EXPECT_EQ(kthread_stop(task), 17);
	KTEST_EXPECT_EQ(kthread_stop_put(task), 17);
}
