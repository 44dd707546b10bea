/* SPDX-License-Identifier: BSD-2-Clause */
/* Idle states in the device tree: those that are whole are read, the others named. */
#include "tests/host/host.h"

#include <stdlib.h>
#include <string.h>

#include "core/fdt.h"
#include "tests/fdt/exercise.h"
#include "tests/fdt/tree.h"

static void *blob;
static struct fdt_cpu *cpus;
static struct fdt_idle_state states[FDT_MAX_IDLE];

static void add_state(struct tree *t, const char *name, uint32_t phandle, uint32_t type,
		      uint32_t exit_us)
{
	tree_begin(t, name);
	tree_string(t, "compatible", "riscv,idle-state");
	TREE_CELLS(t, "phandle", phandle);
	TREE_CELLS(t, "riscv,sbi-suspend-param", type);
	TREE_CELLS(t, "entry-latency-us", 20);
	if (exit_us)
		TREE_CELLS(t, "exit-latency-us", exit_us);
	TREE_CELLS(t, "min-residency-us", 100);
}

/* One hart, which lists these phandles. */
static void begin(struct tree *t, const uint32_t *list, size_t n)
{
	tree_start(t);
	tree_root(t);
	tree_memory(t, 0x80000000, 0x40000000, -1);
	tree_cpus(t, 1);
	tree_begin(t, "cpu@0");
	TREE_CELLS(t, "reg", 0);
	tree_string(t, "mmu-type", "riscv,sv39");
	tree_cells(t, "cpu-idle-states", list, n);
	tree_end(t);
	tree_begin(t, "idle-states");
}

static unsigned int read_states(struct tree *t, unsigned int max)
{
	size_t size;

	tree_end(t);
	tree_end(t);
	tree_end(t);
	free(blob);
	blob = tree_finish(t, &size);
	assert_int_equal(fdt_exercise(blob, size), 0);
	assert_int_equal(fdt_init(blob, size), 0);
	free(cpus);
	cpus = calloc(fdt_info.max_cpus, sizeof(*cpus));
	assert_non_null(cpus);
	assert_true(fdt_cpus_init(cpus, fdt_info.max_cpus) >= 1);
	host_log_clear();
	return fdt_idle_states(&cpus[0], states, max);
}

static void test_usual(void **state)
{
	static const uint32_t list[] = {11, 10};
	struct tree t;

	(void)state;
	begin(&t, list, 2);
	add_state(&t, "deep", 10, 0x90000001, 300);
	tree_empty(&t, "local-timer-stop");
	tree_end(&t);
	add_state(&t, "shallow", 11, 0x10000000, 40);
	tree_end(&t);
	assert_int_equal(read_states(&t, FDT_MAX_IDLE), 2);
	assert_string_equal(states[0].name, "shallow");
	assert_int_equal(states[0].suspend_type, 0x10000000);
	assert_int_equal(states[0].entry_us, 20);
	assert_int_equal(states[0].exit_us, 40);
	assert_int_equal(states[0].min_residency_us, 100);
	assert_false(states[0].timer_stops);
	assert_string_equal(states[1].name, "deep");
	assert_int_equal(states[1].suspend_type, 0x90000001);
	assert_true(states[1].timer_stops);
	assert_string_equal(host_log(), "");
	assert_int_equal(fdt_idle_states(&cpus[0], states, 1), 1);
	assert_int_equal(fdt_idle_states(&cpus[0], states, 0), 0);
}

static void test_broken(void **state)
{
	/* Not there; lacks a number; not an idle state; disabled; good. */
	static const uint32_t list[] = {99, 1, 2, 3, 4};
	struct tree t;

	(void)state;
	begin(&t, list, 5);
	add_state(&t, "no-exit", 1, 0, 0);
	tree_end(&t);
	tree_begin(&t, "other");
	tree_string(&t, "compatible", "arm,idle-state");
	TREE_CELLS(&t, "phandle", 2);
	tree_end(&t);
	add_state(&t, "off", 3, 0, 1);
	tree_string(&t, "status", "disabled");
	tree_end(&t);
	add_state(&t, "good", 4, 0, 1);
	tree_string(&t, "status", "okay");
	tree_end(&t);
	assert_int_equal(read_states(&t, FDT_MAX_IDLE), 1);
	assert_string_equal(states[0].name, "good");
	assert_non_null(strstr(host_log(), "no idle state has phandle 99"));
	assert_non_null(strstr(host_log(), "no-exit lacks"));
	assert_non_null(strstr(host_log(), "no idle state has phandle 2"));
	assert_null(strstr(host_log(), "off"));
}

static void test_none(void **state)
{
	struct tree t;

	(void)state;
	begin(&t, NULL, 0);
	assert_int_equal(read_states(&t, FDT_MAX_IDLE), 0);
	assert_string_equal(host_log(), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_none),
	};
	int failed = cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);

	free(cpus);
	free(blob);
	return failed;
}
