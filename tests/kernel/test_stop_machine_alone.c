/* SPDX-License-Identifier: BSD-2-Clause */
/* Nothing else runs while harts are held, not another holder either. */
#include <stdatomic.h>

#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/time.h"
#include "core/timer.h"
#include "ipi/call.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/stop_machine.h"
#include "threads/kthread.h"
#include "threads/stop_machine.h"

/*
 * What moves on a hart that is not held: a thread, a timer that comes again and again, and calls to
 * it, which a thread elsewhere makes.
 */
#define TICK_US 500
#define SLOW_US 150

static DEFINE_PER_CPU(_Atomic unsigned int, threads_moved);
static DEFINE_PER_CPU(_Atomic unsigned int, timers_moved);
static DEFINE_PER_CPU(_Atomic unsigned int, calls_moved);
static DEFINE_PER_CPU(struct timer_list, ticking);
static _Atomic bool moves;

static void moved(void *info)
{
	(void)info;
	atomic_fetch_add(this_cpu_ptr(&calls_moved), 1);
}

static void moved_slowly(void *info)
{
	udelay(SLOW_US);
	moved(info);
}

/*
 * From its handler each hart calls the next one, and waits: it cannot be stopped before that one
 * has answered. Then it has that one run something that it does not wait for: now it can be
 * stopped, but that one cannot.
 */
static void tick(struct timer_list *timer)
{
	unsigned int next = cpumask_next(smp_processor_id(), cpu_online_mask);

	atomic_fetch_add(this_cpu_ptr(&timers_moved), 1);
	if (next >= nr_cpu_ids)
		next = cpumask_first(cpu_online_mask);
	expect(!smp_call_function_single(next, moved, NULL, true));
	expect(!smp_call_function_single(next, moved_slowly, NULL, false));
	if (atomic_load(&moves))
		mod_timer(timer, time_now() + ns_to_ticks(TICK_US * 1000));
}

static int move(void *data)
{
	struct timer_list *timer = this_cpu_ptr(&ticking);

	(void)data;
	timer_setup(timer, tick);
	mod_timer(timer, time_now());
	while (!kthread_should_stop()) {
		atomic_fetch_add(this_cpu_ptr(&threads_moved), 1);
		usleep(TICK_US / 4);
	}
	return timer_delete_sync(timer) < 0;
}

static unsigned int sum_moved(void)
{
	unsigned int cpu, sum = 0;

	for_each_possible_cpu (cpu) {
		if (percpu_base[cpu])
			sum += atomic_load(per_cpu_ptr(&threads_moved, cpu)) +
			       atomic_load(per_cpu_ptr(&timers_moved, cpu)) +
			       atomic_load(per_cpu_ptr(&calls_moved, cpu));
	}
	return sum;
}

/* Long enough for each of them to move several times. */
static int watch_them(void *data)
{
	unsigned int before = sum_moved();
	uint64_t until = time_now() + ns_to_ticks(4 * TICK_US * 1000);

	(void)data;
	while (time_now() < until)
		cpu_relax();
	expect(sum_moved() == before);
	atomic_fetch_add(&stop_runs, 1);
	return 0;
}

static bool have_moved(void *arg)
{
	return sum_moved() != *(unsigned int *)arg;
}

/*
 * On some cpus: on an emulator that runs harts in turn each that waits in a handler takes its whole
 * turn.
 */
struct movers {
	struct task_struct *task[4];
	unsigned int n;
};

static bool start_movers(struct movers *m)
{
	unsigned int cpu;

	atomic_store(&moves, true);
	m->n = 0;
	for_each_online_cpu (cpu) {
		struct task_struct *task;

		if (m->n == ARRAY_SIZE(m->task))
			break;
		task = kthread_create_on_cpu(move, NULL, cpu, "move/%u");
		if (IS_ERR(task))
			return false;
		m->task[m->n++] = get_task_struct(task);
		wake_up_process(task);
	}
	return true;
}

static void stop_movers(struct movers *m)
{
	atomic_store(&moves, false);
	while (m->n)
		expect(!kthread_stop_put(m->task[--m->n]));
}

KTEST(stop_machine, nothing_else_runs)
{
	static struct movers movers;
	uint64_t enough = deadline_ms(5000);

	begin();
	KTEST_EXPECT(start_movers(&movers));
	for (unsigned int i = 1; i <= 20 && (i <= 2 || time_now() < enough); i++) {
		unsigned int before = sum_moved();

		KTEST_EXPECT(soon(have_moved, &before));
		KTEST_EXPECT_EQ(stop_machine(watch_them, NULL, NULL), 0);
		KTEST_EXPECT_EQ(atomic_load(&stop_runs), i);
	}
	stop_movers(&movers);
	KTEST_EXPECT_EQ(atomic_load(&stop_wrong), 0);
	KTEST_EXPECT(calls_balance());
}

/* Not atomic: who is not alone loses counts. */
static unsigned int counted;

static int count_alone(void *data)
{
	unsigned int was = counted;

	(void)data;
	for (unsigned int i = 0; i < 10; i++)
		cpu_relax();
	counted = was + 1;
	return 0;
}

#define TURNS 10

static _Atomic unsigned int finished;

static int one_of_several(void *data)
{
	(void)data;
	for (unsigned int i = 0; i < TURNS; i++) {
		unsigned int cpu = (smp_processor_id() + i) % nr_cpu_ids;

		expect(!stop_machine(count_alone, NULL, NULL));
		expect(!cpumask_test_cpu(cpu, cpu_online_mask) ||
		       stop_one_cpu(cpu, in_stopper, &cpu) == 7 + (int)cpu);
	}
	atomic_fetch_add(&finished, 1);
	return 0;
}

KTEST(stop_machine, several_callers)
{
	unsigned int n = MIN(num_online_cpus(), 4U), cpu, started = 0;

	begin();
	counted = 0;
	atomic_store(&finished, 0);
	for_each_online_cpu (cpu) {
		struct task_struct *task;

		if (started == n)
			break;
		task = kthread_create_on_cpu(one_of_several, NULL, cpu, "stops/%u");
		if (!KTEST_EXPECT(!IS_ERR(task)))
			break;
		started++;
		wake_up_process(task);
	}
	KTEST_EXPECT(reaches(&finished, started));
	KTEST_EXPECT_EQ(counted, started * TURNS);
	KTEST_EXPECT_EQ(atomic_load(&stop_wrong), 0);
}
