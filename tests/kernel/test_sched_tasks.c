/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads come and go: they leave nothing behind, and are listed while they are there. */
#include <errno.h>
#include <string.h>

#include "core/cpu.h"
#include "core/page.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "threads/kthread.h"
#include "threads/sched.h"

static int brief(void *data)
{
	(void)data;
	return 1;
}

static unsigned long pages_used(void)
{
	struct page_stats stats;

	page_stats(&stats);
	return stats.used;
}

static bool no_more_pages(void *arg)
{
	return pages_used() <= *(unsigned long *)arg;
}

static bool make_and_end(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct task_struct *task = kthread_create(brief, NULL, "brief%u", i);
		bool ran = i % 3;

		if (IS_ERR(task))
			return false;
		get_task_struct(task);
		if (ran)
			wake_up_process(task);
		if (i % 3 == 2 && !wait_task_inactive(task, 0))
			return false;
		if (kthread_stop_put(task) > 1)
			return false;
	}
	return true;
}

/* Made and ended a thousand times, whether they have run or not: no page more than before. */
KTEST(sched, leaves_nothing_behind)
{
	unsigned long before;

	KTEST_EXPECT(make_and_end(50));
	before = pages_used();
	KTEST_EXPECT(make_and_end(1000));
	KTEST_EXPECT(soon(no_more_pages, &before));
}

struct look_for {
	const struct task_struct *task;
	unsigned int found, all;
};

static void look(struct task_struct *task, void *arg)
{
	struct look_for *look_for = arg;

	look_for->all++;
	look_for->found += task == look_for->task;
}

KTEST(sched, all_are_listed)
{
	struct look_for me = {.task = current}, other = {0};
	struct task_struct *task = kthread_create(brief, NULL, "listed");

	if (!KTEST_EXPECT(!IS_ERR(task)))
		return;
	other.task = task;
	for_each_task(look, &me);
	for_each_task(look, &other);
	KTEST_EXPECT_EQ(me.found, 1);
	KTEST_EXPECT_EQ(other.found, 1);
	KTEST_EXPECT(me.all > num_online_cpus());
	KTEST_EXPECT(!strcmp(task_state_name(task), "new"));
	KTEST_EXPECT(!strcmp(task_state_name(current), "running"));
	KTEST_EXPECT_EQ(kthread_stop(task), -EINTR);
}
