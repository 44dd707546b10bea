/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Works: where and how often they run, what waits for them, what takes them back, what becomes of
 * those of a cpu that goes down.
 */
#include "threads/workqueue.h"

#include <errno.h>
#include <stdatomic.h>

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/printk.h"
#include "core/time.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "threads/completion.h"
#include "threads/cpuhp.h"
#include "threads/kthread.h"
#include "threads/stop_machine.h"

/* A work that tells where and when it ran, and can be held. */
struct probe {
	struct delayed_work dwork;
	_Atomic unsigned int runs, cpu, order, inside;
	_Atomic uint64_t at;
	unsigned int again; /* queues itself so often */
	struct workqueue_struct *wq;
	struct completion *in, *out; /* done when it begins; waited for then */
};

static _Atomic unsigned int wrongs, order;

static void expect(bool good)
{
	atomic_fetch_add(&wrongs, !good);
}

static struct probe *probe_of(struct work_struct *work)
{
	return container_of(to_delayed_work(work), struct probe, dwork);
}

static void probe_runs(struct work_struct *work)
{
	struct probe *probe = probe_of(work);

	expect(!atomic_fetch_add(&probe->inside, 1));
	expect(!irqs_disabled() && !current->head.preempt_count);
	atomic_store(&probe->cpu, smp_processor_id());
	atomic_store(&probe->at, time_now());
	atomic_store(&probe->order, atomic_fetch_add(&order, 1));
	if (probe->in)
		complete(probe->in);
	if (probe->out)
		wait_for_completion(probe->out);
	if (probe->again && probe->again--)
		queue_work(probe->wq, work);
	atomic_fetch_add(&probe->runs, 1);
	atomic_fetch_sub(&probe->inside, 1);
}

static void probe_init(struct probe *probe)
{
	*probe = (struct probe){.wq = system_wq};
	INIT_DELAYED_WORK(&probe->dwork, probe_runs);
}

#define WORK(probe) (&(probe)->dwork.work)

static void begin(void)
{
	atomic_store(&wrongs, 0);
	atomic_store(&order, 0);
}

/* A work that occupies a cpu's worker, until let go. */
struct blocker {
	struct probe probe;
	struct completion in, out;
};

static bool block(struct blocker *b, struct workqueue_struct *wq, unsigned int cpu)
{
	probe_init(&b->probe);
	init_completion(&b->in);
	init_completion(&b->out);
	b->probe.in = &b->in;
	b->probe.out = &b->out;
	return queue_work_on(cpu, wq, WORK(&b->probe)) &&
	       wait_for_completion_timeout(&b->in, 5 * timebase_hz);
}

static void unblock(struct blocker *b)
{
	complete(&b->out);
	flush_work(WORK(&b->probe));
}

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
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
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
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
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
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
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
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
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
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
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
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
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
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
}

#define MS(n) ns_to_ticks((n) * 1000000UL)

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
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
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
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
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
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
}

static void frees_itself(struct work_struct *work)
{
	kfree(work);
	atomic_fetch_add(&order, 1);
}

KTEST(workqueue, frees_itself)
{
	begin();
	for (unsigned int i = 1; i <= 20; i++) {
		struct work_struct *work = kmalloc(sizeof(*work));

		INIT_WORK(work, frees_itself);
		KTEST_EXPECT(queue_work(i % 2 ? system_wq : system_unbound_wq, work));
		if (i % 4 == 0)
			KTEST_EXPECT(reaches(&order, i));
	}
	flush_workqueue(system_wq);
	flush_workqueue(system_unbound_wq);
	KTEST_EXPECT_EQ(atomic_load(&order), 20);
}

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
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
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
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
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
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
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
