/* SPDX-License-Identifier: BSD-2-Clause */
/* The map of RAM: by hand where a case has a name, against a page-by-page model for the rest. */
#include "tests/host/host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/memmap.h"

#define GIB  (1ULL << 30)
#define MIB  (1ULL << 20)
#define PAGE 4096ULL

static struct memmap map;
static struct fdt_memory memory[FDT_MAX_MEMORY];
static struct fdt_reserved reserved[FDT_MAX_RESERVED];
static struct memmap_input in;

/* An input with a kernel at 2 MiB of the first GiB and a tree; RAM and reservations to be added. */
static void begin(void)
{
	in = (struct memmap_input){.memory = memory,
				   .reserved = reserved,
				   .kernel_start = 0x80200000,
				   .kernel_end = 0x80240000,
				   .fdt_start = 0xbfe00000,
				   .fdt_end = 0xbfe01234,
				   .direct_map_size = 128 * GIB};
	host_log_clear();
}

static void ram(uint64_t start, uint64_t end, int node)
{
	memory[in.nr_memory++] = (struct fdt_memory){start, end, node};
}

static void keep(uint64_t start, uint64_t end, const char *name, bool no_map)
{
	reserved[in.nr_reserved++] = (struct fdt_reserved){start, end, name, no_map};
}

static void check(const struct mem_range *list, unsigned int i, unsigned int n, uint64_t start,
		  uint64_t end, int node)
{
	assert_true(i < n);
	assert_int_equal(list[i].start, start);
	assert_int_equal(list[i].end, end);
	assert_int_equal(list[i].node, node);
}

#define CHECK_RAM(i, s, e, node)    check(map.ram, i, map.nr_ram, s, e, node)
#define CHECK_FREE(i, s, e, node)   check(map.free, i, map.nr_free, s, e, node)
#define CHECK_MAPPED(i, s, e, node) check(map.mapped, i, map.nr_mapped, s, e, node)

static void check_said(const char *text)
{
	if (!strstr(host_log(), text))
		fail_msg("no \"%s\" in \"%s\"", text, host_log());
}

static void test_usual(void **state)
{
	(void)state;
	begin();
	ram(0x80000000, 0xc0000000, FDT_NO_NODE);
	keep(0x80000000, 0x80040000, "mmode_resv0", true);
	keep(0x80040000, 0x80060000, "mmode_resv1", true);
	assert_int_equal(memmap_build(&map, &in), 0);
	assert_int_equal(map.base, 0x80000000);
	assert_int_equal(map.nr_ram, 1);
	CHECK_RAM(0, 0x80000000, 0xc0000000, FDT_NO_NODE);
	assert_int_equal(map.nr_mapped, 1);
	CHECK_MAPPED(0, 0x80060000, 0xc0000000, FDT_NO_NODE);
	assert_int_equal(map.nr_free, 3);
	CHECK_FREE(0, 0x80060000, 0x80200000, FDT_NO_NODE);
	CHECK_FREE(1, 0x80240000, 0xbfe00000, FDT_NO_NODE);
	CHECK_FREE(2, 0xbfe02000, 0xc0000000, FDT_NO_NODE);
	assert_int_equal(map.nr_kept, 4);
	assert_string_equal(map.kept[2].name, "kernel");
	assert_string_equal(map.kept[3].name, "device tree");
	assert_string_equal(host_log(), "");
}

/* No word of the firmware in the tree: what lies below the kernel is kept. */
static void test_silent_firmware(void **state)
{
	(void)state;
	begin();
	ram(0x80000000, 0x80100000, 0);
	ram(0x80100000, 0xc0000000, 1);
	keep(0x90000000, 0x90001000, "other", false);
	assert_int_equal(memmap_build(&map, &in), 0);
	CHECK_FREE(0, 0x80240000, 0x90000000, 1);
	assert_string_equal(map.kept[0].name, "firmware");
	assert_int_equal(map.kept[0].start, 0x80000000);
	check_said("keeps nothing for firmware: all from 0x80000000");
	/* A hole in RAM ends what is the firmware's. */
	begin();
	ram(0x80000000, 0x80100000, 0);
	ram(0x80180000, 0xc0000000, 0);
	assert_int_equal(memmap_build(&map, &in), 0);
	CHECK_FREE(0, 0x80000000, 0x80100000, 0);
	CHECK_FREE(1, 0x80240000, 0xbfe00000, 0);
	/* A kernel at the very start of RAM leaves no room for firmware. */
	begin();
	ram(0x80200000, 0xc0000000, 0);
	assert_int_equal(memmap_build(&map, &in), 0);
	assert_string_equal(host_log(), "");
}

static void test_kernel_outside_of_ram(void **state)
{
	(void)state;
	begin();
	ram(0x90000000, 0xa0000000, 0);
	assert_int_equal(memmap_build(&map, &in), 0);
	check_said("the kernel at 0x80200000 lies in no memory node");
	CHECK_FREE(0, 0x90000000, 0xa0000000, 0);
}

static void test_overlapping_nodes(void **state)
{
	(void)state;
	begin();
	in.kernel_start = in.kernel_end = in.fdt_start = in.fdt_end = 0;
	ram(0x90000000, 0xa0000000, 1);
	ram(0x80000000, 0xb0000000, 2);
	ram(0x80000000, 0xc0000000, 1);
	ram(0x90000000, 0x90001000, 3);
	assert_int_equal(memmap_build(&map, &in), 0);
	assert_int_equal(map.nr_ram, 4);
	CHECK_RAM(0, 0x80000000, 0x90000000, 2);
	CHECK_RAM(1, 0x90000000, 0xa0000000, 1);
	CHECK_RAM(2, 0xa0000000, 0xb0000000, 2);
	CHECK_RAM(3, 0xb0000000, 0xc0000000, 1);
	check_said("0x80000000-0xb0000000: 262144 KiB of it are in an earlier memory node");
	check_said("0x90000000-0x90001000: 4 KiB");
}

static void test_neighbours_join(void **state)
{
	(void)state;
	begin();
	ram(0xa0000000, 0xc0000000, 0);
	ram(0x80000000, 0xa0000000, 0);
	ram(0xc0000000, 0xd0000000, 1);
	assert_int_equal(memmap_build(&map, &in), 0);
	assert_int_equal(map.nr_ram, 2);
	CHECK_RAM(0, 0x80000000, 0xc0000000, 0);
	CHECK_RAM(1, 0xc0000000, 0xd0000000, 1);
}

static void test_odd_edges(void **state)
{
	(void)state;
	begin();
	ram(0x80000001, 0x80fffffe, 0);
	ram(0x81000010, 0x81000fff, 0);
	keep(0x80001fff, 0x80002001, "odd", true);
	keep(0x80003000, 0x80003000, "empty", false);
	assert_int_equal(memmap_build(&map, &in), 0);
	assert_int_equal(map.nr_ram, 1);
	CHECK_RAM(0, 0x80001000, 0x80fff000, 0);
	CHECK_FREE(0, 0x80003000, 0x80200000, 0);
	CHECK_MAPPED(0, 0x80003000, 0x80fff000, 0);
}

/* RAM that begins at an odd gigabyte, reaches over 4 GiB and beyond what the direct map holds. */
static void test_out_of_reach(void **state)
{
	(void)state;
	begin();
	in.direct_map_size = 8 * GIB;
	ram(0x80200000, 0xc0000000, 0);
	ram(4 * GIB, 6 * GIB, 1);
	ram(9 * GIB, 11 * GIB, 2);
	ram(64 * GIB, 65 * GIB, 3);
	assert_int_equal(memmap_build(&map, &in), 0);
	assert_int_equal(map.base, 2 * GIB);
	assert_int_equal(map.nr_ram, 3);
	CHECK_RAM(1, 4 * GIB, 6 * GIB, 1);
	CHECK_RAM(2, 9 * GIB, 10 * GIB, 2);
	check_said("2048 MiB from 0x280000000 on are out of the direct map's reach");
}

static void test_nothing(void **state)
{
	(void)state;
	begin();
	assert_int_equal(memmap_build(&map, &in), -ENODEV);
	check_said("no RAM");
	begin();
	ram(0x80000800, 0x80001000, 0);
	assert_int_equal(memmap_build(&map, &in), -ENODEV);
	begin();
	ram(0x80000000, 0xc0000000, 0);
	keep(0x70000000, 0xd0000000, "all", false);
	assert_int_equal(memmap_build(&map, &in), -ENODEV);
	check_said("all RAM is reserved");
}

static int append(const struct mem_range *range, const char *what, bool mapped, void *arg)
{
	char *text = arg;

	sprintf(text + strlen(text), "%llx-%llx %s%s;", (unsigned long long)(range->start >> 20),
		(unsigned long long)(range->end >> 20), what, mapped ? "" : " unmapped");
	return strlen(text) > 400;
}

static void test_for_each(void **state)
{
	char text[512] = "";

	(void)state;
	begin();
	in.kernel_end = 0x80400000;
	in.fdt_end = 0xbff00000;
	ram(0x80000000, 0xc0000000, 0);
	ram(0x100000000, 0x140000000, 1);
	keep(0x80000000, 0x80100000, "firmware@80000000", true);
	keep(0x80080000, 0x80180000, "overlaps", false);
	keep(0xc0000000, 0x110000000, "over the hole", false);
	assert_int_equal(memmap_for_each(&(struct memmap){0}, append, text), 0);
	assert_string_equal(text, "");
	assert_int_equal(memmap_build(&map, &in), 0);
	assert_int_equal(memmap_for_each(&map, append, text), 0);
	assert_string_equal(text,
			    "800-801 firmware@80000000 unmapped;801-801 overlaps;801-802 free;"
			    "802-804 kernel;804-bfe free;bfe-bff device tree;bff-c00 free;"
			    "1000-1100 over the hole;1100-1400 free;");
	memset(text, ' ', 450);
	text[450] = '\0';
	assert_int_equal(memmap_for_each(&map, append, text), 1);
}

/* The same answer page by page: who owns it, is it kept, is it no-map. */
enum { PAGES = 512 };
static struct page {
	int node; /* -2: no RAM */
	bool kept, no_map;
} model[PAGES];

#define BASE (2 * GIB)

static void model_ram(const struct fdt_memory *m)
{
	for (uint64_t p = 0; p < PAGES; p++) {
		uint64_t at = BASE + p * PAGE;

		if (model[p].node == -2 && m->start <= at && at + PAGE <= m->end)
			model[p].node = m->node;
	}
}

static void model_kept(uint64_t start, uint64_t end, bool no_map)
{
	for (uint64_t p = 0; p < PAGES; p++) {
		uint64_t at = BASE + p * PAGE;

		if (start < end && start < at + PAGE && at < end) {
			model[p].kept = true;
			model[p].no_map |= no_map;
		}
	}
}

/*
 * Each page of the model is in the list exactly if wanted, with its node, and each range has one
 * neighbour less.
 */
static void compare(const struct mem_range *list, unsigned int n, bool with_kept, bool with_no_map)
{
	unsigned int i = 0, ranges = 0;

	for (uint64_t p = 0; p < PAGES; p++) {
		uint64_t at = BASE + p * PAGE;
		bool want = model[p].node != -2 && (with_kept || !model[p].kept) &&
			    (with_no_map || !model[p].no_map);

		while (i < n && list[i].end <= at)
			i++;
		assert_int_equal(i < n && list[i].start <= at, want);
		if (want) {
			assert_int_equal(list[i].node, model[p].node);
			ranges += list[i].start == at;
		}
	}
	assert_int_equal(ranges, n);
}

static uint64_t random_address(uint64_t *seed)
{
	uint64_t at = BASE + host_random(seed) % (PAGES * PAGE);

	return host_random(seed) % 4 ? at & ~(PAGE - 1) : at;
}

static void random_range(uint64_t *seed, uint64_t *start, uint64_t *end)
{
	*start = random_address(seed);
	*end = *start + 1 + host_random(seed) % (host_random(seed) % 2 ? 8 * PAGE : 100 * PAGE);
	*end = MIN(*end, BASE + PAGES * PAGE);
}

static void test_against_model(void **state)
{
	uint64_t seed = host_seed();

	(void)state;
	for (int round = 0; round < 20000; round++) {
		uint64_t start, end;
		bool full = round % 50 == 0;

		begin();
		in.direct_map_size = GIB;
		for (int p = 0; p < PAGES; p++)
			model[p] = (struct page){.node = -2};
		for (uint64_t n = full ? FDT_MAX_MEMORY : 1 + host_random(&seed) % 6; n; n--) {
			random_range(&seed, &start, &end);
			ram(start, end, (int)(host_random(&seed) % 4) - 1);
			model_ram(&memory[in.nr_memory - 1]);
		}
		for (uint64_t n = full ? FDT_MAX_RESERVED : host_random(&seed) % 8; n; n--) {
			random_range(&seed, &start, &end);
			keep(start, end, "x", host_random(&seed) % 3 == 0);
			model_kept(start, end, reserved[in.nr_reserved - 1].no_map);
		}
		random_range(&seed, &in.fdt_start, &in.fdt_end);
		model_kept(in.fdt_start, in.fdt_end, false);
		/* A kernel at a page of its own outside: no guess about firmware comes in. */
		in.kernel_start = BASE + PAGES * PAGE;
		in.kernel_end = in.kernel_start + PAGE;
		if (memmap_build(&map, &in)) {
			for (int p = 0; p < PAGES; p++)
				assert_true(model[p].node == -2 || model[p].kept);
			continue;
		}
		compare(map.ram, map.nr_ram, true, true);
		compare(map.free, map.nr_free, false, true);
		compare(map.mapped, map.nr_mapped, true, false);
		for (unsigned int i = 1; i < map.nr_kept; i++)
			assert_true(map.kept[i - 1].end <= map.kept[i].start);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_silent_firmware),
		cmocka_unit_test(test_kernel_outside_of_ram),
		cmocka_unit_test(test_overlapping_nodes),
		cmocka_unit_test(test_neighbours_join),
		cmocka_unit_test(test_odd_edges),
		cmocka_unit_test(test_out_of_reach),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_for_each),
		cmocka_unit_test(test_against_model),
	};

	return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
