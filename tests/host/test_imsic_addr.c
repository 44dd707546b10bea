/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt file addresses: known layouts, and every hart of random ones by a second way of
 * counting.
 */
#include <errno.h>

#include "drivers/imsic_addr.h"
#include "tests/host/host.h"

#define PAGE 4096ULL

static void known_layouts(void **state)
{
	(void)state;
	/* QEMU virt, 4 harts, no guests. */
	struct imsic_geometry g = {.hart_bits = 2};
	struct imsic_region one = {0x28000000, 4 * PAGE};
	phys_addr_t addr;

	assert_int_equal(imsic_geometry_check(&g), 0);
	assert_int_equal(imsic_file_address(&g, &one, 1, 3, &addr), 0);
	assert_int_equal(addr, 0x28003000);
	assert_int_equal(imsic_hart_index(&g, addr), 3);
	assert_int_equal(imsic_file_address(&g, &one, 1, 4, &addr), -ENOENT);
	assert_int_equal(imsic_file_address(&g, &one, 0, 0, &addr), -ENOENT);

	/* QEMU virt, two sockets of two harts, aia-guests=3: a region each, 16 MiB apart. */
	struct imsic_geometry sockets = {
		.guest_bits = 2, .hart_bits = 1, .group_bits = 1, .group_shift = 24};
	struct imsic_region two[] = {{0x28000000, 8 * PAGE}, {0x29000000, 8 * PAGE}};

	assert_int_equal(imsic_geometry_check(&sockets), 0);
	assert_int_equal(imsic_file_address(&sockets, two, 2, 1, &addr), 0);
	assert_int_equal(addr, 0x28004000);
	assert_int_equal(imsic_hart_index(&sockets, addr), 1);
	assert_int_equal(imsic_file_address(&sockets, two, 2, 2, &addr), 0);
	assert_int_equal(addr, 0x29000000);
	assert_int_equal(imsic_hart_index(&sockets, addr), 2);
	assert_int_equal(imsic_file_address(&sockets, two, 2, 3, &addr), 0);
	assert_int_equal(imsic_hart_index(&sockets, addr), 3);
	assert_int_equal(imsic_file_address(&sockets, two, 2, 4, &addr), -ENOENT);
}

/* A region may end behind the last hart's own file, before its guests'. */
static void cut_region(void **state)
{
	(void)state;
	struct imsic_geometry g = {.guest_bits = 2, .hart_bits = 1};
	struct imsic_region r = {0x28000000, 5 * PAGE};
	phys_addr_t addr;

	assert_int_equal(imsic_file_address(&g, &r, 1, 1, &addr), 0);
	assert_int_equal(addr, 0x28004000);
	r.size = 5 * PAGE - 1;
	assert_int_equal(imsic_file_address(&g, &r, 1, 1, &addr), -ENOENT);
}

static void default_hart_bits(void **state)
{
	(void)state;
	static const unsigned int rows[][2] = {{0, 0}, {1, 0}, {2, 1},	{3, 2},
					       {4, 2}, {5, 3}, {64, 6}, {65, 7}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(imsic_default_hart_bits(rows[i][0]), rows[i][1]);
}

static void bad_geometry(void **state)
{
	(void)state;
	static const struct imsic_geometry bad[] = {
		{.guest_bits = 15},
		{.hart_bits = 15},
		{.group_bits = 15, .group_shift = 30},
		{.hart_bits = 8, .group_bits = 7, .group_shift = 30},
		{.guest_bits = ~0U, .hart_bits = 1},
		{.hart_bits = ~0U},
		/* The group's field overlaps the harts'. */
		{.guest_bits = 2, .hart_bits = 4, .group_bits = 1, .group_shift = 17},
		/* Beyond a physical address. */
		{.group_bits = 2, .group_shift = 55},
		{.group_bits = 1, .group_shift = ~0U},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(imsic_geometry_check(&bad[i]), -EINVAL);
	struct imsic_geometry touching = {
		.guest_bits = 2, .hart_bits = 4, .group_bits = 1, .group_shift = 18};
	assert_int_equal(imsic_geometry_check(&touching), 0);
}

/* Builds the address of hart h of group k field by field, and wants it back from both functions. */
static void random_layouts(void **state)
{
	(void)state;
	uint64_t seed = host_seed();

	for (int round = 0; round < 2000; round++) {
		struct imsic_geometry g = {.guest_bits = (unsigned int)(host_random(&seed) % 7),
					   .hart_bits = (unsigned int)(host_random(&seed) % 8),
					   .group_bits = (unsigned int)(host_random(&seed) % 4)};
		unsigned int low = IMSIC_FILE_SHIFT + g.guest_bits + g.hart_bits;

		g.group_shift = low + (unsigned int)(host_random(&seed) % (53 - low));
		if (g.group_shift + g.group_bits > 52)
			continue;
		assert_int_equal(imsic_geometry_check(&g), 0);

		struct imsic_region regions[8];
		unsigned int groups = 1U << g.group_bits, harts = 1U << g.hart_bits;
		phys_addr_t base = 1ULL << 54, addr;

		for (unsigned int k = 0; k < groups; k++)
			regions[k] = (struct imsic_region){base | (uint64_t)k << g.group_shift,
							   1ULL << low};
		for (int probe = 0; probe < 16; probe++) {
			unsigned int k = (unsigned int)(host_random(&seed) % groups);
			unsigned int h = (unsigned int)(host_random(&seed) % harts);
			phys_addr_t want = base | (uint64_t)k << g.group_shift |
					   (uint64_t)h << (IMSIC_FILE_SHIFT + g.guest_bits);

			assert_int_equal(
				imsic_file_address(&g, regions, groups, k * harts + h, &addr), 0);
			assert_int_equal(addr, want);
			assert_int_equal(imsic_hart_index(&g, addr), k * harts + h);
		}
		assert_int_equal(imsic_file_address(&g, regions, groups, groups * harts, &addr),
				 -ENOENT);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(known_layouts), cmocka_unit_test(cut_region),
	cmocka_unit_test(default_hart_bits), cmocka_unit_test(bad_geometry),
	cmocka_unit_test(random_layouts)};
HOST_MAIN(tests)
