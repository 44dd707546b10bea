/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An interrupt at each atomic access of each kind of call in turn, whose handler calls the same
 * targets; a move to another cpu there; csds in flight.
 */
#include <errno.h>

#include "tests/host/call_world.h"

#define HARTS 4

/* Plain words, one for each target: a call that waits makes them readable. */
struct runs {
	unsigned int on[HARTS];
};

static void count(void *info)
{
	struct runs *runs = info;

	runs->on[smp_processor_id()]++;
}

static unsigned int sum(const struct runs *runs)
{
	unsigned int n = 0;

	for (unsigned int cpu = 0; cpu < HARTS; cpu++)
		n += runs->on[cpu];
	return n;
}

static void expect_runs(const struct runs *runs, unsigned int n, const char *what)
{
	if (sum(runs) != n)
		panic("%s: ran %u times, not %u", what, sum(runs), n);
}

/* What handlers do in the window. */
static void strike_single(struct irq_work *work)
{
	struct runs runs = {0};

	(void)work;
	smp_call_function_single(2, count, &runs, true);
	expect_runs(&runs, 1, "a call in the window");
}

static void strike_broadcast(struct irq_work *work)
{
	struct runs runs = {0};

	(void)work;
	smp_call_function(count, &runs, true);
	expect_runs(&runs, HARTS - 1, "a broadcast in the window");
}

static bool is_one(unsigned int cpu, void *info)
{
	(void)info;
	return cpu == 1;
}

/* To fewer than the one that it interrupts, which must not believe that these are its own. */
static void strike_few(struct irq_work *work)
{
	struct runs runs = {0};

	(void)work;
	smp_call_function_many_cond(cpu_online_mask, count, &runs, SCF_WAIT, is_one);
	expect_runs(&runs, 1, "a small broadcast in the window");
}

static void (*const strikes[])(struct irq_work *) = {strike_single, strike_broadcast, strike_few};

/*
 * What is struck. Calls without wait are waited for by those with, which come behind them in the
 * same queues.
 */
static struct runs quiet;
static unsigned int quiet_due;

static void op_single(void)
{
	struct runs runs = {0};

	smp_call_function_single(2, count, &runs, true);
	expect_runs(&runs, 1, "a call");
}

static void op_single_quiet(void)
{
	smp_call_function_single(2, count, &quiet, false);
	quiet_due++;
}

static void op_async(void)
{
	static call_single_data_t csd = CSD_INIT(count, &quiet);
	int err;

	while ((err = smp_call_function_single_async(2, &csd)) == -EBUSY)
		cpu_relax();
	quiet_due += !err;
}

static void op_timed(void)
{
	struct runs runs = {0};

	smp_call_function_single_timeout(2, count, &runs, UINT64_MAX);
	expect_runs(&runs, 1, "a timed call");
}

static void op_broadcast(void)
{
	struct runs runs = {0};

	on_each_cpu(count, &runs, true);
	expect_runs(&runs, HARTS, "a broadcast");
}

static void op_broadcast_quiet(void)
{
	quiet_due += smp_call_function(count, &quiet, false);
	quiet_due += smp_call_function(count, &quiet, false);
}

static void (*const ops[])(void) = {op_single, op_single_quiet, op_async,
				    op_timed,  op_broadcast,	op_broadcast_quiet};

static struct irq_work striker;
static unsigned int countdown;

static void window(void)
{
	if (countdown && !--countdown)
		irq_work_queue(&striker);
}

/*
 * One window after the other, until the call is over before its turn comes. Returns how many there
 * are.
 */
static unsigned int strike_each_window(void (*op)(void))
{
	unsigned int n;

	for (n = 1; n < 500; n++) {
		countdown = n;
		host_at_window = window;
		op();
		host_at_window = NULL;
		if (countdown)
			break;
		irq_work_sync(&striker);
	}
	return n;
}

static void windows_hart(unsigned int cpu, void *arg)
{
	(void)arg;
	for (unsigned int strike = 0; !cpu && strike < ARRAY_SIZE(strikes); strike++) {
		for (unsigned int op = 0; op < ARRAY_SIZE(ops); op++) {
			init_irq_work(&striker, strikes[strike]);
			if (strike_each_window(ops[op]) < 8)
				panic("call %u has hardly any windows", op);
		}
	}
}

static void interrupts_in_windows(void **state)
{
	(void)state;
	memset(&quiet, 0, sizeof(quiet));
	quiet_due = 0;
	set_csd_timeout_ms(env_uint("CSD_TIMEOUT_MS", 10000));
	world_run(HARTS, 0, windows_hart, NULL);
	assert_int_equal(sum(&quiet), quiet_due);
	expect_waits(0, 0);
}

/*
 * A caller that is moved to another cpu in a window in which interrupts are on, as a preempted
 * thread may be. Two of the host's threads change places: the one that called from cpu 0 goes on as
 * cpu 3, and the other way round; who comes to the place calls from there while the first call is
 * under way.
 */
enum { STAY, ASKED, LEFT };

static _Atomic int places = STAY;
static _Atomic bool moves_over;

/*
 * Both go on in step behind the move, window by window, far enough for a broadcast that looked for
 * its data before the move to fill in the same csd as the other's. One that waits for a call has
 * windows, too, and comes; those of handlers in a window do not count.
 */
#define STEPS 12
static _Thread_local unsigned int steps;
static _Atomic unsigned int in_step;

static void step_window(void)
{
	unsigned int due = 2 * ++steps;

	host_at_window = NULL;
	host_take_interrupts();
	atomic_fetch_add_explicit(&in_step, 1, memory_order_relaxed);
	while (atomic_load_explicit(&in_step, memory_order_relaxed) < due)
		sched_yield();
	if (steps < STEPS)
		host_at_window = step_window;
}

/* Who is ready goes ahead of the other's steps. */
static void leave_step(void)
{
	if (host_at_window == step_window)
		atomic_fetch_add_explicit(&in_step, 2 * STEPS, memory_order_relaxed);
	host_at_window = NULL;
}

static void go_in_step(void)
{
	steps = 0;
	host_at_window = step_window;
}

static void change_places(unsigned int cpu)
{
	host_tp = percpu_base[cpu];
}

static void move_window(void)
{
	unsigned int to = smp_processor_id() ? 0 : 3;

	if (irqs_disabled() || !countdown || --countdown)
		return;
	host_at_window = NULL;
	atomic_store(&places, ASKED);
	/* The other may be calling this cpu. */
	while (atomic_load(&places) != LEFT)
		host_take_interrupts();
	change_places(to);
	atomic_store(&places, STAY);
	go_in_step();
}

/* cpu 3 at the start. */
static void change_and_call(void)
{
	while (!atomic_load(&moves_over)) {
		struct runs runs = {0};

		if (atomic_load(&places) != ASKED) {
			serve();
			continue;
		}
		change_places(smp_processor_id() ? 0 : 3);
		atomic_store(&in_step, 0);
		atomic_store(&places, LEFT);
		/* Not at once: the other has a window behind it, the one in which it has moved. */
		host_at_window = go_in_step;
		on_each_cpu(count, &runs, true);
		leave_step();
		for (unsigned int cpu = 0; cpu < HARTS; cpu++) {
			if (runs.on[cpu] != 1)
				panic("a broadcast beside one whose caller has moved ran %u times on cpu%u",
				      runs.on[cpu], cpu);
		}
	}
}

static void where_due(unsigned int where, unsigned int due, const char *what)
{
	if (where != due)
		panic("%s for cpu%u ran on cpu%u", what, due, where);
}

static void tell_cpu(void *where)
{
	*(unsigned int *)where = smp_processor_id();
}

static void op_here(void)
{
	unsigned int cpu = smp_processor_id(), where = nr_cpu_ids;

	if (smp_call_function_single(cpu, tell_cpu, &where, true))
		panic("a call is refused");
	where_due(where, cpu, "a call");
}

static void op_async_here(void)
{
	unsigned int cpu = smp_processor_id(), where = nr_cpu_ids;
	call_single_data_t csd = CSD_INIT(tell_cpu, &where);

	if (smp_call_function_single_async(cpu, &csd))
		panic("a csd is refused");
	/* It comes behind the csd, where that was queued. */
	smp_call_function_single(cpu, count, &quiet, true);
	quiet_due++;
	where_due(where, cpu, "a csd");
}

static void op_timed_here(void)
{
	unsigned int cpu = smp_processor_id(), where = nr_cpu_ids;

	if (smp_call_function_single_timeout(cpu, tell_cpu, &where, UINT64_MAX))
		panic("a timed call is refused");
	where_due(where, cpu, "a timed call");
}

static void op_any(void)
{
	unsigned int cpu = smp_processor_id(), where = nr_cpu_ids;
	struct cpumask *mask = cpumask_alloc(0);

	cpumask_set_cpu(cpu, mask);
	if (smp_call_function_any(mask, tell_cpu, &where, true))
		panic("a call to any is refused");
	where_due(where, cpu, "a call to any");
}

static _Atomic unsigned int worked_on;

static void tell_work(struct irq_work *work)
{
	(void)work;
	atomic_store(&worked_on, smp_processor_id());
}

static void op_work_here(void)
{
	static struct irq_work work = IRQ_WORK_INIT(tell_work);
	unsigned int cpu = smp_processor_id();

	if (irq_work_queue_on(&work, cpu))
		panic("work is refused");
	irq_work_sync(&work);
	where_due(atomic_load(&worked_on), cpu, "work");
}

static void op_each(void)
{
	struct runs runs = {0};

	on_each_cpu(count, &runs, true);
	for (unsigned int cpu = 0; cpu < HARTS; cpu++) {
		if (runs.on[cpu] != 1)
			panic("a broadcast ran %u times on cpu%u", runs.on[cpu], cpu);
	}
}

static void op_others(void)
{
	struct runs runs = {0};
	unsigned int n = smp_call_function(count, &runs, true);

	expect_runs(&runs, HARTS - 1, "a broadcast to others");
	if (n != HARTS - 1)
		panic("a broadcast has reached %u", n);
}

static void (*const moved_ops[])(void) = {
	op_here,  op_async_here, op_timed_here,	     op_any,	      op_work_here,
	op_each,  op_others,	 op_single,	     op_single_quiet, op_async,
	op_timed, op_broadcast,	 op_broadcast_quiet,
};

/*
 * One window after the other, until the call is over before its turn comes. Returns how many there
 * are.
 */
static unsigned int move_in_each_window(void (*op)(void))
{
	unsigned int n;

	for (n = 1; n < 500; n++) {
		countdown = n;
		host_at_window = move_window;
		op();
		leave_step();
		if (countdown)
			break;
	}
	return n;
}

static void moves_hart(unsigned int cpu, void *arg)
{
	(void)arg;
	if (cpu == 3)
		change_and_call();
	if (cpu)
		return;
	for (unsigned int op = 0; op < ARRAY_SIZE(moved_ops); op++) {
		if (move_in_each_window(moved_ops[op]) < 2)
			panic("call %u has no window in which to move", op);
	}
	atomic_store(&moves_over, true);
}

static void moves_in_windows(void **state)
{
	(void)state;
	memset(&quiet, 0, sizeof(quiet));
	quiet_due = 0;
	set_csd_timeout_ms(env_uint("CSD_TIMEOUT_MS", 10000));
	for (unsigned int round = 0; round < 5; round++) {
		atomic_store(&moves_over, false);
		world_run(HARTS, round, moves_hart, NULL);
		expect_waits(0, 0);
	}
	assert_int_equal(sum(&quiet), quiet_due);
}

/*
 * A target is held while broadcast after broadcast wants its csd: the second has to wait for the
 * first.
 */
static _Atomic bool held, queued, let_go;

static void hold(void *info)
{
	(void)info;
	atomic_store(&held, true);
	while (!atomic_load(&let_go))
		cpu_relax();
}

static void in_flight_hart(unsigned int cpu, void *arg)
{
	struct runs runs = {0};

	(void)arg;
	for (unsigned int round = 0; round < 10; round++) {
		if (cpu == 1) {
			while (!atomic_load(&queued))
				cpu_relax();
			atomic_store(&queued, false);
			udelay(2000);
			atomic_store(&let_go, true);
		}
		if (cpu)
			continue;
		atomic_store(&held, false);
		atomic_store(&let_go, false);
		smp_call_function_single(3, hold, NULL, false);
		while (!atomic_load(&held))
			cpu_relax();
		quiet_due += smp_call_function(count, &quiet, false);
		atomic_store(&queued, true);
		quiet_due += smp_call_function(count, &quiet, false);
		memset(&runs, 0, sizeof(runs));
		on_each_cpu(count, &runs, true);
		expect_runs(&runs, HARTS, "a broadcast behind others");
	}
}

static void csds_in_flight(void **state)
{
	(void)state;
	memset(&quiet, 0, sizeof(quiet));
	quiet_due = 0;
	set_csd_timeout_ms(env_uint("CSD_TIMEOUT_MS", 10000));
	world_run(HARTS, 0, in_flight_hart, NULL);
	assert_int_equal(sum(&quiet), quiet_due);
	expect_waits(0, 0);
}

/* Without memory of its own a cpu still broadcasts, target by target. */
static void no_memory_hart(unsigned int cpu, void *arg)
{
	struct runs runs = {0};

	(void)arg;
	for (unsigned int i = 1; i <= 20; i++) {
		unsigned int n = on_each_cpu(count, &runs, i & 1);

		if (n != HARTS)
			panic("cpu%u broadcasts to %u", cpu, n);
	}
	/* Those without wait, too: they are behind in the same queues. */
	on_each_cpu(count, &runs, true);
	expect_runs(&runs, 21 * HARTS, "broadcasts");
}

static void no_memory(void **state)
{
	(void)state;
	set_csd_timeout_ms(env_uint("CSD_TIMEOUT_MS", 10000));
	/* World's own two masks come first; three requests for each cpu. */
	for (unsigned int nth = 1; nth <= 3 * HARTS; nth++) {
		refuse_memory = 2 + nth;
		world_run(HARTS, 0, no_memory_hart, NULL);
		assert_int_equal(world.prepare_errors, 1);
		assert_int_equal(refuse_memory, 0);
		expect_waits(0, 0);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(no_memory),
	cmocka_unit_test(interrupts_in_windows),
	cmocka_unit_test(moves_in_windows),
	cmocka_unit_test(csds_in_flight),
};
HOST_MAIN(tests)
