/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hotplug rows: a failure at each of them in each direction, on the way and on the way back, with
 * instances, registration at any time; against an oracle that knows only which rows are up.
 */
#include "core/hotplug.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "core/init.h"
#include "core/panic.h"
#include "core/param.h"
#include "tests/host/host.h"

#define CPUS	  5
#define NO_MEMORY 3 /* this cpu got none */
#define INSTANCES 3

extern char __percpu_start[];
TABLE_DECLARE(struct initcall, initcalls);
TABLE_DECLARE(struct param, params);

void *kzalloc_node(size_t size, int node)
{
	(void)size, (void)node;
	abort();
}

void kfree(const void *object)
{
	(void)object;
	abort();
}

/* Rows as they are registered; instances 0: a row of its own functions. */
struct row {
	bool there, up, down; /* has a startup, a teardown */
	unsigned int instances;
};
static struct row rows[CPUHP_ONLINE + 1];

/* The oracle: what is up, of which cpu. Rows without one of the functions are not followed. */
static bool is_up[CPUS][CPUHP_ONLINE + 1][INSTANCES];

/* Where code runs now: no cpu is the control side. */
static unsigned int on_cpu = CPUS;

/* A row that fails once; row 0: none does. Instance -1: before its function is called. */
struct plan {
	int row, instance;
	bool up;
};
static struct plan plans[2];
#define PLANNED (-EIO)

/* So many startups on, one fails; -1: none. */
static int calls_before_failure = -1;

/* A registration calls a row while others above it are up. */
static bool registering;

struct event {
	unsigned int cpu;
	int row, instance;
	bool up;
};
static struct event events[1024], wanted[1024];
static unsigned int nr_events, nr_wanted;

struct thing {
	struct cpuhp_node node;
	int row, number;
};
static struct thing things[CPUHP_ONLINE + 1][INSTANCES];

static bool is_prepare(int row)
{
	return row < CPUHP_BRINGUP_CPU;
}

static bool is_starting(int row)
{
	return row > CPUHP_AP_IDLE_DEAD && row < CPUHP_AP_ONLINE;
}

static bool is_followed(int row)
{
	return rows[row].there && rows[row].up && rows[row].down;
}

static bool is_row(int row)
{
	return row > CPUHP_OFFLINE && row < CPUHP_ONLINE && row != CPUHP_BRINGUP_CPU &&
	       row != CPUHP_AP_IDLE_DEAD && row != CPUHP_AP_ONLINE && row != CPUHP_TEARDOWN_CPU;
}

static bool takes_plan(int row, int instance, bool up)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(plans); i++) {
		if (plans[i].row == row && plans[i].instance == instance && plans[i].up == up) {
			plans[i].row = 0;
			return true;
		}
	}
	return false;
}

/* What rows say of a cpu, if it is in state. */
static void check_rows(unsigned int cpu, int state, int but)
{
	for (int row = 1; row < CPUHP_ONLINE; row++) {
		unsigned int n = is_followed(row) ? MAX(rows[row].instances, 1U) : 0;

		for (unsigned int i = 0; i < n && row != but; i++) {
			if (is_up[cpu][row][i] != (row <= state))
				panic("cpu%u: row %d is %s in state %d", cpu, row,
				      row <= state ? "down" : "up", state);
		}
	}
}

/* Every function of every row comes here. */
static int turn(unsigned int cpu, int row, int instance, bool up)
{
	bool fails;

	assert_true(cpu < CPUS && cpu != NO_MEMORY && nr_events < ARRAY_SIZE(events));
	assert_int_equal(on_cpu, is_prepare(row) ? CPUS : cpu);
	assert_int_equal(irqs_disabled(), is_starting(row));
	if (!registering)
		check_rows(cpu, row, row);
	if (is_followed(row) && is_up[cpu][row][instance] == up)
		panic("cpu%u: row %d is %s already", cpu, row, up ? "up" : "down");
	events[nr_events++] = (struct event){cpu, row, instance, up};
	fails = takes_plan(row, instance, up) ||
		(up && calls_before_failure >= 0 && !calls_before_failure--);
	/* Where it cannot fail it goes on as if it had not. */
	if (!fails || (is_starting(row) && !registering))
		is_up[cpu][row][instance] = up;
	return fails ? PLANNED : 0;
}

static int thing_up(unsigned int cpu, struct cpuhp_node *node)
{
	struct thing *thing = container_of(node, struct thing, node);

	return turn(cpu, thing->row, thing->number, true);
}

static int thing_down(unsigned int cpu, struct cpuhp_node *node)
{
	struct thing *thing = container_of(node, struct thing, node);

	return turn(cpu, thing->row, thing->number, false);
}

/* A function for each row, so that none can be taken for another. */
#define ROW(n)                                   \
	static int up_##n(unsigned int cpu)      \
	{                                        \
		return turn(cpu, n - 100, 0, 1); \
	}                                        \
	static int down_##n(unsigned int cpu)    \
	{                                        \
		return turn(cpu, n - 100, 0, 0); \
	}
#define NAME(n) {up_##n, down_##n},
#define TEN(do, t) \
	do         \
	(t##0) do(t##1) do(t##2) do(t##3) do(t##4) do(t##5) do(t##6) do(t##7) do(t##8) do(t##9)
TEN(ROW, 10)
TEN(ROW, 11)
TEN(ROW, 12)
TEN(ROW, 13)
TEN(ROW, 14)
static int (*const functions[][2])(unsigned int cpu) = {TEN(NAME, 10) TEN(NAME, 11) TEN(NAME, 12)
								TEN(NAME, 13) TEN(NAME, 14)};
_Static_assert(CPUHP_ONLINE < 50, "each row has functions");

/* Rows of the linker's table, one in each section, and one that goes down only. */
CPUHP_ROW(CPUHP_CREATE_THREADS, "test:threads", up_101, down_101);
CPUHP_ROW(CPUHP_SMPCFD_PREPARE, "test:smpcfd", up_104, down_104);
CPUHP_ROW(CPUHP_AP_IPI_STARTING, "test:ipi", up_116, down_116);
CPUHP_ROW(CPUHP_AP_TIMERS_DYING, "test:timers", NULL, down_121);
CPUHP_ROW(CPUHP_AP_SMPBOOT_THREADS, "test:smpboot", up_129, down_129);
_Static_assert(CPUHP_CREATE_THREADS == 1 && CPUHP_SMPCFD_PREPARE == 4 &&
		       CPUHP_AP_IPI_STARTING == 16 && CPUHP_AP_TIMERS_DYING == 21 &&
		       CPUHP_AP_SMPBOOT_THREADS == 29,
	       "the rows above have the functions of their numbers");

/* The layer above: harts that do at once what they are told. */
static bool locked;
static int start_error, stop_error, dead_error;

static void lock(void)
{
	assert_false(locked);
	locked = true;
}

static void unlock(void)
{
	assert_true(locked);
	locked = false;
}

static int run(unsigned int cpu)
{
	int err;

	assert_int_equal(on_cpu, CPUS);
	assert_true((int)cpuhp_state_of(cpu) >= CPUHP_AP_ONLINE);
	on_cpu = cpu;
	err = cpuhp_ap_work(cpu);
	on_cpu = CPUS;
	assert_false(irqs_disabled());
	return err;
}

static void come(unsigned int cpu)
{
	unsigned long flags = local_irq_save();

	on_cpu = cpu;
	cpuhp_starting(cpu);
	on_cpu = CPUS;
	local_irq_restore(flags);
}

static int start(unsigned int cpu)
{
	assert_int_equal(cpuhp_state_of(cpu), CPUHP_BRINGUP_CPU - 1);
	if (start_error || takes_plan(CPUHP_BRINGUP_CPU, -1, true))
		return start_error ? start_error : -ETIMEDOUT;
	come(cpu);
	return run(cpu);
}

static int stop(unsigned int cpu)
{
	int err = run(cpu);
	unsigned long flags;

	if (err)
		return err;
	flags = local_irq_save();
	on_cpu = cpu;
	cpuhp_dying(cpu);
	on_cpu = CPUS;
	local_irq_restore(flags);
	assert_int_equal(cpuhp_state_of(cpu), CPUHP_AP_IDLE_DEAD);
	return stop_error;
}

static int dead(unsigned int cpu)
{
	assert_int_equal(cpuhp_state_of(cpu), CPUHP_AP_IDLE_DEAD);
	return dead_error;
}

static const struct cpuhp_ops ops = {
	.lock = lock, .unlock = unlock, .run = run, .start = start, .stop = stop, .dead = dead};

/* The oracle's way: one row after the other, and at the first that fails back again. */
static void want(unsigned int cpu, int row, int instance, bool up)
{
	if (up ? rows[row].up : rows[row].down)
		wanted[nr_wanted++] = (struct event){cpu, row, instance, up};
}

/* True if the row fails. */
static bool want_row(unsigned int cpu, int row, bool up, const struct plan *plan)
{
	bool fails = plan->row == row && plan->up == up;
	int n = rows[row].instances ? (int)rows[row].instances : 1, i;

	if (fails && plan->instance < 0)
		return true;
	for (i = up ? 0 : n - 1; rows[row].there && i >= 0 && i < n; i += up ? 1 : -1) {
		want(cpu, row, i, up);
		if (!fails || is_starting(row) || plan->instance != i)
			continue;
		while ((i += up ? -1 : 1) >= 0 && i < n)
			want(cpu, row, i, !up);
		return true;
	}
	return false;
}

/* From one state to another; returns the state where it ends. */
static int want_rows(unsigned int cpu, int from, int to, const struct plan *plan)
{
	while (from != to) {
		bool up = from < to;

		if (want_row(cpu, up ? from + 1 : from, up, plan))
			break;
		from += up ? 1 : -1;
	}
	return from;
}

static void forget(void)
{
	nr_events = nr_wanted = 0;
	memset(plans, 0, sizeof(plans));
	host_log_clear();
}

static void check_events(void)
{
	assert_int_equal(nr_events, nr_wanted);
	for (unsigned int i = 0; i < nr_wanted; i++) {
		if (memcmp(&events[i], &wanted[i], sizeof(*events)) != 0)
			panic("event %u: cpu%u row %d[%d] %s, not row %d[%d] %s", i, events[i].cpu,
			      events[i].row, events[i].instance, events[i].up ? "up" : "down",
			      wanted[i].row, wanted[i].instance, wanted[i].up ? "up" : "down");
	}
}

/* One row is injected at a time; the hart that does not come can also be the layer's above. */
static void set_plan(unsigned int cpu, unsigned int i, const struct plan *plan)
{
	if (plan->row && plan->instance < 0 && !per_cpu(cpuhp_state, cpu).fail)
		assert_int_equal(cpuhp_fail_set(plan->row, cpu, plan->up), 0);
	else
		plans[i] = *plan;
}

static int move(unsigned int cpu, int target)
{
	return (int)cpuhp_state_of(cpu) < target ? cpuhp_up(cpu, target) : cpuhp_down(cpu, target);
}

/* One way with a failure there and one on the way back, either of which may be none. */
static void try_way(unsigned int cpu, int from, int to, const struct plan *there,
		    const struct plan *back)
{
	const struct cpuhp_cpu_state *st = per_cpu_ptr(&cpuhp_state, cpu);
	int at, end, err;

	forget();
	assert_int_equal(move(cpu, from), 0);
	forget();
	at = want_rows(cpu, from, to, there);
	end = at == to ? to : want_rows(cpu, at, from, back);
	set_plan(cpu, 0, there);
	set_plan(cpu, 1, back);
	err = move(cpu, to);
	assert_int_equal(err != 0, at != to);
	assert_int_equal(cpuhp_state_of(cpu), end);
	assert_int_equal(st->rollback, at != to && end != from);
	assert_int_equal(st->result, err);
	assert_int_equal(st->target, at == to ? to : from);
	assert_int_equal(st->row, 0);
	if (at == to || end == from)
		assert_int_equal(st->last, at == to ? 0 : there->row);
	assert_int_equal(!!strstr(host_log(), "on the way back"), at != to && end != from);
	check_events();
	check_rows(cpu, end, 0);
	assert_int_equal(cpuhp_fail_set(CPUHP_INVALID, cpu, true), 0);
}

static bool may_fail(int row, bool up)
{
	return row == CPUHP_TEARDOWN_CPU || (row == CPUHP_BRINGUP_CPU && up) ||
	       (rows[row].there && !is_starting(row));
}

/* Each failure there: by injection, then in each function. */
static bool next_plan(struct plan *plan, bool up, int low, int high)
{
	plan->up = up;
	for (;;) {
		int n = rows[plan->row].instances ? (int)rows[plan->row].instances : 1;

		if (!(up ? rows[plan->row].up : rows[plan->row].down))
			n = 0;
		if (plan->row > low && plan->row <= high && may_fail(plan->row, up) &&
		    ++plan->instance < n)
			return true;
		if (plan->row >= high)
			return false;
		plan->row = MAX(plan->row, low) + 1;
		plan->instance = -2;
	}
}

static void try_all(unsigned int cpu, int from, int to, bool also_back)
{
	int low = MIN(from, to), high = MAX(from, to);
	static const struct plan none;
	struct plan there = {.instance = -2}, back;

	try_way(cpu, from, to, &none, &none);
	while (next_plan(&there, from < to, low, high)) {
		try_way(cpu, from, to, &there, &none);
		back = (struct plan){.instance = -2};
		while (also_back && next_plan(&back, from > to, low, high)) {
			if (back.row != there.row && (back.instance >= 0 || there.instance >= 0 ||
						      back.row == CPUHP_BRINGUP_CPU))
				try_way(cpu, from, to, &there, &back);
		}
	}
}

static void each_prefix(void **state)
{
	(void)state;
	try_all(1, CPUHP_OFFLINE, CPUHP_ONLINE, true);
	try_all(1, CPUHP_ONLINE, CPUHP_OFFLINE, true);
	try_all(0, CPUHP_AP_ONLINE, CPUHP_ONLINE, true);
	try_all(0, CPUHP_ONLINE, CPUHP_AP_ONLINE, true);
	for (int low = CPUHP_OFFLINE; low < CPUHP_ONLINE; low++) {
		for (int high = low + 1; high <= CPUHP_ONLINE; high++) {
			if ((low >= CPUHP_BRINGUP_CPU && low < CPUHP_AP_ONLINE) ||
			    (high >= CPUHP_BRINGUP_CPU && high < CPUHP_AP_ONLINE))
				continue;
			try_all(2, low, high, false);
			try_all(2, high, low, false);
		}
	}
}

/* Rows that cannot fail do: it is told, and all goes on. */
static void starting_rows(void **state)
{
	static const struct plan none;

	(void)state;
	for (int row = CPUHP_AP_IDLE_DEAD + 1; row < CPUHP_AP_ONLINE; row++) {
		for (int i = 0; i < 4; i++) {
			struct plan plan = {row, i / 2 ? (int)MAX(rows[row].instances, 1U) - 1 : 0,
					    i % 2};

			if (!rows[row].there || !(plan.up ? rows[row].up : rows[row].down))
				continue;
			try_way(1, plan.up ? CPUHP_OFFLINE : CPUHP_ONLINE,
				plan.up ? CPUHP_ONLINE : CPUHP_OFFLINE, &plan, &none);
			assert_non_null(strstr(host_log(), "must not fail"));
			assert_int_equal(plans[0].row, 0);
		}
	}
}

/* Harts that do not come, that do not go, and that are found gone later. */
static void harts(void **state)
{
	static const struct plan none;

	(void)state;
	forget();
	assert_int_equal(move(1, CPUHP_OFFLINE), 0);
	start_error = -ETIMEDOUT;
	assert_int_equal(cpuhp_up(1, CPUHP_ONLINE), -ETIMEDOUT);
	assert_int_equal(cpuhp_state_of(1), CPUHP_OFFLINE);
	assert_int_equal(per_cpu(cpuhp_state, 1).last, CPUHP_BRINGUP_CPU);
	check_rows(1, CPUHP_OFFLINE, 0);
	start_error = 0;
	assert_int_equal(cpuhp_up(1, CPUHP_ONLINE), 0);

	stop_error = -ETIMEDOUT;
	assert_int_equal(cpuhp_down(1, CPUHP_OFFLINE), -ETIMEDOUT);
	assert_int_equal(cpuhp_state_of(1), CPUHP_AP_IDLE_DEAD);
	assert_int_equal(per_cpu(cpuhp_state, 1).last, CPUHP_AP_IDLE_DEAD);
	assert_int_equal(per_cpu(cpuhp_state, 1).rollback, 1);
	check_rows(1, CPUHP_AP_IDLE_DEAD, 0);
	nr_events = 0;
	dead_error = -EBUSY;
	assert_int_equal(cpuhp_up(1, CPUHP_ONLINE), -EBUSY);
	assert_int_equal(cpuhp_down(1, CPUHP_OFFLINE), -EBUSY);
	assert_int_equal(nr_events, 0);
	dead_error = 0;
	stop_error = 0;
	assert_int_equal(cpuhp_up(1, CPUHP_ONLINE), 0);
	check_rows(1, CPUHP_ONLINE, 0);
	for (unsigned int i = 0; i < nr_events; i++)
		assert_true(events[i].row > CPUHP_BRINGUP_CPU);

	/* Gone in the end, and the rest of its way down follows. */
	stop_error = -ETIMEDOUT;
	assert_int_equal(cpuhp_down(1, CPUHP_OFFLINE), -ETIMEDOUT);
	stop_error = 0;
	assert_int_equal(cpuhp_down(1, CPUHP_OFFLINE), 0);
	check_rows(1, CPUHP_OFFLINE, 0);

	/* A row fails on the way up, and the hart does not stop on the way back. */
	forget();
	plans[0] = (struct plan){CPUHP_AP_ACTIVE, 0, true};
	stop_error = -ETIMEDOUT;
	assert_int_equal(cpuhp_up(1, CPUHP_ONLINE), PLANNED);
	assert_int_equal(cpuhp_state_of(1), CPUHP_AP_IDLE_DEAD);
	assert_non_null(strstr(host_log(), "on the way back"));
	check_rows(1, CPUHP_AP_IDLE_DEAD, 0);
	stop_error = 0;
	try_way(1, CPUHP_OFFLINE, CPUHP_ONLINE, &none, &none);
}

static void bad_targets(void **state)
{
	static const int bad[] = {-1,
				  CPUHP_BRINGUP_CPU,
				  CPUHP_AP_IDLE_DEAD,
				  CPUHP_AP_IPI_STARTING,
				  CPUHP_AP_ONLINE - 1,
				  CPUHP_ONLINE + 1};

	(void)state;
	forget();
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(cpuhp_up(0, bad[i]), -EINVAL);
		assert_int_equal(cpuhp_down(0, bad[i]), -EINVAL);
	}
	assert_int_equal(cpuhp_up(NO_MEMORY, CPUHP_ONLINE), -ENXIO);
	assert_int_equal(cpuhp_down(CPUS, CPUHP_OFFLINE), -ENXIO);
	/* There, or beyond, already. */
	assert_int_equal(move(1, CPUHP_ONLINE), 0);
	nr_events = 0;
	assert_int_equal(cpuhp_up(1, CPUHP_AP_ONLINE), 0);
	assert_int_equal(cpuhp_up(1, CPUHP_ONLINE), 0);
	assert_int_equal(cpuhp_down(1, CPUHP_ONLINE), 0);
	assert_int_equal(nr_events, 0);
}

static void injection(void **state)
{
	char name[24];

	(void)state;
	for (int row = -2; row < CPUHP_ONLINE + 5; row++) {
		for (int up = 0; up < 2; up++) {
			bool there = row >= 0 && row <= CPUHP_ONLINE && cpuhp_state_name(row);
			int want_err = row == CPUHP_INVALID ? 0
				       : !there		    ? -ENOENT
				       : may_fail(row, up)  ? 0
							    : -EINVAL;

			assert_int_equal(cpuhp_fail_set(row, 1, up), want_err);
			snprintf(name, sizeof(name), "%d,1,%s", row, up ? "up" : "down");
			if (row >= 0)
				assert_int_equal(cpuhp_fail_parse(name), want_err);
		}
	}
	assert_int_equal(cpuhp_fail_set(CPUHP_CREATE_THREADS, NO_MEMORY, true), -ENXIO);
	assert_int_equal(cpuhp_fail_set(CPUHP_CREATE_THREADS, CPUS, true), -ENXIO);
	assert_int_equal(cpuhp_fail_parse("test:smpboot,1,down"), 0);
	assert_int_equal(per_cpu(cpuhp_state, 1).fail, -CPUHP_AP_SMPBOOT_THREADS);
	assert_int_equal(cpuhp_fail_parse("cpu:teardown,2,up"), 0);
	assert_int_equal(per_cpu(cpuhp_state, 2).fail, CPUHP_TEARDOWN_CPU);
	assert_int_equal(cpuhp_fail_parse("test:smpboot,9,up"), -ENXIO);
	assert_int_equal(cpuhp_fail_parse("test:smpboot,18446744073709551617,up"), -ENXIO);
	assert_int_equal(cpuhp_fail_parse("test:none,1,up"), -ENOENT);
	assert_int_equal(cpuhp_fail_parse("-1,1,up"), -ENOENT);
	assert_int_equal(cpuhp_fail_parse("18446744073709551617,1,up"), -ENOENT);
	static const char *const bad[] = {"",	     ",",	"1",	   "1,",
					  "1,1",     "1,1,",	"1,,up",   "1,1,sideways",
					  "1,1,up ", "1,-1,up", "1, 1,up", ",1,up"};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(cpuhp_fail_parse(bad[i]) < 0);
	assert_int_equal(cpuhp_fail_parse(bad[0]), -EINVAL);
	assert_int_equal(
		cpuhp_fail_parse("a-name-that-is-longer-than-any-row-of-the-table-could-ever-"
				 "be-and-then-some,1,up"),
		-EINVAL);
	assert_int_equal(cpuhp_fail_set(CPUHP_INVALID, 1, false), 0);
	assert_int_equal(cpuhp_fail_set(CPUHP_INVALID, 2, false), 0);
	assert_int_equal(per_cpu(cpuhp_state, 1).fail, 0);
	assert_int_equal(cpuhp_state_find("online"), CPUHP_ONLINE);
	assert_int_equal(cpuhp_state_find("0"), CPUHP_OFFLINE);
	assert_int_equal(cpuhp_state_find(""), -ENOENT);
	assert_int_equal(cpuhp_state_find("99"), -ENOENT);
	assert_null(cpuhp_state_name(-1));
	assert_null(cpuhp_state_name(CPUHP_ONLINE + 1));
}

/*
 * Registers a row of the kind that rows[] says, with its instances; wanted: the state, or its
 * range.
 */
static int add_row(int row, enum cpuhp_state wanted_state, bool calls)
{
	int (*startup)(unsigned int cpu) = rows[row].up ? functions[row][0] : NULL;
	int (*teardown)(unsigned int cpu) = rows[row].down ? functions[row][1] : NULL;
	static char names[CPUHP_ONLINE][16];
	int err;

	snprintf(names[row], sizeof(names[row]), "test:%d", row);
	rows[row].there = true;
	registering = true;
	if (rows[row].instances)
		err = cpuhp_setup_state_multi(wanted_state, names[row],
					      rows[row].up ? thing_up : NULL,
					      rows[row].down ? thing_down : NULL);
	else if (calls)
		err = cpuhp_setup_state(wanted_state, names[row], startup, teardown);
	else
		err = cpuhp_setup_state_nocalls(wanted_state, names[row], startup, teardown);
	registering = false;
	assert_false(locked);
	if (err < 0)
		rows[row].there = false;
	else
		assert_string_equal(cpuhp_state_name(row), names[row]);
	return err;
}

static int add_thing(int row, unsigned int number)
{
	struct thing *thing = &things[row][number];
	int err;

	thing->row = row;
	thing->number = (int)number;
	registering = true;
	err = cpuhp_state_add_instance(row, &thing->node);
	registering = false;
	return err;
}

static void remove_row(int row)
{
	registering = true;
	for (unsigned int i = 0; i < rows[row].instances; i++)
		assert_int_equal(cpuhp_state_remove_instance(row, &things[row][i].node), 0);
	cpuhp_remove_state(row);
	registering = false;
	rows[row].there = false;
	assert_null(cpuhp_state_name(row));
	for (unsigned int cpu = 0; cpu < CPUS; cpu++)
		memset(is_up[cpu][row], 0, sizeof(is_up[cpu][row]));
}

static void check_all(void)
{
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		if (cpu != NO_MEMORY)
			check_rows(cpu, cpuhp_state_of(cpu), 0);
	}
}

static void set_row(int row, bool up, bool down, unsigned int instances)
{
	rows[row] = (struct row){.up = up, .down = down, .instances = instances};
}

/*
 * As at boot: harts come by the linker's starting rows alone, the prepare rows follow, and there
 * are no threads.
 */
static void boot(void **state)
{
	static unsigned long bases[CPUS];
	static char *areas[CPUS];

	(void)state;
	cpumask_size_init(CPUS);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		if (cpu == NO_MEMORY)
			continue;
		areas[cpu] = aligned_alloc(4096, ALIGN_UP(percpu_area_size(), 4096UL));
		percpu_setup_area(areas[cpu]);
		bases[cpu] = (unsigned long)areas[cpu] - (unsigned long)__percpu_start;
	}
	percpu_base = bases;
	TABLE_FOREACH (struct param, param, params) {
		if (!strcmp(param->name, "cpuhp_fail"))
			strcpy(param->s.buf, "test:smpcfd,2,down");
	}
	TABLE_FOREACH (struct initcall, initcall, initcalls)
		assert_int_equal(initcall->fn(), 0);
	assert_int_equal(per_cpu(cpuhp_state, 2).fail, -CPUHP_SMPCFD_PREPARE);
	assert_string_equal(host_log(), "");
	assert_int_equal(cpuhp_fail_set(CPUHP_INVALID, 2, false), 0);
	assert_int_equal(cpuhp_state_of(0), CPUHP_AP_ONLINE);
	assert_int_equal(cpuhp_state_of(1), CPUHP_OFFLINE);
	assert_int_equal(cpuhp_state_find("test:smpboot"), CPUHP_AP_SMPBOOT_THREADS);
	for (int row = 1; row < CPUHP_ONLINE; row++) {
		if (is_row(row) && cpuhp_state_name(row))
			rows[row] = (struct row){true, row != CPUHP_AP_TIMERS_DYING, true, 0};
	}
	registering = true;
	is_up[0][CPUHP_AP_IPI_STARTING][0] = true;
	come(1);
	assert_int_equal(nr_events, 1);
	assert_int_equal(cpuhp_state_of(1), CPUHP_AP_ONLINE);

	/* Before the prepare rows have run, and before there are threads. */
	assert_int_equal(cpuhp_up(2, CPUHP_ONLINE), -EAGAIN);
	rows[CPUHP_BP_PREPARE_DYN] = rows[CPUHP_AP_STARTING_DYN] =
		(struct row){true, true, true, 0};
	nr_events = 0;
	assert_int_equal(add_row(CPUHP_BP_PREPARE_DYN, CPUHP_BP_PREPARE_DYN, true),
			 CPUHP_BP_PREPARE_DYN);
	assert_int_equal(nr_events, 2);
	assert_int_equal(add_row(CPUHP_AP_STARTING_DYN, CPUHP_AP_STARTING_DYN, true), -EAGAIN);
	assert_int_equal(nr_events, 2);
	assert_null(cpuhp_state_name(CPUHP_AP_STARTING_DYN));

	registering = true;
	nr_events = 0;
	assert_int_equal(cpuhp_boot_prepare(0), 0);
	assert_int_equal(nr_events, 2);
	plans[0] = (struct plan){CPUHP_SMPCFD_PREPARE, 0, true};
	assert_int_equal(cpuhp_boot_prepare(1), PLANNED);
	assert_int_equal(nr_events, 5);
	assert_false(is_up[1][CPUHP_CREATE_THREADS][0]);
	assert_int_equal(cpuhp_boot_prepare(1), 0);
	registering = false;
	check_all();
	cpuhp_ops = &ops;
	remove_row(CPUHP_BP_PREPARE_DYN);
}

/* Fills the table, but for a free row here and there, with rows of all kinds. */
static void fill(void **state)
{
	static const enum cpuhp_state ranges[][2] = {
		{CPUHP_BP_PREPARE_DYN, CPUHP_BP_PREPARE_DYN_END},
		{CPUHP_AP_STARTING_DYN, CPUHP_AP_STARTING_DYN_END},
		{CPUHP_AP_ONLINE_DYN, CPUHP_AP_ONLINE_DYN_END},
	};

	(void)state;
	for (int row = 1; row < CPUHP_ONLINE; row++) {
		int range = -1, err;

		if (!is_row(row) || rows[row].there)
			continue;
		for (unsigned int i = 0; i < ARRAY_SIZE(ranges); i++) {
			if (row >= (int)ranges[i][0] && row <= (int)ranges[i][1])
				range = (int)i;
		}
		set_row(row, row % 7 != 4, row % 7 != 5, row % 3 ? 0 : 1 + row % INSTANCES);
		if (row == CPUHP_AP_ACTIVE)
			set_row(row, true, true, INSTANCES);
		if (row == CPUHP_TIMERS_PREPARE || row == CPUHP_AP_DEAF_STARTING)
			continue;
		err = add_row(row, range < 0 ? (enum cpuhp_state)row : ranges[range][0], true);
		assert_int_equal(err, range < 0 ? 0 : row);
		for (unsigned int i = 0; i < rows[row].instances; i++) {
			assert_int_equal(cpuhp_state_instances(row), i);
			assert_int_equal(add_thing(row, i), 0);
		}
		assert_int_equal(cpuhp_state_instances(row),
				 rows[row].instances ? (int)rows[row].instances : -1);
	}
	check_all();
	for (unsigned int i = 0; i < ARRAY_SIZE(ranges); i++) {
		assert_int_equal(cpuhp_setup_state(ranges[i][0], "full", NULL, NULL), -ENOSPC);
		assert_int_equal(cpuhp_setup_state_multi(ranges[i][0], "full", NULL, NULL),
				 -ENOSPC);
	}
}

/* What cannot be registered, added, removed. */
static void refusals(void **state)
{
	static struct cpuhp_node node;

	(void)state;
	forget();
	for (int row = -2; row < CPUHP_ONLINE + 3; row++) {
		bool dynamic = row == CPUHP_BP_PREPARE_DYN || row == CPUHP_AP_STARTING_DYN ||
			       row == CPUHP_AP_ONLINE_DYN;

		if (is_row(row) && !rows[row].there)
			continue;
		assert_int_equal(cpuhp_setup_state(row, "again", NULL, NULL), !is_row(row) ? -EINVAL
									      : dynamic	   ? -ENOSPC
											: -EBUSY);
		if (!is_row(row) || !rows[row].instances)
			assert_int_equal(cpuhp_state_add_instance(row, &node), -EINVAL);
		assert_int_equal(cpuhp_state_remove_instance(row, &node), -EINVAL);
	}
	assert_int_equal(cpuhp_setup_state(CPUHP_TIMERS_PREPARE, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(
		cpuhp_state_add_instance(CPUHP_AP_ACTIVE, &things[CPUHP_AP_ACTIVE][1].node),
		-EBUSY);
	assert_int_equal(cpuhp_state_remove_instance(CPUHP_AP_WORKQUEUE_ONLINE,
						     &things[CPUHP_AP_ACTIVE][1].node),
			 -EINVAL);
	assert_string_equal(host_log(), "");
	cpuhp_remove_state(CPUHP_TIMERS_PREPARE);
	assert_non_null(strstr(host_log(), "is not there"));
	host_log_clear();
	cpuhp_remove_state(CPUHP_AP_ONLINE);
	assert_non_null(strstr(host_log(), "is not there"));
	assert_int_equal(cpuhp_state_find("ap:online"), CPUHP_AP_ONLINE);
	assert_int_equal(nr_events, 0);

	/* Rows of nothing, and a multi row that is removed too early. */
	host_log_clear();
	assert_int_equal(cpuhp_setup_state(CPUHP_TIMERS_PREPARE, "nothing", NULL, NULL), 0);
	assert_int_equal(cpuhp_down(1, CPUHP_OFFLINE), 0);
	assert_int_equal(cpuhp_up(1, CPUHP_ONLINE), 0);
	cpuhp_remove_state(CPUHP_TIMERS_PREPARE);
	assert_int_equal(cpuhp_setup_state_multi(CPUHP_TIMERS_PREPARE, "nothing", NULL, NULL), 0);
	assert_int_equal(cpuhp_state_add_instance(CPUHP_TIMERS_PREPARE, &node), 0);
	assert_int_equal(cpuhp_down(1, CPUHP_OFFLINE), 0);
	assert_string_equal(host_log(), "");
	cpuhp_remove_state_nocalls(CPUHP_TIMERS_PREPARE);
	assert_non_null(strstr(host_log(), "instances left"));
	memset(&node, 0, sizeof(node));
}

/* Registered while cpus are in different states: called for those that have passed, or for none. */
static void late_rows(void **state)
{
	static const int at[CPUS] = {CPUHP_AP_ONLINE, CPUHP_ONLINE, CPUHP_AP_ONLINE_DYN + 3, 0,
				     CPUHP_BP_PREPARE_DYN + 2};
	static const int late[] = {CPUHP_CREATE_THREADS,     CPUHP_AP_IPI_STARTING,
				   CPUHP_AP_SMPBOOT_THREADS, CPUHP_SMPCFD_PREPARE,
				   CPUHP_AP_ACTIVE,	     CPUHP_AP_SMPCFD_DYING,
				   CPUHP_AP_ONLINE_DYN + 3,  CPUHP_BP_PREPARE_DYN + 2};

	(void)state;
	for (unsigned int k = 0; k < 2 * ARRAY_SIZE(late); k++) {
		int row = late[k / 2];
		bool as_multi = k % 2;
		unsigned int passed[CPUS], n = 0;

		forget();
		remove_row(row);
		set_row(row, true, true, as_multi ? 1 : 0);
		for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
			if (cpu == NO_MEMORY)
				continue;
			assert_int_equal(move(cpu, at[cpu]), 0);
			if (at[cpu] >= row)
				passed[n++] = cpu;
		}
		assert_true(n >= 1);
		for (unsigned int fail = 0; fail <= n; fail++) {
			/* On all but the last try one cpu fails; injected on each second. */
			bool inject = fail % 2;
			int err;

			forget();
			if (as_multi)
				assert_true(add_row(row, row, true) >= 0);
			for (unsigned int i = 0; i <= fail && i < n; i++) {
				if (i < fail || !inject)
					want(passed[i], row, 0, true);
			}
			for (unsigned int i = fail; fail < n && i--;)
				want(passed[i], row, 0, false);
			if (fail < n)
				assert_int_equal(cpuhp_fail_set(CPUHP_INVALID, passed[fail], true),
						 0);
			if (fail < n && inject) {
				/* The row must be there to be named: its number is enough. */
				store_relaxed(&per_cpu(cpuhp_state, passed[fail]).fail, row);
			} else if (fail < n) {
				/* The fail-th call of this row. */
				calls_before_failure = (int)fail;
			}
			err = as_multi ? add_thing(row, 0) : add_row(row, row, true);
			assert_int_equal(err, fail == n ? 0 : inject ? -EAGAIN : PLANNED);
			check_events();
			assert_string_equal(host_log(), "");
			if (fail < n && as_multi) {
				assert_int_equal(cpuhp_state_instances(row), 0);
				assert_int_equal(things[row][0].node.state, 0);
				cpuhp_remove_state(row);
				rows[row].there = false;
			}
			assert_int_equal(!!cpuhp_state_name(row), fail == n);
		}
		check_all();

		/* Removed: the other way round, and errors do not stop it. */
		nr_events = nr_wanted = 0;
		for (unsigned int i = n; i--;)
			want(passed[i], row, 0, false);
		plans[0] = (struct plan){row, 0, false};
		remove_row(row);
		check_events();
		assert_non_null(strstr(host_log(), "for its removal"));

		/* Without calls, and back to what it was. */
		forget();
		assert_true(add_row(row, row, false) >= 0);
		if (as_multi) {
			assert_int_equal(
				cpuhp_state_add_instance_nocalls(row, &things[row][0].node), 0);
			assert_int_equal(
				cpuhp_state_remove_instance_nocalls(row, &things[row][0].node), 0);
		}
		cpuhp_remove_state_nocalls(row);
		rows[row].there = false;
		assert_int_equal(nr_events, 0);
		set_row(row, true, true, row == CPUHP_AP_ACTIVE ? INSTANCES : 0);
		assert_true(add_row(row, row, true) >= 0);
		for (unsigned int i = 0; i < rows[row].instances; i++)
			assert_int_equal(add_thing(row, i), 0);
		check_all();
	}
}

static int random_state(uint64_t *random)
{
	int s;

	do
		s = (int)(host_random(random) % (CPUHP_ONLINE + 1));
	while (s >= CPUHP_BRINGUP_CPU && s < CPUHP_AP_ONLINE);
	return s;
}

static void random_move(unsigned int cpu, uint64_t *random)
{
	const struct cpuhp_cpu_state *st = per_cpu_ptr(&cpuhp_state, cpu);
	int from, to = random_state(random), err;
	bool up;

	start_error = host_random(random) % 8 ? 0 : -EIO;
	stop_error = host_random(random) % 8 ? 0 : -ETIMEDOUT;
	dead_error = host_random(random) % 2 ? 0 : -EBUSY;
	from = (int)cpuhp_state_of(cpu);
	if (from == CPUHP_AP_IDLE_DEAD && !dead_error)
		from = CPUHP_BRINGUP_CPU - 1;
	up = from < to;
	err = move(cpu, to);
	if (!err)
		assert_int_equal(cpuhp_state_of(cpu),
				 from == CPUHP_AP_IDLE_DEAD ? CPUHP_BRINGUP_CPU - 1 : to);
	else if (!st->rollback || (from == CPUHP_AP_IDLE_DEAD && dead_error))
		assert_int_equal(cpuhp_state_of(cpu), from);
	else
		assert_true(up ? (int)cpuhp_state_of(cpu) > from : (int)cpuhp_state_of(cpu) < from);
}

/* All at once, at random. */
static void chance(void **state)
{
	uint64_t random = host_seed();

	(void)state;
	for (unsigned int round = 0; round < 20000; round++) {
		unsigned int cpu = (unsigned int)(host_random(&random) % CPUS);
		int row = 1 + (int)(host_random(&random) % (CPUHP_ONLINE - 1));

		forget();
		for (unsigned int i = 0; i < ARRAY_SIZE(plans); i++) {
			int r = 1 + (int)(host_random(&random) % (CPUHP_ONLINE - 1));

			/* An instance that cannot be undone leaves its row between up and down. */
			if (host_random(&random) % 2 && r != plans[0].row)
				plans[i] = (struct plan){r, (int)(host_random(&random) % INSTANCES),
							 host_random(&random) % 2};
		}
		if (cpu == NO_MEMORY)
			continue;
		cpuhp_fail_set((int)(host_random(&random) % CPUHP_ONLINE), cpu,
			       host_random(&random) % 2);
		if (host_random(&random) % 8) {
			random_move(cpu, &random);
		} else if (is_row(row) && rows[row].there) {
			remove_row(row);
		} else if (is_row(row)) {
			unsigned int n = (unsigned int)(host_random(&random) % (INSTANCES + 1)),
				     i = 0;
			bool dynamic = row == CPUHP_BP_PREPARE_DYN ||
				       row == CPUHP_AP_STARTING_DYN || row == CPUHP_AP_ONLINE_DYN;

			set_row(row, host_random(&random) % 8, host_random(&random) % 8, n);
			if (add_row(row, row, true) == (dynamic ? row : 0)) {
				while (i < n && !add_thing(row, i))
					i++;
				/* As many as could be added. */
				rows[row].instances = i;
				if (!i && n)
					remove_row(row);
			}
			for (unsigned int c = 0; c < CPUS && !rows[row].there; c++)
				memset(is_up[c][row], 0, sizeof(is_up[c][row]));
			for (unsigned int c = 0; c < CPUS && i < INSTANCES; c++)
				is_up[c][row][i] = i ? false : is_up[c][row][i];
		}
		check_all();
	}
	start_error = stop_error = dead_error = 0;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(boot),		 cmocka_unit_test(fill),     cmocka_unit_test(each_prefix),
	cmocka_unit_test(starting_rows), cmocka_unit_test(harts),    cmocka_unit_test(bad_targets),
	cmocka_unit_test(injection),	 cmocka_unit_test(refusals), cmocka_unit_test(late_rows),
	cmocka_unit_test(chance),
};
HOST_MAIN(tests)
