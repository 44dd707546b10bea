/* SPDX-License-Identifier: BSD-2-Clause */
/* From one thread to another: on the same hart, on another hart, and back. */
#include <errno.h>
#include <stdatomic.h>

#include "core/cpu.h"
#include "tests/bench/bench.h"
#include "threads/kthread.h"

#define SAMPLES 500
/* Switches, or round trips, for one sample where they are short. */
#define BATCH 20

static uint64_t samples[SAMPLES] __section(".noinit");

static unsigned int other_cpu(void)
{
	return cpumask_next(smp_processor_id(), cpu_online_mask);
}

/* Two threads that wake each other: whose turn it is says the word. */
static _Atomic unsigned int turn, stopped;
static struct task_struct *peers[2];

static struct task_struct *start(int (*fn)(void *data), unsigned int cpu)
{
	struct task_struct *task = cpu < nr_cpu_ids
					   ? kthread_create_on_cpu(fn, NULL, cpu, "bench/%u")
					   : ERR_PTR(-ENODEV);

	atomic_store_explicit(&turn, 0, memory_order_relaxed);
	atomic_store_explicit(&stopped, 0, memory_order_relaxed);
	if (!IS_ERR(task)) {
		peers[0] = current;
		peers[1] = task;
		wake_up_process(task);
	}
	return task;
}

static inline bool my_turn(unsigned int me)
{
	return atomic_load_explicit(&turn, memory_order_acquire) == me;
}

static inline void wait_for_turn(unsigned int me)
{
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (my_turn(me))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
}

static inline void pass_turn(unsigned int to)
{
	store_release(&turn, to);
	wake_up_process(peers[to]);
}

static int answer_turns(void *data)
{
	(void)data;
	for (;;) {
		wait_for_turn(1);
		if (atomic_load_explicit(&stopped, memory_order_relaxed))
			return 0;
		pass_turn(0);
	}
}

static void stop_answering(struct task_struct *task)
{
	get_task_struct(task);
	atomic_store_explicit(&stopped, 1, memory_order_relaxed);
	pass_turn(1);
	kthread_stop_put(task);
}

static inline void round_trip(void)
{
	pass_turn(1);
	wait_for_turn(0);
}

/* What a switch costs where a turn is two: there, and back. */
static __always_inline void sample_switches(void (*pass)(void))
{
	for (unsigned int i = 0; i < SAMPLES; i++) {
		uint64_t begin = bench_clock();

		for (unsigned int n = 0; n < BATCH; n++)
			pass();
		samples[i] = (bench_clock() - begin) / (2 * BATCH);
	}
}

static int yield_always(void *data)
{
	(void)data;
	while (!kthread_should_stop())
		yield();
	return 0;
}

static int bench_switch_yield(void)
{
	struct task_struct *task = start(yield_always, smp_processor_id());

	if (IS_ERR(task))
		return (int)PTR_ERR(task);
	yield();
	sample_switches(yield);
	kthread_stop(task);
	bench_report("switch_yield", samples, SAMPLES, "");
	return 0;
}
BENCH(switch_yield, bench_switch_yield);

static int bench_switch_wake(void)
{
	struct task_struct *task = start(answer_turns, smp_processor_id());

	if (IS_ERR(task))
		return (int)PTR_ERR(task);
	round_trip();
	sample_switches(round_trip);
	stop_answering(task);
	bench_report("switch_wake", samples, SAMPLES, "");
	return 0;
}
BENCH(switch_wake, bench_switch_wake);

static _Atomic uint64_t ran_at;

static int tell_when(void *data)
{
	(void)data;
	for (;;) {
		wait_for_turn(1);
		if (atomic_load_explicit(&stopped, memory_order_relaxed))
			return 0;
		atomic_store_explicit(&ran_at, bench_clock(), memory_order_relaxed);
		store_release(&turn, 0);
	}
}

static int bench_wake_remote(void)
{
	struct task_struct *task = start(tell_when, other_cpu());

	if (IS_ERR(task))
		return (int)PTR_ERR(task);
	for (unsigned int i = 0; i < SAMPLES; i++) {
		uint64_t begin;

		bench_settle();
		begin = bench_clock();
		pass_turn(1);
		while (!my_turn(0))
			cpu_relax();
		samples[i] = atomic_load_explicit(&ran_at, memory_order_relaxed) - begin;
	}
	stop_answering(task);
	bench_report("wake_remote", samples, SAMPLES, "");
	return 0;
}
BENCH(wake_remote, bench_wake_remote);

static int bench_pingpong_remote(void)
{
	struct task_struct *task = start(answer_turns, other_cpu());

	if (IS_ERR(task))
		return (int)PTR_ERR(task);
	for (unsigned int i = 0; i < SAMPLES; i++) {
		uint64_t begin;

		bench_settle();
		begin = bench_clock();
		round_trip();
		samples[i] = bench_clock() - begin;
	}
	stop_answering(task);
	bench_report("pingpong_remote", samples, SAMPLES, "");
	return 0;
}
BENCH(pingpong_remote, bench_pingpong_remote);

static int sleep_and_park(void *data)
{
	(void)data;
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		if (kthread_should_park())
			kthread_parkme();
		else
			schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static int bench_park_unpark(void)
{
	struct task_struct *task = start(sleep_and_park, other_cpu());
	int err = 0;

	if (IS_ERR(task))
		return (int)PTR_ERR(task);
	for (unsigned int i = 0; i < SAMPLES && !err; i++) {
		uint64_t begin;

		bench_settle();
		begin = bench_clock();
		err = kthread_park(task);
		kthread_unpark(task);
		samples[i] = bench_clock() - begin;
	}
	kthread_stop(task);
	if (!err)
		bench_report("park_unpark", samples, SAMPLES, "");
	return err;
}
BENCH(park_unpark, bench_park_unpark);
