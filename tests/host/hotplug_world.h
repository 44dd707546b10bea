/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cpus and rows for tests of hotplug, and an oracle that knows only which rows are up. Part of a
 * test, as a header.
 */
#ifndef TESTS_HOST_HOTPLUG_WORLD_H
#define TESTS_HOST_HOTPLUG_WORLD_H

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
TEN(ROW, 15)
static int (*const functions[][2])(unsigned int cpu) = {
	TEN(NAME, 10) TEN(NAME, 11) TEN(NAME, 12) TEN(NAME, 13) TEN(NAME, 14) TEN(NAME, 15)};
_Static_assert(CPUHP_ONLINE < 60, "each row has functions");

/* Rows of the linker's table, one in each section, and one that goes down only. */
CPUHP_ROW(CPUHP_CREATE_THREADS, "test:threads", up_101, down_101);
CPUHP_ROW(CPUHP_SMPCFD_PREPARE, "test:smpcfd", up_103, down_103);
CPUHP_ROW(CPUHP_AP_IPI_STARTING, "test:ipi", up_115, down_115);
CPUHP_ROW(CPUHP_AP_TIMERS_DYING, "test:timers", NULL, down_121);
CPUHP_ROW(CPUHP_AP_SMPBOOT_THREADS, "test:smpboot", up_130, down_130);
_Static_assert(CPUHP_CREATE_THREADS == 1 && CPUHP_SMPCFD_PREPARE == 3 &&
		       CPUHP_AP_IPI_STARTING == 15 && CPUHP_AP_TIMERS_DYING == 21 &&
		       CPUHP_AP_SMPBOOT_THREADS == 30,
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

/* An event that is to come, where the row has that function. */
static void want(unsigned int cpu, int row, int instance, bool up)
{
	if (up ? rows[row].up : rows[row].down)
		wanted[nr_wanted++] = (struct event){cpu, row, instance, up};
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

static int move(unsigned int cpu, int target)
{
	return (int)cpuhp_state_of(cpu) < target ? cpuhp_up(cpu, target) : cpuhp_down(cpu, target);
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
		if (row == CPUHP_AP_ONLINE_DYN_END)
			set_row(row, true, true, INSTANCES);
		if (row == CPUHP_WORKQUEUE_PREP || row == CPUHP_AP_DEAF_STARTING)
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

#endif
