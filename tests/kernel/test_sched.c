/* SPDX-License-Identifier: BSD-2-Clause */
/* Who runs when: turns, preemption, wake-ups, sleep. */
#include "tests/kernel/sched.h"

#include <stdatomic.h>

#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/time.h"
#include "ipi/call.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "threads/kthread.h"

/* Another cpu where there is one: this thread is on this one, and would take part. */
static unsigned int some_cpu(void)
{
	unsigned int cpu = nth_other_cpu(0);

	return cpu < nr_cpu_ids ? cpu : smp_processor_id();
}

struct task_struct *make_bound(int (*fn)(void *data), void *data, unsigned int cpu,
			       const char *name)
{
	struct task_struct *task = kthread_create(fn, data, "%s", name);

	if (IS_ERR(task))
		return NULL;
	kthread_bind(task, cpu);
	return get_task_struct(task);
}

static bool ends(struct task_struct *task)
{
	bool ended = wait_task_inactive(task, 0);

	put_task_struct(task);
	return ended;
}

/* --- turns --- */

#define YIELDERS 3
#define TURNS	 20

static _Atomic unsigned int arrived, turns, turn_of[YIELDERS * TURNS];

static int take_turns(void *data)
{
	/* All are there before the first begins. */
	atomic_fetch_add(&arrived, 1);
	while (atomic_load(&arrived) < YIELDERS)
		yield();
	for (unsigned int i = 0; i < TURNS; i++) {
		atomic_store(&turn_of[atomic_fetch_add(&turns, 1)], (unsigned int)(uintptr_t)data);
		yield();
	}
	return 0;
}

KTEST(sched, yield_goes_round)
{
	struct task_struct *tasks[YIELDERS];
	unsigned int wrong = 0;

	atomic_store(&arrived, 0);
	atomic_store(&turns, 0);
	for (uintptr_t i = 0; i < YIELDERS; i++) {
		tasks[i] = make_bound(take_turns, (void *)i, some_cpu(), "turns");
		if (!KTEST_EXPECT(tasks[i] != NULL))
			return;
	}
	for (unsigned int i = 0; i < YIELDERS; i++)
		wake_up_process(tasks[i]);
	for (unsigned int i = 0; i < YIELDERS; i++)
		KTEST_EXPECT(ends(tasks[i]));
	KTEST_EXPECT_EQ(atomic_load(&turns), YIELDERS * TURNS);
	/* The slice may end a turn early, once. */
	for (unsigned int i = YIELDERS; i < YIELDERS * TURNS; i++)
		wrong += atomic_load(&turn_of[i]) != atomic_load(&turn_of[i - YIELDERS]);
	KTEST_EXPECT(wrong <= 2 * YIELDERS);
}

/* --- preemption --- */

struct spinner {
	_Atomic unsigned int begun, stop;
	bool closed; /* not to be preempted */
};

static int spin(void *data)
{
	struct spinner *s = data;
	uint64_t deadline = deadline_ms(10000);

	if (s->closed)
		preempt_disable();
	atomic_store(&s->begun, 1);
	while (!atomic_load(&s->stop) && time_now() < deadline)
		cpu_relax();
	if (s->closed)
		preempt_enable();
	return !atomic_load(&s->stop);
}

static int let_stop(void *data)
{
	atomic_store((_Atomic unsigned int *)data, 1);
	return 0;
}

/* A thread that never gives its cpu away loses it when another has waited for a slice. */
KTEST(sched, slice)
{
	struct spinner s = {0};
	struct task_struct *spinner = make_bound(spin, &s, some_cpu(), "spinner"), *other;

	if (!KTEST_EXPECT(spinner != NULL))
		return;
	wake_up_process(spinner);
	KTEST_EXPECT(reaches(&s.begun, 1));
	other = make_bound(let_stop, (void *)&s.stop, task_cpu(spinner), "other");
	if (!KTEST_EXPECT(other != NULL))
		return;
	wake_up_process(other);
	KTEST_EXPECT(reaches(&s.stop, 1));
	KTEST_EXPECT(ends(other));
	KTEST_EXPECT_EQ(kthread_stop_put(spinner), 0);
}

static int note_and_stop(void *data)
{
	atomic_store((_Atomic unsigned int *)data, smp_processor_id() + 1);
	return 0;
}

/*
 * One of the stop class takes the cpu at once: there is no slice where only one normal thread is.
 */
KTEST(sched, stop_class_preempts)
{
	struct spinner s = {0};
	_Atomic unsigned int ran = 0;
	unsigned int cpu = nth_other_cpu(0);
	struct task_struct *spinner, *stopper;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	spinner = make_bound(spin, &s, cpu, "spinner");
	stopper = make_bound(note_and_stop, (void *)&ran, cpu, "stopper");
	if (!KTEST_EXPECT(spinner && stopper))
		return;
	stopper->class = SCHED_STOP;
	wake_up_process(spinner);
	KTEST_EXPECT(reaches(&s.begun, 1));
	wake_up_process(stopper);
	KTEST_EXPECT(reaches(&ran, 1));
	KTEST_EXPECT_EQ(atomic_load(&ran), cpu + 1);
	KTEST_EXPECT_EQ(atomic_load(&s.stop), 0);
	KTEST_EXPECT(ends(stopper));
	atomic_store(&s.stop, 1);
	KTEST_EXPECT_EQ(kthread_stop_put(spinner), 0);
}

/* ... but not where preemption is off: then when it is on again. */
KTEST(sched, preempt_disable)
{
	struct spinner s = {.closed = true};
	_Atomic unsigned int ran = 0;
	unsigned int cpu = nth_other_cpu(0);
	struct task_struct *spinner, *stopper;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	spinner = make_bound(spin, &s, cpu, "spinner");
	stopper = make_bound(note_and_stop, (void *)&ran, cpu, "stopper");
	if (!KTEST_EXPECT(spinner && stopper))
		return;
	stopper->class = SCHED_STOP;
	wake_up_process(spinner);
	KTEST_EXPECT(reaches(&s.begun, 1));
	wake_up_process(stopper);
	msleep(20);
	KTEST_EXPECT_EQ(atomic_load(&ran), 0);
	KTEST_EXPECT_EQ(nr_running(cpu), 2);
	atomic_store(&s.stop, 1);
	KTEST_EXPECT(reaches(&ran, 1));
	KTEST_EXPECT(ends(stopper));
	KTEST_EXPECT_EQ(kthread_stop_put(spinner), 0);
}

/* --- wake-ups --- */

/* Of each hart; all together not more than few harts can take in time. */
#define WAKES	  2000U
#define WAKES_ALL 16000

struct sleeper {
	_Atomic unsigned int posted;
	unsigned int taken, total;
};

/* Sleeps whenever nothing is posted: a wake-up that gets lost leaves it there. */
static int take_posts(void *data)
{
	struct sleeper *s = data;

	while (s->taken < s->total) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!atomic_load(&s->posted)) {
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		s->taken += atomic_exchange(&s->posted, 0);
	}
	return (int)s->taken;
}

struct poster {
	struct sleeper *sleeper;
	struct task_struct *task;
	unsigned int wakes;
	bool from_interrupt;
};

static void post(void *info)
{
	struct poster *p = info;

	atomic_fetch_add(&p->sleeper->posted, 1);
	wake_up_process(p->task);
}

static int post_many(void *data)
{
	struct poster *p = data;

	for (unsigned int i = 0; i < p->wakes; i++) {
		if (p->from_interrupt && i % 4 == 0)
			smp_call_function_single(task_cpu(p->task), post, p, true);
		else
			post(p);
		/* Time to fall asleep in, or none. */
		for (unsigned int n = i % 16; n; n--)
			cpu_relax();
	}
	return 0;
}

/* From every hart at once, in threads and in interrupts on the sleeper's own hart. */
KTEST(sched, wake_storm)
{
	unsigned int n = num_online_cpus(), cpu, started = 0;
	/* Many harts on few processors wait for their turns, too. */
	unsigned int wakes = MIN(WAKES, WAKES_ALL / n / (1 + n / 16));
	struct poster *posters = kzalloc(n * sizeof(*posters));
	struct task_struct **tasks = kzalloc(n * sizeof(*tasks)), *task;
	struct sleeper s = {.total = n * wakes};

	task = kthread_create(take_posts, &s, "sleeper");
	if (!KTEST_EXPECT(posters && tasks && !IS_ERR(task)))
		return;
	get_task_struct(task);
	wake_up_process(task);
	for_each_online_cpu (cpu) {
		posters[started] = (struct poster){&s, task, wakes, started & 1};
		tasks[started] = make_bound(post_many, &posters[started], cpu, "poster");
		if (!KTEST_EXPECT(tasks[started] != NULL))
			return;
		wake_up_process(tasks[started]);
		started++;
	}
	for (unsigned int i = 0; i < started; i++)
		KTEST_EXPECT(ends(tasks[i]));
	KTEST_EXPECT(wait_task_inactive(task, 0));
	KTEST_EXPECT_EQ(kthread_stop_put(task), s.total);
	kfree(tasks);
	kfree(posters);
}

/* --- sleep --- */

KTEST(sched, sleeps_long_enough)
{
	uint64_t start, ticks;

	for (unsigned int ms = 1; ms <= 16; ms *= 4) {
		ticks = ns_to_ticks(ms * 1000000UL);
		start = time_now();
		msleep(ms);
		KTEST_EXPECT(time_now() - start >= ticks);
	}
	ticks = ns_to_ticks(100000);
	start = time_now();
	usleep(100);
	KTEST_EXPECT(time_now() - start >= ticks);
	/* Runnable: it is not asleep at all. */
	ticks = ns_to_ticks(10000000000);
	start = time_now();
	KTEST_EXPECT(schedule_timeout(ticks) > 0);
	KTEST_EXPECT(time_now() - start < ticks);
}

static int sleep_and_tell(void *data)
{
	*(uint64_t *)data = 0;
	__set_current_state(TASK_INTERRUPTIBLE);
	*(uint64_t *)data = schedule_timeout(timebase_hz * 100);
	return 0;
}

static bool sleeps(void *task)
{
	return atomic_load(&((struct task_struct *)task)->state) == TASK_INTERRUPTIBLE &&
	       !(atomic_load(&((struct task_struct *)task)->home) & TASK_ON_RQ);
}

KTEST(sched, woken_before_its_time)
{
	uint64_t left = 0;
	struct task_struct *task = make_bound(sleep_and_tell, &left, some_cpu(), "early");

	if (!KTEST_EXPECT(task != NULL))
		return;
	wake_up_process(task);
	KTEST_EXPECT(soon(sleeps, task));
	KTEST_EXPECT_EQ(wake_up_state(task, TASK_UNINTERRUPTIBLE), 0);
	KTEST_EXPECT_EQ(wake_up_process(task), 1);
	KTEST_EXPECT(ends(task));
	KTEST_EXPECT(left > timebase_hz * 50);
	KTEST_EXPECT(left <= timebase_hz * 100);
}
