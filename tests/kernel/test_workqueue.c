/* SPDX-License-Identifier: BSD-2-Clause */
/* Works: where they run, how often, in which order, and beside which others. */
#include "threads/workqueue.h"

#include <stdatomic.h>

#include "core/cpu.h"
#include "core/time.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/works.h"
#include "threads/completion.h"
#include "threads/kthread.h"

KTEST(workqueue, on_each_cpu)
{
	struct probe probe;
	unsigned int cpu, n = 0;

	begin();
	probe_init(&probe);
	KTEST_EXPECT(!flush_work(WORK(&probe)));
	KTEST_EXPECT(!work_pending(WORK(&probe)));
	for_each_online_cpu (cpu) {
		KTEST_EXPECT(queue_work_on(cpu, system_wq, WORK(&probe)));
		flush_work(WORK(&probe));
		KTEST_EXPECT_EQ(atomic_load(&probe.runs), ++n);
		KTEST_EXPECT_EQ(atomic_load(&probe.cpu), cpu);
		KTEST_EXPECT(!work_pending(WORK(&probe)));
	}
	preempt_disable();
	cpu = smp_processor_id();
	KTEST_EXPECT(schedule_work(WORK(&probe)));
	KTEST_EXPECT(work_pending(WORK(&probe)));
	preempt_enable();
	flush_work(WORK(&probe));
	KTEST_EXPECT_EQ(atomic_load(&probe.cpu), cpu);
	KTEST_EXPECT(queue_work(system_unbound_wq, WORK(&probe)));
	flush_work(WORK(&probe));
	/* There is no such cpu. */
	KTEST_EXPECT(queue_work_on(nr_cpu_ids, system_wq, WORK(&probe)));
	flush_work(WORK(&probe));
	KTEST_EXPECT_EQ(atomic_load(&probe.runs), n + 3);
	KTEST_EXPECT_EQ(atomic_load(&works_wrong), 0);
}

KTEST(workqueue, pending_once_and_in_order)
{
	unsigned int cpu = smp_processor_id();
	static struct blocker b;
	static struct probe probes[4];

	begin();
	KTEST_EXPECT(block(&b, system_wq, cpu));
	/* It runs, and is not pending. */
	KTEST_EXPECT(!work_pending(WORK(&b.probe)));
	for (unsigned int i = 0; i < ARRAY_SIZE(probes); i++) {
		probe_init(&probes[i]);
		KTEST_EXPECT(queue_work_on(cpu, system_wq, WORK(&probes[i])));
		KTEST_EXPECT(!queue_work_on(cpu, system_wq, WORK(&probes[i])));
		KTEST_EXPECT(!queue_work(system_unbound_wq, WORK(&probes[i])));
		KTEST_EXPECT(!queue_delayed_work(system_wq, &probes[i].dwork, 1));
		KTEST_EXPECT(work_pending(WORK(&probes[i])));
	}
	unblock(&b);
	for (unsigned int i = 0; i < ARRAY_SIZE(probes); i++) {
		flush_work(WORK(&probes[i]));
		KTEST_EXPECT_EQ(atomic_load(&probes[i].runs), 1);
		KTEST_EXPECT_EQ(atomic_load(&probes[i].order), i + 1);
		KTEST_EXPECT_EQ(atomic_load(&probes[i].cpu), cpu);
	}
	KTEST_EXPECT_EQ(atomic_load(&works_wrong), 0);
}

KTEST(workqueue, queues_itself)
{
	struct workqueue_struct *wq = alloc_workqueue("again", 0);
	struct probe probe;

	begin();
	probe_init(&probe);
	probe.wq = wq;
	probe.again = 100;
	KTEST_EXPECT(queue_work(wq, WORK(&probe)));
	drain_workqueue(wq);
	KTEST_EXPECT_EQ(atomic_load(&probe.runs), 101);
	KTEST_EXPECT_EQ(destroy_workqueue(wq), 0);
	KTEST_EXPECT_EQ(atomic_load(&works_wrong), 0);
}

static _Atomic unsigned int flushed;

static int flushes(void *data)
{
	expect(flush_work(data));
	atomic_fetch_add(&flushed, 1);
	return 0;
}

/* Queued elsewhere while it runs, it waits for itself; a flush waits for both. */
KTEST(workqueue, never_twice_at_once)
{
	unsigned int cpu = smp_processor_id(), other = nth_other_cpu(0);
	static struct blocker b;

	begin();
	atomic_store(&flushed, 0);
	KTEST_EXPECT(block(&b, system_wq, cpu));
	KTEST_EXPECT(queue_work_on(other, system_wq, WORK(&b.probe)));
	KTEST_EXPECT(!IS_ERR(kthread_run(flushes, WORK(&b.probe), "flushes")));
	msleep(3 * WORK_STUCK_MS);
	KTEST_EXPECT_EQ(atomic_load(&b.probe.inside), 1);
	KTEST_EXPECT(work_pending(WORK(&b.probe)));
	complete(&b.out);
	KTEST_EXPECT(reaches(&b.probe.runs, 1));
	msleep(5);
	KTEST_EXPECT_EQ(atomic_load(&flushed), 0);
	complete(&b.out);
	KTEST_EXPECT(reaches(&flushed, 1));
	KTEST_EXPECT_EQ(atomic_load(&b.probe.runs), 2);
	KTEST_EXPECT_EQ(atomic_load(&b.probe.cpu), cpu);
	KTEST_EXPECT_EQ(atomic_load(&works_wrong), 0);
}

/* Each waits for the next one, which is queued behind it. */
static void wait_for_next(struct work_struct *work)
{
	struct blocker *b = container_of(probe_of(work), struct blocker, probe);

	wait_for_completion(&b->out);
	complete(&b->in);
}

static void chain_of_waits(struct ktest_run *run, struct workqueue_struct *wq)
{
	static struct blocker chain[6];
	unsigned int n = ARRAY_SIZE(chain), cpu = smp_processor_id();

	for (unsigned int i = 0; i < n; i++) {
		probe_init(&chain[i].probe);
		INIT_WORK(WORK(&chain[i].probe), wait_for_next);
		init_completion(&chain[i].in);
		init_completion(&chain[i].out);
		KTEST_EXPECT(queue_work_on(cpu, wq, WORK(&chain[i].probe)));
	}
	/* The last is let go by the test, and lets go the one before. */
	for (unsigned int i = n; i--;) {
		complete(&chain[i].out);
		KTEST_EXPECT(wait_for_completion_timeout(&chain[i].in, 5 * timebase_hz));
	}
	for (unsigned int i = 0; i < n; i++)
		flush_work(WORK(&chain[i].probe));
}

KTEST(workqueue, sleeping_works_let_others_run)
{
	chain_of_waits(run, system_wq);
	chain_of_waits(run, system_unbound_wq);
	KTEST_EXPECT(workqueue_workers(CPU_ANY) > 1 && workqueue_workers(CPU_ANY) <= WORKERS_MAX);
	KTEST_EXPECT(workqueue_workers(smp_processor_id()) <= WORKERS_MAX);
}
