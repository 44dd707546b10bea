/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hotplug's rows: registered, refused, removed while cpus are in any state; and everything at
 * random.
 */
#include "tests/host/hotplug_world.h"

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
	assert_int_equal(cpuhp_setup_state(CPUHP_WORKQUEUE_PREP, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(cpuhp_state_add_instance(CPUHP_AP_ONLINE_DYN_END,
						  &things[CPUHP_AP_ONLINE_DYN_END][1].node),
			 -EBUSY);
	assert_int_equal(cpuhp_state_remove_instance(CPUHP_AP_WORKQUEUE_ONLINE,
						     &things[CPUHP_AP_ONLINE_DYN_END][1].node),
			 -EINVAL);
	assert_string_equal(host_log(), "");
	cpuhp_remove_state(CPUHP_WORKQUEUE_PREP);
	assert_non_null(strstr(host_log(), "is not there"));
	host_log_clear();
	cpuhp_remove_state(CPUHP_AP_ONLINE);
	assert_non_null(strstr(host_log(), "is not there"));
	assert_int_equal(cpuhp_state_find("ap:online"), CPUHP_AP_ONLINE);
	assert_int_equal(nr_events, 0);

	/* Rows of nothing, and a multi row that is removed too early. */
	host_log_clear();
	assert_int_equal(cpuhp_setup_state(CPUHP_WORKQUEUE_PREP, "nothing", NULL, NULL), 0);
	assert_int_equal(cpuhp_down(1, CPUHP_OFFLINE), 0);
	assert_int_equal(cpuhp_up(1, CPUHP_ONLINE), 0);
	cpuhp_remove_state(CPUHP_WORKQUEUE_PREP);
	assert_int_equal(cpuhp_setup_state_multi(CPUHP_WORKQUEUE_PREP, "nothing", NULL, NULL), 0);
	assert_int_equal(cpuhp_state_add_instance(CPUHP_WORKQUEUE_PREP, &node), 0);
	assert_int_equal(cpuhp_down(1, CPUHP_OFFLINE), 0);
	assert_string_equal(host_log(), "");
	cpuhp_remove_state_nocalls(CPUHP_WORKQUEUE_PREP);
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
				   CPUHP_AP_ONLINE_DYN_END,  CPUHP_AP_SMPCFD_DYING,
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
		set_row(row, true, true, row == CPUHP_AP_ONLINE_DYN_END ? INSTANCES : 0);
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
	cmocka_unit_test(boot),	     cmocka_unit_test(fill),   cmocka_unit_test(refusals),
	cmocka_unit_test(late_rows), cmocka_unit_test(chance),
};
HOST_MAIN(tests)
