/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All harts held while a function runs: no thread that may not be preempted, no handler, no other
 * such function is within anything meanwhile, and all that they did is seen.
 */
#include "tests/host/thread_world.h"
#include "threads/stop_machine.h"

#define STOPPERS 3
#define STOPS	 25 /* by each */

/* Nothing here is atomic: all harts being held is what keeps it apart. */
static unsigned long epoch;
static unsigned long steps[HARTS], handled[HARTS];
static unsigned long stops, visits[HARTS];

static _Atomic unsigned int stopping;

/* For who cannot be preempted, or interrupted: nobody has stopped the machine meanwhile. */
static void step(unsigned long *counter)
{
	unsigned long before = epoch;

	host_window();
	++*counter;
	host_window();
	if (epoch != before)
		panic("the machine was stopped, but not here");
}

static void walk(void *data)
{
	unsigned int cpu = (unsigned int)(uintptr_t)data;

	while (atomic_load_explicit(&stopping, memory_order_relaxed)) {
		preempt_disable();
		step(&steps[cpu]);
		preempt_enable();
		cond_resched();
	}
}

static void handle(void *info)
{
	(void)info;
	step(&handled[smp_processor_id()]);
}

static void call_others(void *data)
{
	unsigned int cpu = (unsigned int)(uintptr_t)data;

	while (atomic_load_explicit(&stopping, memory_order_relaxed)) {
		smp_call_function_single(cpu, handle, NULL, true);
		smp_call_function_single((cpu + 1) % HARTS, handle, NULL, false);
		yield();
	}
}

/* --- a call that each hart passes on, in its handler; now and then it waits there for a third --- */

static call_single_data_t balls[HARTS];
static _Atomic unsigned int passes;
static _Atomic bool in_play;

static void catch (void *info)
{
	unsigned int cpu = smp_processor_id(), next = (cpu + 1) % HARTS;

	(void)info;
	step(&handled[cpu]);
	if (atomic_fetch_add_explicit(&passes, 1, memory_order_relaxed) % 4 == 0)
		smp_call_function_single((cpu + 2) % HARTS, handle, NULL, true);
	if (atomic_load_explicit(&stopping, memory_order_relaxed))
		smp_call_function_single_async(next, &balls[next]);
	else
		atomic_store_explicit(&in_play, false, memory_order_release);
}

static unsigned long sum(void)
{
	unsigned long sum = 0;

	for (unsigned int cpu = 0; cpu < HARTS; cpu++)
		sum += steps[cpu] + handled[cpu];
	return sum;
}

static int alone(void *data)
{
	unsigned long before = sum();

	stops++;
	epoch++;
	host_window();
	host_window();
	if (sum() != before || !irqs_disabled())
		panic("somebody goes on");
	++*(unsigned long *)data;
	return 0;
}

static int visit(void *data)
{
	visits[smp_processor_id()]++;
	return *(int *)data;
}

static void stop_often(void *data)
{
	unsigned long mine = 0;

	(void)data;
	for (unsigned int i = 0; i < STOPS; i++) {
		if (stop_machine(alone, &mine, NULL) || mine != i + 1)
			panic("stop_machine ran its function %lu times", mine);
		if (i % 4 == 0)
			usleep(100);
	}
	atomic_fetch_sub_explicit(&stopping, 1, memory_order_relaxed);
}

static void held(void **state)
{
	(void)state;
	atomic_store(&stopping, STOPPERS);
	for (unsigned int cpu = 0; cpu < HARTS; cpu++)
		INIT_CSD(&balls[cpu], catch, NULL);
	atomic_store(&in_play, true);
	smp_call_function_single_async(1, &balls[1]);
	for (uintptr_t i = 0; i < HARTS; i++) {
		begin(walk, (void *)i, (unsigned int)i);
		begin(call_others, (void *)i, (unsigned int)(i + 1) % HARTS);
	}
	for (unsigned int i = 0; i < STOPPERS; i++)
		begin(stop_often, NULL, i % 2 ? CPU_ANY : i);
	all_end();
	while (atomic_load_explicit(&in_play, memory_order_acquire))
		usleep(20);
	assert_int_equal(stops, STOPPERS * STOPS);
	assert_int_equal(epoch, STOPPERS * STOPS);
	for (unsigned int cpu = 0; cpu < HARTS; cpu++) {
		assert_true(steps[cpu] > 0);
		assert_true(handled[cpu] > 0);
	}
}

/* On all, on some, with a result. */
static void on_masks(void **state)
{
	struct cpumask *mask = cpumask_alloc(0);
	int result = 0;

	(void)state;
	for (unsigned int i = 0; i < STOPS; i++) {
		assert_int_equal(stop_machine(visit, &result, cpu_online_mask), 0);
		for (unsigned int cpu = 0; cpu < HARTS; cpu++)
			assert_int_equal(visits[cpu], i + 1);
	}
	result = -EIO;
	cpumask_set_cpu(1, mask);
	assert_int_equal(stop_machine(visit, &result, mask), -EIO);
	assert_int_equal(visits[0], STOPS);
	assert_int_equal(visits[1], STOPS + 1);
	cpumask_free(mask);
}

/* --- one hart's stopper alone, asked by several --- */

static unsigned long told[HARTS];

static int tell(void *arg)
{
	if (current->head.preempt_count == 0 || current->class != SCHED_STOP)
		panic("not in the stopper");
	told[smp_processor_id()]++;
	return (int)(uintptr_t)arg;
}

static void ask_stoppers(void *data)
{
	for (int i = 0; i < 2 * STOPS; i++) {
		unsigned int cpu = ((unsigned int)i + (unsigned int)(uintptr_t)data) % HARTS;

		if (stop_one_cpu(cpu, tell, (void *)(uintptr_t)i) != i)
			panic("the result is another");
	}
}

static void one_alone(void **state)
{
	unsigned long before = stops;

	(void)state;
	for (uintptr_t i = 0; i < HARTS; i++)
		begin(ask_stoppers, (void *)i, (unsigned int)i);
	atomic_store(&stopping, 1);
	begin(stop_often, NULL, CPU_ANY);
	all_end();
	assert_int_equal(told[0] + told[1] + told[2], HARTS * 2 * STOPS);
	assert_int_equal(stops, before + STOPS);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(held),
	cmocka_unit_test(on_masks),
	cmocka_unit_test(one_alone),
};
THREAD_MAIN(tests)
