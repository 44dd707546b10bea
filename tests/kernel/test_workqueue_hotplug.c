/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of the works of a cpu that goes down; storms of works, also while harts come and go. */
#include <errno.h>
#include <stdatomic.h>

#include "core/cpu.h"
#include "core/time.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/works.h"
#include "threads/completion.h"
#include "threads/cpuhp.h"
#include "threads/kthread.h"
#include "threads/stop_machine.h"
#include "threads/workqueue.h"

static int sleeps_there(void *par)
{
	msleep(1);
	return smp_processor_id() == *(unsigned int *)par ? 1000 + (int)smp_processor_id() : -1;
}

KTEST(workqueue, call_on_cpu)
{
	unsigned int cpu;

	for_each_online_cpu (cpu)
		KTEST_EXPECT_EQ(smp_call_on_cpu(cpu, sleeps_there, &cpu), 1000 + cpu);
	KTEST_EXPECT_EQ(smp_call_on_cpu(nr_cpu_ids, sleeps_there, &cpu), -ENXIO);
	KTEST_EXPECT_EQ(smp_call_on_cpu(-1U, sleeps_there, &cpu), -ENXIO);
}

/* Threads on all harts queue the same works everywhere, and take them back. */
#define STORM_WORKS 8
#define STORM_LOOPS 200

static struct probe storm_works[STORM_WORKS];
static _Atomic unsigned int accepted, taken_back, finished;

static int storm(void *data)
{
	unsigned int seed = (unsigned int)(uintptr_t)data * 7919 + 1;

	for (unsigned int i = 0; i < STORM_LOOPS; i++) {
		struct probe *probe;
		unsigned int cpu;

		seed = seed * 1664525 + 1013904223;
		probe = &storm_works[(seed >> 8) % STORM_WORKS];
		cpu = (seed >> 16) % nr_cpu_ids;
		switch ((seed >> 24) % 8) {
		case 0:
			atomic_fetch_add(&taken_back, cancel_delayed_work(&probe->dwork));
			break;
		case 1:
			atomic_fetch_add(&taken_back, cancel_delayed_work_sync(&probe->dwork));
			break;
		case 2:
			flush_delayed_work(&probe->dwork);
			break;
		case 3:
			atomic_fetch_add(&accepted, queue_delayed_work_on(cpu, system_wq,
									  &probe->dwork, MS(1)));
			break;
		case 4:
			atomic_fetch_add(&accepted, queue_work(system_unbound_wq, WORK(probe)));
			break;
		default:
			atomic_fetch_add(&accepted, queue_work_on(cpu, system_wq, WORK(probe)));
		}
	}
	atomic_fetch_add(&finished, 1);
	return 0;
}

static unsigned int start_storm(void)
{
	unsigned int cpu, n = 0;

	begin();
	atomic_store(&accepted, 0);
	atomic_store(&taken_back, 0);
	atomic_store(&finished, 0);
	for (unsigned int i = 0; i < STORM_WORKS; i++)
		probe_init(&storm_works[i]);
	for_each_online_cpu (cpu) {
		void *seed = (void *)(uintptr_t)cpu;

		/* Not bound, so that their harts may go down. */
		if (n < 8 && !IS_ERR(kthread_run(storm, seed, "storm/%u", cpu)))
			n++;
	}
	return n;
}

static void end_storm(struct ktest_run *run, unsigned int threads)
{
	unsigned int runs = 0;

	KTEST_EXPECT(reaches(&finished, threads));
	for (unsigned int i = 0; i < STORM_WORKS; i++) {
		flush_delayed_work(&storm_works[i].dwork);
		KTEST_EXPECT(!work_pending(WORK(&storm_works[i])));
		runs += atomic_load(&storm_works[i].runs);
	}
	KTEST_EXPECT_EQ(runs + atomic_load(&taken_back), atomic_load(&accepted));
	KTEST_EXPECT(atomic_load(&accepted) > STORM_LOOPS / 4);
	KTEST_EXPECT_EQ(atomic_load(&works_wrong), 0);
}

KTEST(workqueue, storm)
{
	end_storm(run, start_storm());
}

static int take_down(unsigned int cpu)
{
	return cpu < nr_cpu_ids ? cpu_down(cpu) : -EOPNOTSUPP;
}

static bool has_moved(void *arg)
{
	return atomic_load(&((struct probe *)arg)->runs);
}

KTEST(workqueue, cpu_goes_down)
{
	unsigned int cpu = nth_other_cpu(0);
	static struct probe probes[8], later;
	static struct blocker b;

	begin();
	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	KTEST_EXPECT(block(&b, system_wq, cpu));
	probe_init(&later);
	KTEST_EXPECT(queue_delayed_work_on(cpu, system_wq, &later.dwork, MS(50)));
	for (unsigned int i = 0; i < ARRAY_SIZE(probes); i++) {
		probe_init(&probes[i]);
		KTEST_EXPECT(queue_work_on(cpu, system_wq, WORK(&probes[i])));
	}
	if (take_down(cpu) == -EOPNOTSUPP) {
		unblock(&b);
		flush_workqueue(system_wq);
		flush_delayed_work(&later.dwork);
		KTEST_SKIP("no HSM");
	}
	KTEST_EXPECT(!cpumask_test_cpu(cpu, cpu_online_mask));
	/* The rest of the one that sleeps, and what was behind it. */
	unblock(&b);
	KTEST_EXPECT_EQ(atomic_load(&b.probe.runs), 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(probes); i++) {
		flush_work(WORK(&probes[i]));
		KTEST_EXPECT_EQ(atomic_load(&probes[i].runs), 1);
	}
	KTEST_EXPECT(soon(has_moved, &later));
	KTEST_EXPECT_EQ(atomic_load(&later.runs), 1);
	/* What is queued there now. */
	KTEST_EXPECT(queue_work_on(cpu, system_wq, WORK(&probes[0])));
	flush_work(WORK(&probes[0]));
	KTEST_EXPECT_EQ(atomic_load(&probes[0].runs), 2);
	KTEST_EXPECT(atomic_load(&probes[0].cpu) != cpu);
	KTEST_EXPECT(queue_delayed_work_on(cpu, system_wq, &later.dwork, MS(1)));
	KTEST_EXPECT(reaches(&later.runs, 2));
	KTEST_EXPECT_EQ(smp_call_on_cpu(cpu, sleeps_there, &cpu), -ENXIO);

	KTEST_EXPECT_EQ(cpu_up(cpu), 0);
	KTEST_EXPECT(queue_work_on(cpu, system_wq, WORK(&probes[0])));
	flush_work(WORK(&probes[0]));
	KTEST_EXPECT_EQ(atomic_load(&probes[0].cpu), cpu);
	KTEST_EXPECT_EQ(smp_call_on_cpu(cpu, sleeps_there, &cpu), 1000 + cpu);
	KTEST_EXPECT_EQ(atomic_load(&works_wrong), 0);
}

static int nothing(void *data)
{
	(void)data;
	return 0;
}

static void holds_hotplug(struct work_struct *work)
{
	struct probe *probe = probe_of(work);

	complete(probe->in);
	for (unsigned int i = 0; i < 5; i++)
		expect(!stop_machine(nothing, NULL, NULL));
	atomic_fetch_add(&probe->runs, 1);
}

/* A work that waits for hotplug to be over does not keep it from being so. */
KTEST(workqueue, work_that_waits_for_hotplug)
{
	unsigned int cpu = nth_other_cpu(0);
	DECLARE_COMPLETION(in);
	struct probe probe;
	int err;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	begin();
	probe_init(&probe);
	probe.in = &in;
	INIT_WORK(WORK(&probe), holds_hotplug);
	KTEST_EXPECT(queue_work_on(cpu, system_wq, WORK(&probe)));
	wait_for_completion(&in);
	err = take_down(cpu);
	flush_work(WORK(&probe));
	KTEST_EXPECT_EQ(atomic_load(&probe.runs), 1);
	KTEST_EXPECT_EQ(atomic_load(&works_wrong), 0);
	if (err == -EOPNOTSUPP)
		KTEST_SKIP("no HSM");
	KTEST_EXPECT_EQ(err, 0);
	KTEST_EXPECT_EQ(cpu_up(cpu), 0);
}

KTEST(workqueue, storm_while_harts_come_and_go)
{
	unsigned int cpu = nth_other_cpu(0), threads;
	int err = 0;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	threads = start_storm();
	for (unsigned int i = 0; i < 6 && !err; i++) {
		cpu = nth_other_cpu(i % 2);
		if (cpu >= nr_cpu_ids)
			cpu = nth_other_cpu(0);
		err = take_down(cpu);
		if (!err) {
			msleep(2);
			err = cpu_up(cpu);
		}
	}
	end_storm(run, threads);
	if (err == -EOPNOTSUPP)
		KTEST_SKIP("no HSM");
	KTEST_EXPECT_EQ(err, 0);
}
