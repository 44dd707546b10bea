/* SPDX-License-Identifier: BSD-2-Clause */
/* The device tree reader: memory, reservations, /chosen, and content that makes no sense. */
#include "tests/host/host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/fdt.h"
#include "tests/fdt/exercise.h"
#include "tests/fdt/tree.h"

#define GIB (1ULL << 30)

static void *blob;

/*
 * Ends a tree whose root is open, reads it, and checks on the way all that must hold for any tree.
 */
static int read_tree(struct tree *t)
{
	size_t size;
	int err;

	tree_end(t);
	free(blob);
	blob = tree_finish(t, &size);
	assert_int_equal(fdt_exercise(blob, size), 0);
	host_log_clear();
	err = fdt_init(blob, size);
	return err;
}

static void check_ram(unsigned int i, uint64_t start, uint64_t end, int node)
{
	assert_true(i < fdt_info.nr_memory);
	assert_int_equal(fdt_info.memory[i].start, start);
	assert_int_equal(fdt_info.memory[i].end, end);
	assert_int_equal(fdt_info.memory[i].node, node);
}

static void check_kept(unsigned int i, uint64_t start, uint64_t end, const char *name, bool no_map)
{
	assert_true(i < fdt_info.nr_reserved);
	assert_int_equal(fdt_info.reserved[i].start, start);
	assert_int_equal(fdt_info.reserved[i].end, end);
	assert_string_equal(fdt_info.reserved[i].name, name);
	assert_int_equal(fdt_info.reserved[i].no_map, no_map);
}

static void check_warned(unsigned int n, const char *text)
{
	assert_int_equal(fdt_info.warnings, n);
	if (!strstr(host_log(), text))
		fail_msg("no \"%s\" in \"%s\"", text, host_log());
}

static void test_usual(void **state)
{
	struct tree t;

	(void)state;
	tree_usual(&t, 2);
	assert_int_equal(read_tree(&t), 0);
	assert_int_equal(fdt_info.nr_memory, 1);
	check_ram(0, 0x80000000, 0xc0000000, FDT_NO_NODE);
	assert_int_equal(fdt_info.nr_reserved, 0);
	assert_int_equal(fdt_info.timebase_hz, 10000000);
	assert_int_equal(fdt_info.max_cpus, 2);
	assert_string_equal(fdt_info.bootargs, "");
	assert_string_equal(fdt_info.stdout_path, "");
	assert_string_equal(fdt_info.model, "");
	assert_int_equal(fdt_info.warnings, 0);
	assert_string_equal(host_log(), "");
}

static void test_chosen(void **state)
{
	struct tree t;

	(void)state;
	tree_usual(&t, 1);
	tree_begin(&t, "chosen");
	tree_string(&t, "bootargs", "quiet test=all");
	tree_string(&t, "stdout-path", "/soc/serial@10000000:115200n8");
	TREE_CELLS(&t, "linux,initrd-start", 0x88000000);
	TREE_CELLS(&t, "linux,initrd-end", 0, 0x88001800);
	tree_end(&t);
	assert_int_equal(read_tree(&t), 0);
	assert_string_equal(fdt_info.bootargs, "quiet test=all");
	assert_string_equal(fdt_info.stdout_path, "/soc/serial@10000000:115200n8");
	assert_int_equal(fdt_info.nr_reserved, 1);
	check_kept(0, 0x88000000, 0x88001800, "initrd", false);
	assert_int_equal(fdt_info.warnings, 0);
}

static void test_chosen_senseless(void **state)
{
	struct tree t;

	(void)state;
	tree_usual(&t, 1);
	tree_begin(&t, "chosen");
	tree_bytes(&t, "bootargs", "quiet", 5);
	tree_bytes(&t, "stdout-path", "", 0);
	TREE_CELLS(&t, "linux,initrd-start", 0x88001800);
	TREE_CELLS(&t, "linux,initrd-end", 0x88000000);
	tree_end(&t);
	tree_begin(&t, "chosen");
	tree_string(&t, "bootargs", "second");
	tree_end(&t);
	assert_int_equal(read_tree(&t), 0);
	assert_string_equal(fdt_info.bootargs, "");
	assert_int_equal(fdt_info.nr_reserved, 0);
	check_warned(4, "/chosen: bootargs is not a terminated string");
	check_warned(4, "/chosen: stdout-path is not a terminated string");
	check_warned(4, "/chosen: the initrd ends before it starts");
	check_warned(4, "/chosen: second node of that name");
}

static void test_initrd_of_odd_length(void **state)
{
	struct tree t;

	(void)state;
	tree_usual(&t, 1);
	tree_begin(&t, "chosen");
	TREE_CELLS(&t, "linux,initrd-start", 1, 2, 3);
	TREE_CELLS(&t, "linux,initrd-end", 0x88000000);
	tree_end(&t);
	assert_int_equal(read_tree(&t), 0);
	assert_int_equal(fdt_info.nr_reserved, 0);
	check_warned(1, "/chosen: linux,initrd-start is 12 bytes long");
}

/* Four nodes, one of them above 4 GiB, one of two ranges, and three nodes that do not count. */
static void test_memory_nodes(void **state)
{
	struct tree t;

	(void)state;
	tree_start(&t);
	tree_root(&t);
	tree_string(&t, "model", "test,numa");
	tree_memory(&t, 0x80000000, GIB, 0);
	tree_memory(&t, 0xc0000000, GIB, 1);
	tree_memory(&t, 0x100000000, 4 * GIB, 2);
	tree_begin(&t, "memory@880000000");
	TREE_CELLS(&t, "reg", 8, 0x80000000, 0, 0x1000, 9, 0, 1, 0);
	TREE_CELLS(&t, "numa-node-id", 3);
	tree_end(&t);
	tree_begin(&t, "memory@a00000000");
	TREE_CELLS(&t, "reg", 10, 0, 1, 0);
	tree_string(&t, "status", "disabled");
	tree_end(&t);
	tree_begin(&t, "memory@0");
	TREE_CELLS(&t, "reg", 0, 0, 0, 0);
	tree_end(&t);
	tree_begin(&t, "memory-controller@1000");
	TREE_CELLS(&t, "reg", 0, 0x1000, 0, 0x1000);
	tree_end(&t);
	tree_cpus(&t, 1);
	tree_cpu(&t, 0, 1);
	tree_end(&t);
	assert_int_equal(read_tree(&t), 0);
	assert_string_equal(fdt_info.model, "test,numa");
	assert_int_equal(fdt_info.nr_memory, 5);
	check_ram(0, 0x80000000, 0xc0000000, 0);
	check_ram(1, 0xc0000000, 0x100000000, 1);
	check_ram(2, 0x100000000, 0x200000000, 2);
	check_ram(3, 0x880000000, 0x880001000, 3);
	check_ram(4, 0x900000000, 0xa00000000, 3);
	assert_int_equal(fdt_info.warnings, 0);
}

/* The widths of addresses and sizes are the root's: 1 and 1 here. */
static void test_memory_one_cell(void **state)
{
	struct tree t;

	(void)state;
	tree_start(&t);
	tree_begin(&t, "");
	TREE_CELLS(&t, "#address-cells", 1);
	TREE_CELLS(&t, "#size-cells", 1);
	tree_begin(&t, "memory");
	TREE_CELLS(&t, "reg", 0x40000000, 0x10000000);
	tree_end(&t);
	tree_cpus(&t, 1);
	tree_cpu(&t, 0, 1);
	tree_end(&t);
	assert_int_equal(read_tree(&t), 0);
	check_ram(0, 0x40000000, 0x50000000, FDT_NO_NODE);
}

/* Without the properties the specification's 2 and 1 hold. */
static void test_memory_default_cells(void **state)
{
	struct tree t;

	(void)state;
	tree_start(&t);
	tree_begin(&t, "");
	tree_begin(&t, "memory@880000000");
	TREE_CELLS(&t, "reg", 8, 0x80000000, 0x10000000);
	tree_end(&t);
	tree_cpus(&t, 1);
	tree_cpu(&t, 0, 1);
	tree_end(&t);
	assert_int_equal(read_tree(&t), 0);
	check_ram(0, 0x880000000, 0x890000000, FDT_NO_NODE);
}

static void test_memory_senseless(void **state)
{
	struct tree t;

	(void)state;
	tree_usual(&t, 1);
	tree_begin(&t, "memory@1");
	tree_end(&t);
	tree_begin(&t, "memory@2");
	TREE_CELLS(&t, "reg", 0, 0xd0000000, 0, 0x1000, 0);
	TREE_CELLS(&t, "numa-node-id", 0x80000000);
	tree_end(&t);
	tree_begin(&t, "memory@3");
	tree_bytes(&t, "reg", "abc", 3);
	tree_end(&t);
	tree_begin(&t, "memory@4");
	TREE_CELLS(&t, "reg", 0xffffffff, 0xffff0000, 0, 0x1000);
	tree_end(&t);
	tree_begin(&t, "memory@5");
	TREE_CELLS(&t, "reg", 0, 0xe0000000, 0xffffffff, 0xffffffff);
	tree_bytes(&t, "numa-node-id", "", 0);
	tree_end(&t);
	tree_begin(&t, "memory@6");
	TREE_CELLS(&t, "reg", 0, 0xe0000000, 0, 0x1000);
	tree_bytes(&t, "status", "okay", 4);
	tree_end(&t);
	assert_int_equal(read_tree(&t), 0);
	assert_int_equal(fdt_info.nr_memory, 3);
	check_ram(0, 0x80000000, 0xc0000000, FDT_NO_NODE);
	check_ram(1, 0xd0000000, 0xd0001000, FDT_NO_NODE);
	check_ram(2, 0xe0000000, FDT_PHYS_END, FDT_NO_NODE);
	check_warned(8, "/memory@1: no reg");
	check_warned(8, "/memory@2: reg of 20 bytes is no list of entries of 16");
	check_warned(8, "/memory@2: numa-node-id 2147483648 is too large");
	check_warned(8, "/memory@3: reg of 3 bytes");
	check_warned(8, "/memory@4: 0xffffffffffff0000 is beyond 56 bits");
	check_warned(8, "/memory@5: size 0xffffffffffffffff at 0xe0000000 passes 56 bits");
	check_warned(8, "/memory@5: numa-node-id is 0 bytes long");
	check_warned(8, "/memory@6: status is not a terminated string");
}

static void test_bad_cells(void **state)
{
	static const uint32_t senseless[][2] = {{0, 2}, {3, 1}, {2, 0},
						{2, 3}, {5, 1}, {1, UINT32_MAX}};
	struct tree t;
	size_t size;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(senseless); i++) {
		tree_start(&t);
		tree_begin(&t, "");
		TREE_CELLS(&t, "#address-cells", senseless[i][0]);
		TREE_CELLS(&t, "#size-cells", senseless[i][1]);
		tree_begin(&t, "memory@80000000");
		TREE_CELLS(&t, "reg", 0, 0x80000000, 0, 0x10000000, 1, 1, 1, 1);
		tree_end(&t);
		tree_cpus(&t, 1);
		tree_cpu(&t, 0, 1);
		tree_end(&t);
		tree_end(&t);
		free(blob);
		blob = tree_finish(&t, &size);
		host_log_clear();
		assert_int_equal(fdt_exercise(blob, size), -ENODEV);
		assert_non_null(strstr(host_log(), "/memory@80000000: reg needs 1 or 2 cells"));
		assert_non_null(strstr(host_log(), "no usable memory"));
	}
}

/* A list of 70000 ranges in one property: what fits is taken, the rest is named once. */
static void test_huge_reg(void **state)
{
	enum { RANGES = 70000 };
	uint32_t *cells = calloc(RANGES, 4 * sizeof(*cells));
	struct tree t;

	(void)state;
	assert_non_null(cells);
	for (uint32_t i = 0; i < RANGES; i++) {
		cells[4 * i] = 1;
		cells[4 * i + 1] = i * 0x4000;
		cells[4 * i + 3] = 0x1000;
	}
	tree_usual(&t, 1);
	tree_begin(&t, "memory@100000000");
	tree_cells(&t, "reg", cells, 4 * RANGES);
	tree_end(&t);
	free(cells);
	assert_int_equal(read_tree(&t), 0);
	assert_int_equal(fdt_info.nr_memory, FDT_MAX_MEMORY);
	check_ram(FDT_MAX_MEMORY - 1, 0x100000000 + (FDT_MAX_MEMORY - 2) * 0x4000,
		  0x100000000 + (FDT_MAX_MEMORY - 2) * 0x4000 + 0x1000, FDT_NO_NODE);
	check_warned(1, "/memory@100000000: 69937 ranges are more than 64 in all");
}

static void test_reservations(void **state)
{
	struct tree t;

	(void)state;
	tree_usual(&t, 1);
	tree_reserve(&t, 0x80000000, 0x20000);
	tree_reserve(&t, 0x90000000, 0);
	tree_reserve(&t, 0xffffffffffffffff, 0x1000);
	tree_begin(&t, "reserved-memory");
	TREE_CELLS(&t, "#address-cells", 2);
	TREE_CELLS(&t, "#size-cells", 2);
	tree_empty(&t, "ranges");
	tree_begin(&t, "mmode_resv0@80000000");
	TREE_CELLS(&t, "reg", 0, 0x80000000, 0, 0x40000);
	tree_empty(&t, "no-map");
	tree_end(&t);
	tree_begin(&t, "two@a0000000");
	TREE_CELLS(&t, "reg", 0, 0xa0000000, 0, 0x1000, 0, 0xa0002000, 0, 0x800);
	tree_end(&t);
	tree_begin(&t, "dynamic");
	TREE_CELLS(&t, "size", 0, 0x100000);
	tree_end(&t);
	tree_begin(&t, "off@b0000000");
	TREE_CELLS(&t, "reg", 0, 0xb0000000, 0, 0x1000);
	tree_string(&t, "status", "disabled");
	tree_end(&t);
	tree_end(&t);
	/* A second node of that name counts as well. */
	tree_begin(&t, "reserved-memory");
	TREE_CELLS(&t, "#address-cells", 1);
	TREE_CELLS(&t, "#size-cells", 1);
	tree_begin(&t, "more");
	TREE_CELLS(&t, "reg", 0xb8000000, 0x1000);
	tree_end(&t);
	tree_end(&t);
	assert_int_equal(read_tree(&t), 0);
	assert_int_equal(fdt_info.nr_reserved, 5);
	check_kept(0, 0x80000000, 0x80020000, "memreserve", false);
	check_kept(1, 0x80000000, 0x80040000, "mmode_resv0@80000000", true);
	check_kept(2, 0xa0000000, 0xa0001000, "two@a0000000", false);
	check_kept(3, 0xa0002000, 0xa0002800, "two@a0000000", false);
	check_kept(4, 0xb8000000, 0xb8001000, "more", false);
	check_warned(2, "0xffffffffffffffff is beyond 56 bits");
	check_warned(2, "/reserved-memory: ranges is not empty");
}

/*
 * More reservations than there is room for: every one stays covered, and no-map prefers its like.
 */
static void test_reserved_overflow(void **state)
{
	enum { MAPPED = FDT_MAX_RESERVED - 1, EXTRA = 40 };
	struct tree t;

	(void)state;
	tree_usual(&t, 1);
	for (uint64_t i = 0; i < MAPPED; i++)
		tree_reserve(&t, 0x81000000 + i * 0x10000, 0x1000);
	tree_begin(&t, "reserved-memory");
	TREE_CELLS(&t, "#address-cells", 2);
	TREE_CELLS(&t, "#size-cells", 2);
	tree_empty(&t, "ranges");
	tree_begin(&t, "secret");
	TREE_CELLS(&t, "reg", 0, 0x80000000, 0, 0x40000);
	tree_empty(&t, "no-map");
	tree_end(&t);
	for (uint32_t i = 0; i < EXTRA; i++) {
		tree_begin(&t, "extra");
		TREE_CELLS(&t, "reg", 0, 0x81008000 + i * 0x10000, 0, 0x1000);
		tree_end(&t);
	}
	/* This one lies within another. */
	tree_begin(&t, "inside");
	TREE_CELLS(&t, "reg", 0, 0x81000000, 0, 0x800);
	tree_end(&t);
	tree_begin(&t, "secret2");
	TREE_CELLS(&t, "reg", 0, 0x80f00000, 0, 0x1000);
	tree_empty(&t, "no-map");
	tree_end(&t);
	tree_end(&t);
	assert_int_equal(read_tree(&t), 0);
	assert_int_equal(fdt_info.nr_reserved, FDT_MAX_RESERVED);
	check_kept(MAPPED, 0x80000000, 0x80f01000, "several", true);
	for (uint64_t i = 0; i < MAPPED + EXTRA; i++) {
		uint64_t start =
			0x81000000 + (i < MAPPED ? i * 0x10000 : (i - MAPPED) * 0x10000 + 0x8000);
		bool covered = false;

		for (unsigned int k = 0; k < fdt_info.nr_reserved; k++)
			covered |= fdt_info.reserved[k].start <= start &&
				   start + 0x1000 <= fdt_info.reserved[k].end &&
				   !fdt_info.reserved[k].no_map;
		assert_true(covered);
	}
	check_warned(EXTRA + 2, "one range more than 64");
	assert_non_null(strstr(host_log(), "26 more faults in the tree, not shown"));
}

/* NOPs may stand anywhere between tokens (5.4.1). */
static void test_nops(void **state)
{
	struct tree t;

	(void)state;
	tree_start(&t);
	tree_word(&t, 4);
	tree_root(&t);
	tree_word(&t, 4);
	tree_word(&t, 4);
	tree_memory(&t, 0x80000000, GIB, -1);
	tree_cpus(&t, 1);
	tree_word(&t, 4);
	tree_cpu(&t, 0, 1);
	tree_word(&t, 4);
	tree_end(&t);
	tree_word(&t, 4);
	assert_int_equal(read_tree(&t), 0);
	assert_int_equal(fdt_info.warnings, 0);
	assert_int_equal(fdt_info.max_cpus, 1);
}

/* As deep as is read, and deeper, and very much deeper. */
static void test_deep(void **state)
{
	static const unsigned int depths[] = {FDT_MAX_DEPTH - 1, FDT_MAX_DEPTH, 100, 100000};
	struct tree t;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(depths); i++) {
		tree_usual(&t, 1);
		for (unsigned int d = 0; d < depths[i]; d++)
			tree_begin(&t, "n");
		tree_string(&t, "compatible", "test,deep");
		for (unsigned int d = 0; d < depths[i]; d++)
			tree_end(&t);
		tree_memory(&t, 0x100000000, GIB, -1);
		assert_int_equal(read_tree(&t), 0);
		assert_int_equal(fdt_info.nr_memory, 2);
		if (i == 0)
			check_warned(0, "");
		else
			check_warned(1, "/n/n/n/n/n/n/n/n/n/n/n/n/n/n/n: nodes deeper than 15");
	}
}

static void test_properties_after_subnodes(void **state)
{
	struct tree t;

	(void)state;
	tree_usual(&t, 1);
	tree_string(&t, "model", "too late");
	assert_int_equal(read_tree(&t), 0);
	assert_string_equal(fdt_info.model, "");
	check_warned(1, "/: property after a subnode");
}

/* The first of two properties of one name counts, as in libfdt. */
static void test_property_twice(void **state)
{
	struct tree t;

	(void)state;
	tree_usual(&t, 1);
	tree_begin(&t, "chosen");
	tree_string(&t, "bootargs", "first");
	tree_string(&t, "bootargs", "second");
	tree_end(&t);
	assert_int_equal(read_tree(&t), 0);
	assert_string_equal(fdt_info.bootargs, "first");
}

/*
 * Strings may share their tails: "reg" may begin inside "areg". Names far apart in a long block
 * share a slot.
 */
static void test_shared_strings(void **state)
{
	struct tree t;
	char name[32];

	(void)state;
	tree_start(&t);
	tree_begin(&t, "");
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "unknown-%d", i);
		tree_empty(&t, name);
	}
	TREE_CELLS(&t, "a#address-cells", 7);
	TREE_CELLS(&t, "#size-cells", 2);
	tree_word(&t, 3);
	tree_word(&t, 4);
	for (size_t at = 0; at < t.strings.len; at++) {
		if (!strcmp((char *)t.strings.data + at, "#address-cells"))
			tree_word(&t, at);
	}
	tree_word(&t, 2);
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "unknown-%d", i);
		tree_empty(&t, name);
	}
	tree_memory(&t, 0x80000000, GIB, -1);
	tree_cpus(&t, 1);
	tree_cpu(&t, 0, 1);
	tree_end(&t);
	assert_int_equal(read_tree(&t), 0);
	check_ram(0, 0x80000000, 0xc0000000, FDT_NO_NODE);
	assert_int_equal(fdt_info.warnings, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_chosen),
		cmocka_unit_test(test_chosen_senseless),
		cmocka_unit_test(test_initrd_of_odd_length),
		cmocka_unit_test(test_memory_nodes),
		cmocka_unit_test(test_memory_one_cell),
		cmocka_unit_test(test_memory_default_cells),
		cmocka_unit_test(test_memory_senseless),
		cmocka_unit_test(test_bad_cells),
		cmocka_unit_test(test_huge_reg),
		cmocka_unit_test(test_reservations),
		cmocka_unit_test(test_reserved_overflow),
		cmocka_unit_test(test_nops),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_properties_after_subnodes),
		cmocka_unit_test(test_property_twice),
		cmocka_unit_test(test_shared_strings),
	};
	int failed = cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);

	free(blob);
	return failed;
}
