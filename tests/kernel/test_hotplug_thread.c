/* SPDX-License-Identifier: BSD-2-Clause */
/* A cpu's hotplug thread that is woken late: while it takes its cpu down, and when that is down. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/hotplug.h"
#include "core/time.h"
#include "ipi/call.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/hotplug.h"
#include "threads/kthread.h"
#include "threads/sched.h"

struct search {
	char comm[TASK_COMM_LEN];
	struct task_struct *found;
};

static void match(struct task_struct *task, void *arg)
{
	struct search *search = arg;

	if (!strcmp(task->comm, search->comm))
		search->found = task;
}

/* It is never freed. */
static struct task_struct *hotplug_thread_of(unsigned int cpu)
{
	struct search search = {.found = NULL};

	snprintf(search.comm, sizeof(search.comm), "cpuhp/%u", cpu);
	for_each_task(match, &search);
	return search.found;
}

static bool sleeps_on(const struct task_struct *task, unsigned int cpu)
{
	return atomic_load(&task->home) == cpu;
}

KTEST(hotplug, its_thread_is_woken_when_down)
{
	unsigned int cpu = nth_other_cpu(0);
	struct task_struct *task;

	if (cannot_hotplug())
		KTEST_SKIP(cannot_hotplug());
	task = hotplug_thread_of(cpu);
	if (!KTEST_EXPECT(task))
		return;
	KTEST_EXPECT_EQ(cpu_down(cpu), 0);
	KTEST_EXPECT(sleeps_on(task, cpu));
	KTEST_EXPECT(wake_up_process(task));
	KTEST_EXPECT(sleeps_on(task, cpu));
	KTEST_EXPECT_EQ(cpu_up(cpu), 0);
	KTEST_EXPECT(is_up(cpu));
}

/* Who saw it asleep, and sends the message that wakes it only when it is long at work. */
static _Atomic unsigned int dying, sent;

static int wake_late(void *task)
{
	struct task_struct *t = task;
	int err;

	if (!reaches(&dying, 1))
		return -1;
	get_task_struct(t);
	err = smp_call_function_single_async(task_cpu(t), &t->wake_csd);
	if (err)
		put_task_struct(t);
	/* Busy: another such message is under way, and will do. */
	atomic_store(&sent, !err || err == -EBUSY);
	return 0;
}

static int wait_for_message(unsigned int cpu)
{
	uint64_t give_up = deadline_ms(5000);

	(void)cpu;
	atomic_store(&dying, 1);
	while (!atomic_load(&sent) && time_now() < give_up)
		cpu_relax();
	return 0;
}

KTEST(hotplug, its_thread_is_woken_while_it_takes_its_cpu_down)
{
	unsigned int cpu = nth_other_cpu(0);
	struct task_struct *task, *late;
	int row;

	if (cannot_hotplug())
		KTEST_SKIP(cannot_hotplug());
	task = hotplug_thread_of(cpu);
	row = cpuhp_setup_state_nocalls(CPUHP_AP_STARTING_DYN, "test:late", NULL, wait_for_message);
	atomic_store(&dying, 0);
	atomic_store(&sent, 0);
	late = kthread_create_on_cpu(wake_late, task, smp_processor_id(), "late/%u");
	if (!KTEST_EXPECT(task && row > 0 && !IS_ERR(late)))
		return;
	get_task_struct(late);
	wake_up_process(late);
	KTEST_EXPECT_EQ(cpu_down(cpu), 0);
	KTEST_EXPECT_EQ(atomic_load(&sent), 1);
	KTEST_EXPECT(is_down(cpu));
	KTEST_EXPECT_EQ(kthread_stop_put(late), 0);
	cpuhp_remove_state_nocalls(row);
	KTEST_EXPECT_EQ(cpu_up(cpu), 0);
	KTEST_EXPECT(is_up(cpu));
}
