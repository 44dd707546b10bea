/* SPDX-License-Identifier: BSD-2-Clause */
/* An interrupt at each atomic access of each kind of call in turn, whose handler calls the same targets; and csds that are in flight. */
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

/* What is struck. Calls without wait are waited for by those with, which come behind them in the same queues. */
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

/* One window after the other, until the call is over before its turn comes. Returns how many there are. */
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

/* A target is held while broadcast after broadcast wants its csd: the second has to wait for the first. */
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
	cmocka_unit_test(csds_in_flight),
};
HOST_MAIN(tests)
