/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread asleep whose home comes back, and two who wake it: at each atomic access of one, the
 * other does all that it has to do.
 */
#include <errno.h>
#include <stdlib.h>

#include "arch/riscv/tp.h"
#include "core/cpu.h"
#include "tests/host/host.h"
#include "threads/internal.h"

#define CPUS 3
/* More accesses than any way has. */
#define ACCESSES_MAX 2000
/* Cpu 0 needs so many of them for the thread's last switch there. */
#define SWITCH_TAKES 20

extern char __percpu_start[];
const struct cpumask *cpu_online_mask, *cpu_possible_mask;
static struct cpumask *online;
DEFINE_PER_CPU(struct rq, rq);

static struct task_struct task;
static bool queued[CPUS], closed[CPUS];
/* The message: under way, to whom. */
static bool sent, busy;
static unsigned int sent_to;
/* So many answers to cpu 1 are of the time when cpu 0 was down. */
static unsigned int refused_before;
/* Cpu 0 is switching away from the thread. */
static bool leaving;

/* --- what threads/wake.c asks for --- */

unsigned int nr_running(unsigned int cpu)
{
	return queued[cpu];
}

static bool is_queued(void)
{
	return queued[0] || queued[1] || queued[2];
}

void enqueue(struct rq *q, struct task_struct *t)
{
	unsigned int cpu = smp_processor_id();

	assert_ptr_equal(t, &task);
	assert_ptr_equal(q, this_cpu_ptr(&rq));
	assert_false(is_queued());
	assert_int_equal(atomic_load(&task.home), cpu | TASK_ON_RQ);
	queued[cpu] = true;
}

int smp_call_function_single_async(unsigned int cpu, call_single_data_t *csd)
{
	assert_ptr_equal(csd, &task.wake_csd);
	assert_int_not_equal(cpu, smp_processor_id());
	if (busy)
		return -EBUSY;
	if (!cpu && refused_before && smp_processor_id() == 1) {
		refused_before--;
		return -ENXIO;
	}
	if (closed[cpu])
		return -ENXIO;
	busy = sent = true;
	sent_to = cpu;
	return 0;
}

int smp_call_function_single(unsigned int cpu, void (*fn)(void *info), void *info, bool wait)
{
	(void)cpu, (void)fn, (void)info, (void)wait;
	abort();
}

void put_task_struct(struct task_struct *t)
{
	assert_true(atomic_fetch_sub(&t->usage, 1) > 1);
}

void resched(struct rq *q)
{
	(void)q;
}

const char *task_state_name(const struct task_struct *t)
{
	(void)t;
	return "";
}

void usleep(uint64_t us)
{
	(void)us;
	abort();
}

void *kzalloc_node(size_t size, int node)
{
	(void)node;
	return calloc(1, size);
}

void kfree(const void *object)
{
	free((void *)object);
}

/* --- the cpus: whoever does something is that cpu --- */

static void on(unsigned int cpu, void (*what)(void))
{
	unsigned long before = host_tp;

	host_tp = percpu_base[cpu];
	what();
	host_tp = before;
}

static void wake(void)
{
	wake_up_process(&task);
}

/* The csd is free before the function runs. */
static void take_message(void)
{
	sent = busy = false;
	wake_task(&task);
}

static void all_messages(void)
{
	while (sent)
		on(sent_to, take_message);
}

static void wake_0(void)
{
	closed[0] = false;
	on(0, wake);
}

static void wake_1(void)
{
	on(1, wake);
}

static void wake_2(void)
{
	on(2, wake);
}

/* Refused a moment ago, when cpu 0 was still down. */
static void wake_1_refused(void)
{
	refused_before = 1;
	on(1, wake);
	refused_before = 0;
}

/* As the message that somebody has sent. */
static void message_0(void)
{
	closed[0] = false;
	get_task_struct(&task);
	busy = true;
	on(0, take_message);
}

static unsigned int accesses, strike_at, switched;
static void (*strike)(void);

/* Time passes on cpu 0, too. */
static void pass(void)
{
	assert_true(switched < ACCESSES_MAX);
	if (switched++ != SWITCH_TAKES || !leaving)
		return;
	leaving = false;
	atomic_store(&task.home, 0);
}

static void window(void)
{
	pass();
	if (accesses++ != strike_at)
		return;
	/* Whose own accesses are none. */
	host_at_window = pass;
	strike();
	host_at_window = window;
}

/* Cpu 0 is down, no message is under way, nobody is queued. */
static void begin(unsigned int home, unsigned int state)
{
	atomic_store(&task.home, home);
	atomic_store(&task.state, state);
	atomic_store(&task.usage, 1);
	task.bound = CPU_ANY;
	for (unsigned int cpu = 0; cpu < CPUS; cpu++)
		queued[cpu] = closed[cpu] = false;
	closed[0] = true;
	sent = busy = leaving = false;
	per_cpu(rq, 0).dead = false;
	switched = 0;
}

/* At first it sleeps, and its home is down; in the end it is runnable, in one queue. */
static void check(unsigned int home, void (*way)(void), void (*other)(void))
{
	strike = other;
	for (strike_at = 0;; strike_at++) {
		begin(home, TASK_INTERRUPTIBLE);
		leaving = home & TASK_ON_RQ;
		accesses = 0;
		host_at_window = window;
		way();
		host_at_window = NULL;
		all_messages();
		assert_int_equal(atomic_load(&task.state), TASK_RUNNING);
		assert_int_equal(queued[0] + queued[1] + queued[2], 1);
		assert_true(queued[atomic_load(&task.home) & ~TASK_ON_RQ]);
		assert_true(atomic_load(&task.home) & TASK_ON_RQ);
		assert_int_equal(atomic_load(&task.usage), 1);
		if (accesses <= strike_at)
			break;
	}
	assert_true(strike_at > 3);
}

/* It comes back and wakes the thread; who was refused takes it over. */
static void home_wakes(void **state)
{
	(void)state;
	check(0, message_0, wake_1_refused);
	check(0, wake_0, wake_1_refused);
}

/* The same the other way round. */
static void home_comes_back(void **state)
{
	(void)state;
	check(0, wake_1, message_0);
	check(0, wake_1, wake_0);
}

static void two_take_over(void **state)
{
	(void)state;
	check(0, wake_1, wake_2);
	check(0, wake_2, wake_1);
}

/* It is on its way into its last sleep on the cpu that is down. */
static void leaves(void **state)
{
	(void)state;
	check(TASK_ON_RQ, wake_1, wake_2);
}

static void begin_stay(unsigned int home, unsigned int state)
{
	begin(home, state);
	task.stays = true;
	/* Who goes round and round is found out. */
	host_at_window = pass;
}

static void end_stay(void)
{
	host_at_window = NULL;
	assert_int_equal(atomic_load(&task.usage), 1);
	task.stays = false;
}

/* A hotplug thread that runs, and takes its cpu down: a late message is among what is flushed. */
static void takes_its_cpu_down(void **state)
{
	(void)state;
	begin_stay(TASK_ON_RQ, TASK_RUNNING);
	per_cpu(rq, 0).dead = true;
	message_0();
	assert_false(is_queued());
	assert_int_equal(atomic_load(&task.home), TASK_ON_RQ);
	end_stay();
}

/* It is down: there it stays, and there it is woken when it is back. */
static void stays_on_its_cpu(void **state)
{
	(void)state;
	begin_stay(0, TASK_INTERRUPTIBLE);
	wake_1();
	assert_false(is_queued());
	assert_int_equal(atomic_load(&task.home), 0);
	wake_0();
	assert_true(queued[0]);
	end_stay();
}

static int world(void **state)
{
	static unsigned long bases[CPUS];
	static char *areas[CPUS];

	(void)state;
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		areas[cpu] = aligned_alloc(4096, ALIGN_UP(percpu_area_size(), 4096UL));
		percpu_setup_area(areas[cpu]);
		bases[cpu] = (unsigned long)areas[cpu] - (unsigned long)__percpu_start;
	}
	percpu_base = bases;
	for (unsigned int cpu = 0; cpu < CPUS; cpu++)
		per_cpu(cpu_number, cpu) = cpu;
	cpumask_size_init(CPUS);
	cpu_online_mask = online = cpumask_alloc(0);
	cpumask_set_cpu(1, online);
	cpumask_set_cpu(2, online);
	return 0;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(home_wakes, world), cmocka_unit_test(home_comes_back),
	cmocka_unit_test(two_take_over),	   cmocka_unit_test(leaves),
	cmocka_unit_test(takes_its_cpu_down),	   cmocka_unit_test(stays_on_its_cpu),
};
HOST_MAIN(tests)
