/* SPDX-License-Identifier: BSD-2-Clause */
/* Harts go down and come up: each of them, while others call it, and nothing is lost. */
#include <errno.h>
#include <stdatomic.h>

#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/page.h"
#include "core/random.h"
#include "core/time.h"
#include "ipi/call.h"
#include "sbi/base.h"
#include "sbi/hsm.h"
#include "sbi/sbi.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/hotplug.h"
#include "threads/kthread.h"

const char *cannot_hotplug(void)
{
	if (!sbi_probe(SBI_EXT_HSM))
		return "the firmware has no HSM";
	return num_online_cpus() < 2 ? "one hart only" : NULL;
}

void go_to_cpu(unsigned int cpu)
{
	struct cpumask *mask = cpumask_alloc(NUMA_NO_NODE);

	if (!mask)
		return;
	cpumask_set_cpu(cpu, mask);
	set_cpus_allowed_ptr(current, mask);
	yield();
	cpumask_setall(mask);
	set_cpus_allowed_ptr(current, mask);
	cpumask_free(mask);
}

void count_call(void *counter)
{
	atomic_fetch_add_explicit((_Atomic unsigned int *)counter, 1, memory_order_relaxed);
}

bool cpu_answers(unsigned int cpu)
{
	_Atomic unsigned int ran = 0;

	return !smp_call_function_single(cpu, count_call, &ran, true) && ran == 1;
}

bool is_down(unsigned int cpu)
{
	_Atomic unsigned int ran = 0;
	struct sbiret ret = sbi_hart_get_status(cpu_to_hartid(cpu));

	return !cpumask_test_cpu(cpu, cpu_online_mask) && cpuhp_state_of(cpu) == CPUHP_OFFLINE &&
	       atomic_load_explicit(&cpu_info(cpu)->state, memory_order_relaxed) == CPU_OFFLINE &&
	       !ret.error && ret.value == HSM_STOPPED &&
	       smp_call_function_single(cpu, count_call, &ran, true) == -ENXIO && !ran;
}

bool is_up(unsigned int cpu)
{
	return cpumask_test_cpu(cpu, cpu_online_mask) && cpuhp_state_of(cpu) == CPUHP_ONLINE &&
	       cpu_answers(cpu);
}

/* --- each hart, while others call it --- */

/* Calls that each cpu was sent: those that were accepted must all have run, and no other. */
struct called {
	_Atomic unsigned int accepted, refused, ran, wrong;
};

static DEFINE_PER_CPU(struct called, called);
/* The one that most calls go to. */
static _Atomic unsigned int favourite;

static void note_call(void *info)
{
	struct called *due = info;

	if (due != this_cpu_ptr(&called))
		atomic_fetch_add_explicit(&due->wrong, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&due->ran, 1, memory_order_relaxed);
}

static void call_one(unsigned int cpu, bool wait)
{
	struct called *there = per_cpu_ptr(&called, cpu);
	int err = smp_call_function_single(cpu, note_call, there, wait);

	count_call(!err ? &there->accepted : err == -ENXIO ? &there->refused : &there->wrong);
}

static int caller_main(void *seed)
{
	uint64_t random = random_mix((uint64_t)seed);

	while (!kthread_should_stop()) {
		for (int i = 0; i < 16; i++) {
			unsigned int cpu = get(&favourite);

			if (!random_below(&random, 3))
				cpu = (unsigned int)random_below(&random, nr_cpu_ids);
			call_one(cpu, random_below(&random, 2));
		}
		/* Others want their turn, hotplug's threads above all. */
		usleep(random_below(&random, 50));
	}
	return 0;
}

#define CALLERS 3

static struct task_struct *callers[CALLERS];

static bool start_callers(void)
{
	unsigned int cpu;
	bool all = true;

	for_each_possible_cpu (cpu)
		*per_cpu_ptr(&called, cpu) = (struct called){0};
	for (unsigned long i = 0; i < CALLERS; i++) {
		callers[i] = kthread_run(caller_main, (void *)i, "caller/%lu", i);
		all &= !IS_ERR(callers[i]);
	}
	return all;
}

static void stop_callers(void)
{
	for (unsigned int i = 0; i < CALLERS; i++) {
		if (!IS_ERR(callers[i]))
			kthread_stop(callers[i]);
	}
}

static bool calls_are_home(void *unused)
{
	unsigned int cpu;

	(void)unused;
	for_each_possible_cpu (cpu) {
		struct called *there = per_cpu_ptr(&called, cpu);

		if (get(&there->accepted) != get(&there->ran))
			return false;
	}
	return true;
}

/* So many more calls were made to it, one way or the other. */
#define CALLS_PER_STEP 20

static bool more(struct ktest_run *run, _Atomic unsigned int *counter)
{
	return KTEST_EXPECT(reaches(counter, get(counter) + CALLS_PER_STEP));
}

static void down_and_up_under_calls(struct ktest_run *run, unsigned int cpu)
{
	struct called *there = per_cpu_ptr(&called, cpu);

	atomic_store_explicit(&favourite, cpu, memory_order_relaxed);
	more(run, &there->accepted);
	if (KTEST_EXPECT_EQ(cpu_down(cpu), 0)) {
		KTEST_EXPECT(is_down(cpu));
		more(run, &there->refused);
		KTEST_EXPECT_EQ(cpu_up(cpu), 0);
	}
	KTEST_EXPECT(is_up(cpu));
	more(run, &there->accepted);
}

KTEST(hotplug, each_in_turn_under_calls)
{
	unsigned int cpu;

	if (cannot_hotplug())
		KTEST_SKIP(cannot_hotplug());
	KTEST_EXPECT(start_callers());
	for (int round = 0; round < 3; round++) {
		for_each_online_cpu (cpu)
			down_and_up_under_calls(run, cpu);
	}
	stop_callers();
	KTEST_EXPECT(soon(calls_are_home, NULL));
	for_each_possible_cpu (cpu)
		KTEST_EXPECT_EQ(get(&per_cpu_ptr(&called, cpu)->wrong), 0);
	KTEST_EXPECT(calls_balance());
	go_to_cpu(0);
}

/* Without looking, as fast as it goes: windows that steps leave out. */
KTEST(hotplug, fast_under_calls)
{
	unsigned int cpu, n = 0;

	if (cannot_hotplug())
		KTEST_SKIP(cannot_hotplug());
	KTEST_EXPECT(start_callers());
	for (int round = 0; round < 8; round++) {
		for_each_online_cpu (cpu) {
			atomic_store_explicit(&favourite, cpu, memory_order_relaxed);
			KTEST_EXPECT_EQ(cpu_down(cpu), 0);
			KTEST_EXPECT_EQ(cpu_up(cpu), 0);
		}
	}
	stop_callers();
	KTEST_EXPECT(soon(calls_are_home, NULL));
	for_each_possible_cpu (cpu)
		n += get(&per_cpu_ptr(&called, cpu)->accepted);
	KTEST_EXPECT(n > 0);
	go_to_cpu(0);
}

/* --- what cannot be had --- */

KTEST(hotplug, refused)
{
	unsigned int cpu, other, keep = smp_processor_id();
	int level;

	if (cannot_hotplug())
		KTEST_SKIP(cannot_hotplug());
	other = cpumask_first(cpu_online_mask) == keep ? cpumask_next(keep, cpu_online_mask)
						       : cpumask_first(cpu_online_mask);
	level = quiet_begin();
	KTEST_EXPECT_EQ(cpu_down(nr_cpu_ids), -ENODEV);
	KTEST_EXPECT_EQ(cpu_up(nr_cpu_ids), -ENODEV);
	KTEST_EXPECT_EQ(cpu_up(other), -EEXIST);
	KTEST_EXPECT(logged("not brought up", "it is up", NULL));

	cpu_hotplug_disable();
	cpu_hotplug_disable();
	KTEST_EXPECT_EQ(cpu_down(other), -EBUSY);
	cpu_hotplug_enable();
	KTEST_EXPECT_EQ(cpu_down(other), -EBUSY);
	KTEST_EXPECT_EQ(cpu_up(other), -EBUSY);
	cpu_hotplug_enable();
	KTEST_EXPECT(is_up(other));

	KTEST_EXPECT_EQ(cpu_down(other), 0);
	KTEST_EXPECT_EQ(cpu_down(other), -ENXIO);
	KTEST_EXPECT(logged("not brought down", "it is not up", NULL));
	KTEST_EXPECT_EQ(cpu_up(other), 0);

	for_each_online_cpu (cpu) {
		if (cpu != keep)
			KTEST_EXPECT_EQ(cpu_down(cpu), 0);
	}
	KTEST_EXPECT_EQ(num_online_cpus(), 1);
	KTEST_EXPECT_EQ(cpu_down(keep), -EBUSY);
	KTEST_EXPECT(logged("not brought down", "last", NULL));
	for_each_possible_cpu (cpu) {
		if (percpu_base[cpu] && !cpumask_test_cpu(cpu, cpu_online_mask) &&
		    cpu_info(cpu)->start_ticks)
			KTEST_EXPECT_EQ(cpu_up(cpu), 0);
	}
	quiet_end(level);
}

/* --- nothing is used up --- */

static unsigned long pages_used(void)
{
	struct page_stats stats;

	page_stats(&stats);
	return stats.used;
}

static void cycles(struct ktest_run *run, unsigned int n)
{
	unsigned int cpu = 0;

	while (n--) {
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
		KTEST_EXPECT_EQ(cpu_down(cpu), 0);
		KTEST_EXPECT_EQ(cpu_up(cpu), 0);
	}
}

KTEST(hotplug, memory_is_steady)
{
	unsigned long before;

	if (cannot_hotplug())
		KTEST_SKIP(cannot_hotplug());
	/* What is kept from life to life is there after the first. */
	cycles(run, num_online_cpus());
	before = pages_used();
	cycles(run, 100);
	KTEST_EXPECT_EQ(pages_used(), before);
	go_to_cpu(0);
}
