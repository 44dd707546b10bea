/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hotplug's ways up and down: a failure at each row in each direction, there and on the way back;
 * harts that do not come or do not go; injection.
 */
#include "tests/host/hotplug_world.h"

/*
 * The oracle's way: one row after the other, and at the first that fails back again. True if the
 * row fails.
 */
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

/* One row is injected at a time; the hart that does not come can also be the layer's above. */
static void set_plan(unsigned int cpu, unsigned int i, const struct plan *plan)
{
	if (plan->row && plan->instance < 0 && !per_cpu(cpuhp_state, cpu).fail)
		assert_int_equal(cpuhp_fail_set(plan->row, cpu, plan->up), 0);
	else
		plans[i] = *plan;
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
	plans[0] = (struct plan){CPUHP_AP_ONLINE_DYN_END, 0, true};
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

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(boot),		 cmocka_unit_test(fill),  cmocka_unit_test(each_prefix),
	cmocka_unit_test(starting_rows), cmocka_unit_test(harts), cmocka_unit_test(bad_targets),
	cmocka_unit_test(injection),
};
HOST_MAIN(tests)
