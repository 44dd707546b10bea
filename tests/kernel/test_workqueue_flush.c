/* SPDX-License-Identifier: BSD-2-Clause */
/* How works end: flushed, taken back, delayed, drained, and those that wait for themselves. */
#include <errno.h>
#include <stdatomic.h>

#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/printk.h"
#include "core/time.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/works.h"
#include "threads/completion.h"
#include "threads/kthread.h"
#include "threads/workqueue.h"

KTEST(workqueue, flush_waits)
{
	struct workqueue_struct *wq = alloc_workqueue("flush", WQ_UNBOUND);
	static struct probe probes[3], endless;
	static struct blocker b;

	begin();
	KTEST_EXPECT(!alloc_workqueue("none", ~0U));
	probe_init(&endless);
	endless.wq = wq;
	endless.again = -1U;
	KTEST_EXPECT(queue_work(wq, WORK(&endless)));
	for (unsigned int i = 0; i < ARRAY_SIZE(probes); i++) {
		probe_init(&probes[i]);
		KTEST_EXPECT(queue_work(wq, WORK(&probes[i])));
	}
	/* Not for what comes later, so it ends. */
	flush_workqueue(wq);
	for (unsigned int i = 0; i < ARRAY_SIZE(probes); i++)
		KTEST_EXPECT_EQ(atomic_load(&probes[i].runs), 1);
	KTEST_EXPECT(flush_work(WORK(&endless)) || atomic_load(&endless.runs) > 1);
	KTEST_EXPECT(atomic_load(&endless.runs) >= 1);
	cancel_work_sync(WORK(&endless));
	KTEST_EXPECT(!work_pending(WORK(&endless)));
	KTEST_EXPECT_EQ(atomic_load(&endless.inside), 0);
	KTEST_EXPECT(block(&b, wq, CPU_ANY));
	KTEST_EXPECT_EQ(atomic_load(&b.probe.runs), 0);
	complete(&b.out);
	flush_workqueue(wq);
	KTEST_EXPECT_EQ(atomic_load(&b.probe.runs), 1);
	flush_workqueue(wq);
	KTEST_EXPECT_EQ(destroy_workqueue(wq), 0);
	KTEST_EXPECT_EQ(atomic_load(&works_wrong), 0);
}

KTEST(workqueue, cancel)
{
	unsigned int cpu = smp_processor_id(), runs;
	struct blocker b;
	struct probe probe;

	begin();
	probe_init(&probe);
	KTEST_EXPECT(!cancel_work(WORK(&probe)));
	KTEST_EXPECT(!cancel_work_sync(WORK(&probe)));
	KTEST_EXPECT(block(&b, system_wq, cpu));
	KTEST_EXPECT(queue_work_on(cpu, system_wq, WORK(&probe)));
	KTEST_EXPECT(cancel_work(WORK(&probe)));
	KTEST_EXPECT(!cancel_work(WORK(&probe)));
	KTEST_EXPECT(queue_work_on(cpu, system_wq, WORK(&probe)));
	KTEST_EXPECT(cancel_work_sync(WORK(&probe)));
	/* It runs, and is not pending. */
	KTEST_EXPECT(!cancel_work(WORK(&b.probe)));
	unblock(&b);
	KTEST_EXPECT_EQ(atomic_load(&probe.runs), 0);
	/* One that queues itself without end. */
	probe.again = -1U;
	KTEST_EXPECT(queue_work(system_wq, WORK(&probe)));
	KTEST_EXPECT(reaches(&probe.runs, 10));
	cancel_work_sync(WORK(&probe));
	KTEST_EXPECT_EQ(atomic_load(&probe.inside), 0);
	KTEST_EXPECT(!work_pending(WORK(&probe)));
	runs = atomic_load(&probe.runs);
	msleep(2);
	KTEST_EXPECT_EQ(atomic_load(&probe.runs), runs);
	/* It can be queued again afterwards. */
	probe.again = 0;
	KTEST_EXPECT(queue_work(system_wq, WORK(&probe)));
	flush_work(WORK(&probe));
	KTEST_EXPECT_EQ(atomic_load(&probe.runs), runs + 1);
	KTEST_EXPECT_EQ(atomic_load(&works_wrong), 0);
}

static int cancels(void *data)
{
	cancel_work_sync(data);
	return 0;
}

/* While it is cancelled it is not queued, and two may cancel it at once. */
KTEST(workqueue, cancel_waits)
{
	struct task_struct *first, *second;
	struct blocker b;

	begin();
	KTEST_EXPECT(block(&b, system_wq, smp_processor_id()));
	first = kthread_run(cancels, WORK(&b.probe), "cancels");
	while (queue_work(system_wq, WORK(&b.probe)))
		msleep(1);
	get_task_struct(first);
	second = kthread_run(cancels, WORK(&b.probe), "cancels");
	get_task_struct(second);
	msleep(5);
	KTEST_EXPECT(!queue_work(system_wq, WORK(&b.probe)));
	KTEST_EXPECT_EQ(atomic_load(&b.probe.inside), 1);
	complete(&b.out);
	KTEST_EXPECT_EQ(kthread_stop_put(first), 0);
	KTEST_EXPECT_EQ(kthread_stop_put(second), 0);
	KTEST_EXPECT_EQ(atomic_load(&b.probe.runs), 1);
	KTEST_EXPECT(!work_pending(WORK(&b.probe)));
	KTEST_EXPECT_EQ(atomic_load(&works_wrong), 0);
}

KTEST(workqueue, delayed)
{
	struct probe probe;
	unsigned int cpu, n = 0;
	uint64_t due;

	begin();
	probe_init(&probe);
	for_each_online_cpu (cpu) {
		due = time_now() + MS(100);
		KTEST_EXPECT(queue_delayed_work_on(cpu, system_wq, &probe.dwork, MS(100)));
		KTEST_EXPECT(!queue_delayed_work(system_wq, &probe.dwork, 0));
		KTEST_EXPECT(delayed_work_pending(&probe.dwork));
		KTEST_EXPECT(reaches(&probe.runs, ++n));
		KTEST_EXPECT_EQ(atomic_load(&probe.cpu), cpu);
		KTEST_EXPECT(atomic_load(&probe.at) >= due);
		KTEST_EXPECT(!delayed_work_pending(&probe.dwork));
	}
	/* At once. */
	KTEST_EXPECT(queue_delayed_work(system_wq, &probe.dwork, 0));
	n += !cancel_delayed_work_sync(&probe.dwork);
	KTEST_EXPECT(!delayed_work_pending(&probe.dwork));
	KTEST_EXPECT_EQ(atomic_load(&probe.runs), n);
	/* Taken back, from its timer. */
	KTEST_EXPECT(queue_delayed_work(system_wq, &probe.dwork, MS(60000)));
	KTEST_EXPECT(cancel_delayed_work(&probe.dwork));
	KTEST_EXPECT(!cancel_delayed_work(&probe.dwork));
	KTEST_EXPECT(queue_delayed_work(system_wq, &probe.dwork, MS(60000)));
	KTEST_EXPECT(cancel_delayed_work_sync(&probe.dwork));
	KTEST_EXPECT_EQ(atomic_load(&probe.runs), n);
	/* Earlier, and later. */
	KTEST_EXPECT(!mod_delayed_work(system_wq, &probe.dwork, MS(60000)));
	due = time_now() + MS(1);
	KTEST_EXPECT(mod_delayed_work(system_wq, &probe.dwork, MS(1)));
	KTEST_EXPECT(reaches(&probe.runs, ++n));
	KTEST_EXPECT(atomic_load(&probe.at) >= due);
	KTEST_EXPECT(atomic_load(&probe.at) < due + MS(50000));
	KTEST_EXPECT(!flush_delayed_work(&probe.dwork));
	KTEST_EXPECT(queue_delayed_work(system_wq, &probe.dwork, MS(60000)));
	KTEST_EXPECT(!flush_work(WORK(&probe)));
	flush_delayed_work(&probe.dwork);
	KTEST_EXPECT_EQ(atomic_load(&probe.runs), ++n);
	KTEST_EXPECT_EQ(atomic_load(&works_wrong), 0);
}

/* What is queued while it is drained is refused, but from its own works. */
static void queues_both(struct work_struct *work)
{
	struct probe *probe = probe_of(work);

	wait_for_completion(probe->out);
	expect(queue_work(probe->wq, WORK(probe + 1)));
}

static int drains(void *data)
{
	drain_workqueue(data);
	return 0;
}

KTEST(workqueue, drain)
{
	struct workqueue_struct *wq = alloc_workqueue("drain", 0);
	DECLARE_COMPLETION(out);
	struct task_struct *task;
	struct probe two[2], stranger;
	int level;

	begin();
	probe_init(&two[0]);
	probe_init(&two[1]);
	probe_init(&stranger);
	two[0].wq = wq;
	two[0].out = &out;
	INIT_WORK(WORK(&two[0]), queues_both);
	KTEST_EXPECT(queue_work(wq, WORK(&two[0])));
	task = kthread_create(drains, wq, "drains");
	get_task_struct(task);
	wake_up_process(task);
	level = quiet_begin();
	while (queue_work(wq, WORK(&stranger))) {
		flush_work(WORK(&stranger));
		msleep(1);
	}
	quiet_end(level);
	KTEST_EXPECT(logged("workqueue drain", "probe_runs", "is not queued"));
	KTEST_EXPECT(!work_pending(WORK(&stranger)));
	complete(&out);
	KTEST_EXPECT_EQ(kthread_stop_put(task), 0);
	KTEST_EXPECT_EQ(atomic_load(&two[1].runs), 1);
	/* It is over. */
	KTEST_EXPECT(queue_work(wq, WORK(&stranger)));
	KTEST_EXPECT_EQ(destroy_workqueue(wq), 0);
	level = quiet_begin();
	KTEST_EXPECT_EQ(destroy_workqueue(system_wq), -EINVAL);
	quiet_end(level);
	KTEST_EXPECT_EQ(atomic_load(&works_wrong), 0);
}

static void waits_for_itself(struct work_struct *work)
{
	struct probe *probe = probe_of(work);

	expect(!flush_work(work));
	expect(!cancel_work_sync(work));
	flush_workqueue(probe->wq);
	drain_workqueue(probe->wq);
	atomic_fetch_add(&probe->runs, 1);
}

KTEST(workqueue, waits_for_itself)
{
	struct probe probe;
	int level;

	begin();
	probe_init(&probe);
	INIT_WORK(WORK(&probe), waits_for_itself);
	level = quiet_begin();
	log_set_console_level(LOG_CRIT);
	KTEST_EXPECT(schedule_work(WORK(&probe)));
	KTEST_EXPECT(reaches(&probe.runs, 1));
	quiet_end(level);
	flush_work(WORK(&probe));
	KTEST_EXPECT(logged("waits_for_itself", "flush_work", "does not wait"));
	KTEST_EXPECT(logged("waits_for_itself", "cancel_work_sync", "does not wait"));
	KTEST_EXPECT(logged("workqueue system", "flushed", "does not wait"));
	KTEST_EXPECT(logged("workqueue system", "drained", "does not wait"));
	KTEST_EXPECT_EQ(atomic_load(&works_wrong), 0);
}

static void frees_itself(struct work_struct *work)
{
	kfree(work);
	atomic_fetch_add(&works_order, 1);
}

KTEST(workqueue, frees_itself)
{
	begin();
	for (unsigned int i = 1; i <= 20; i++) {
		struct work_struct *work = kmalloc(sizeof(*work));

		INIT_WORK(work, frees_itself);
		KTEST_EXPECT(queue_work(i % 2 ? system_wq : system_unbound_wq, work));
		if (i % 4 == 0)
			KTEST_EXPECT(reaches(&works_order, i));
	}
	flush_workqueue(system_wq);
	flush_workqueue(system_unbound_wq);
	KTEST_EXPECT_EQ(atomic_load(&works_order), 20);
}
