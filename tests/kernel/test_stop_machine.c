/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts that are held: that all are, that nothing else runs, what comes back, who is told to be
 * late.
 */
#include "threads/stop_machine.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/time.h"
#include "core/timer.h"
#include "ipi/call.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/run_on.h"
#include "threads/cpuhp.h"
#include "threads/kthread.h"

static _Atomic unsigned int runs, wrongs;

static void expect(bool good)
{
	atomic_fetch_add(&wrongs, !good);
}

static void begin(void)
{
	atomic_store(&runs, 0);
	atomic_store(&wrongs, 0);
}

static int in_stopper(void *arg)
{
	expect(smp_processor_id() == *(unsigned int *)arg);
	expect(current->head.preempt_count && !irqs_disabled());
	expect(current->class == SCHED_STOP);
	atomic_fetch_add(&runs, 1);
	return 7 + (int)smp_processor_id();
}

KTEST(stop_machine, one_cpu)
{
	unsigned int cpu, n = 0;

	begin();
	for_each_online_cpu (cpu) {
		KTEST_EXPECT_EQ(stop_one_cpu(cpu, in_stopper, &cpu), 7 + cpu);
		KTEST_EXPECT_EQ(atomic_load(&runs), ++n);
	}
	KTEST_EXPECT_EQ(stop_one_cpu(nr_cpu_ids, in_stopper, &cpu), -ENOENT);
	KTEST_EXPECT_EQ(stop_one_cpu(-1U, in_stopper, &cpu), -ENOENT);
	KTEST_EXPECT_EQ(atomic_load(&runs), n);
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
}

/* A hart with a thread that does not sleep. */
KTEST(stop_machine, before_other_threads)
{
	unsigned int cpu = nth_other_cpu(0);
	struct held held;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	begin();
	KTEST_EXPECT(hold_in_job(&held, cpu));
	KTEST_EXPECT_EQ(stop_one_cpu(cpu, in_stopper, &cpu), 7 + cpu);
	KTEST_EXPECT(!run_on_done(cpu));
	KTEST_EXPECT(let_go(&held));
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
}

static int here(void *data)
{
	expect(irqs_disabled() && current->head.preempt_count);
	*(unsigned int *)data = smp_processor_id();
	return (int)atomic_fetch_add(&runs, 1);
}

KTEST(stop_machine, which_harts)
{
	struct cpumask *mask = cpumask_alloc(NUMA_NO_NODE);
	uint64_t count = stop_machine_count();
	unsigned int cpu, ran = nr_cpu_ids, n = 0;

	begin();
	KTEST_EXPECT_EQ(stop_machine(here, &ran, NULL), n++);
	KTEST_EXPECT_EQ(ran, smp_processor_id());
	KTEST_EXPECT(!irqs_disabled() && !current->head.preempt_count);
	for_each_online_cpu (cpu) {
		cpumask_clear(mask);
		cpumask_set_cpu(cpu, mask);
		KTEST_EXPECT_EQ(stop_machine(here, &ran, mask), n++);
		KTEST_EXPECT_EQ(ran, cpu);
	}
	KTEST_EXPECT_EQ(stop_machine_count() - count, n);
	/* None that is online. */
	cpumask_clear(mask);
	KTEST_EXPECT_EQ(stop_machine(here, &ran, mask), -ENXIO);
	KTEST_EXPECT_EQ(atomic_load(&runs), n);
	KTEST_EXPECT_EQ(stop_machine_count() - count, n);
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
	cpumask_free(mask);
}

/* They are all in it at once: each waits for the others there. */
static int together(void *data)
{
	uint64_t deadline = deadline_ms(30000);

	(void)data;
	expect(irqs_disabled());
	atomic_fetch_add(&runs, 1);
	while (atomic_load(&runs) < num_online_cpus() && time_now() < deadline)
		cpu_relax();
	expect(atomic_load(&runs) == num_online_cpus());
	return 0;
}

KTEST(stop_machine, all_harts)
{
	begin();
	KTEST_EXPECT_EQ(stop_machine(together, NULL, cpu_online_mask), 0);
	KTEST_EXPECT_EQ(atomic_load(&runs), num_online_cpus());
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
}

static int fails_there(void *data)
{
	atomic_fetch_add(&runs, 1);
	return smp_processor_id() == *(unsigned int *)data ? -EILSEQ : 0;
}

KTEST(stop_machine, results)
{
	unsigned int cpu;

	begin();
	for_each_online_cpu (cpu)
		KTEST_EXPECT_EQ(stop_machine(fails_there, &cpu, cpu_online_mask), -EILSEQ);
	cpu = nr_cpu_ids;
	KTEST_EXPECT_EQ(stop_machine(fails_there, &cpu, cpu_online_mask), 0);
	KTEST_EXPECT_EQ(atomic_load(&runs), (num_online_cpus() + 1) * num_online_cpus());
}

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
	atomic_fetch_add(&runs, 1);
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
		KTEST_EXPECT_EQ(atomic_load(&runs), i);
	}
	stop_movers(&movers);
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
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
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
}

/* Counted instructions pass slowly. */
static unsigned int limit_ms(void)
{
	return deterministic ? 2 : 20;
}

static void be_late(void *info)
{
	(void)info;
	udelay(15000 * limit_ms());
}

static void be_late_without_preemption(void *info)
{
	preempt_disable();
	atomic_store((_Atomic bool *)info, true);
	be_late(NULL);
	preempt_enable();
}

static bool is_set(void *arg)
{
	return atomic_load((_Atomic bool *)arg);
}

KTEST(stop_machine, late_harts_are_named)
{
	unsigned int cpu = nth_other_cpu(0), before, ran;
	_Atomic bool there = false;
	char name[16];
	int level;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	begin();
	snprintf(name, sizeof(name), "cpu%u has not", cpu);
	before = set_timeout_ms("stop_timeout_ms", limit_ms());
	level = quiet_begin();
	KTEST_EXPECT_EQ(smp_call_function_single(cpu, be_late, NULL, false), 0);
	KTEST_EXPECT_EQ(stop_machine(here, &ran, NULL), 0);
	quiet_end(level);
	KTEST_EXPECT(logged("stop_machine: cpu", "waits", "here"));
	KTEST_EXPECT(logged(name, "takes no calls", NULL));

	level = quiet_begin();
	KTEST_EXPECT_EQ(run_on(cpu, be_late_without_preemption, &there), 0);
	KTEST_EXPECT(soon(is_set, &there));
	KTEST_EXPECT_EQ(stop_machine(here, &ran, NULL), 1);
	quiet_end(level);
	KTEST_EXPECT(logged(name, "keeps preemption off", NULL));
	KTEST_EXPECT(!logged(name, "takes no calls", NULL));
	KTEST_EXPECT(soon(job_done, &cpu));
	set_timeout_ms("stop_timeout_ms", before);
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
}

static int take_time(void *data)
{
	udelay(*(unsigned int *)data);
	return 0;
}

KTEST(stop_machine, time_without_interrupts)
{
	unsigned int us = 1000 + (unsigned int)(ticks_to_ns(stop_machine_max_irqoff()) / 1000);

	KTEST_EXPECT_EQ(stop_machine(take_time, &us, NULL), 0);
	KTEST_EXPECT(ticks_to_ns(stop_machine_max_irqoff()) >= us * 1000UL);
}

KTEST(stop_machine, harts_that_are_down)
{
	unsigned int cpu = nth_other_cpu(0), n = num_online_cpus();
	int err;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	err = cpu_down(cpu);
	if (err == -EOPNOTSUPP)
		KTEST_SKIP("no HSM");
	begin();
	KTEST_EXPECT_EQ(err, 0);
	KTEST_EXPECT_EQ(stop_one_cpu(cpu, in_stopper, &cpu), -ENOENT);
	KTEST_EXPECT_EQ(stop_machine(together, NULL, cpu_possible_mask), 0);
	KTEST_EXPECT_EQ(atomic_load(&runs), n - 1);
	KTEST_EXPECT_EQ(cpu_up(cpu), 0);
	begin();
	KTEST_EXPECT_EQ(stop_one_cpu(cpu, in_stopper, &cpu), 7 + cpu);
	atomic_store(&runs, 0);
	KTEST_EXPECT_EQ(stop_machine(together, NULL, cpu_possible_mask), 0);
	KTEST_EXPECT_EQ(atomic_load(&runs), n);
	KTEST_EXPECT_EQ(atomic_load(&wrongs), 0);
}
