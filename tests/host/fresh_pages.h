/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page allocator as part of the test, so that each test can begin with one that has no memory.
 */
#ifndef TESTS_HOST_FRESH_PAGES_H
#define TESTS_HOST_FRESH_PAGES_H

#include "core/page.c"

#include <stdlib.h>
#include <sys/mman.h>

#include "tests/host/host.h"

#define RAM_START 0x80000000UL
#define RAM_SIZE  (20UL << 30)
#define RAM_END	  (RAM_START + RAM_SIZE)

/* No regions, no page of RAM touched. */
static void fresh_pages(void)
{
	if (!direct_map_offset)
		host_ram_init(RAM_START, RAM_SIZE);
	regions = NULL;
	lowest_node = NULL;
	numa_node = NUMA_NO_NODE;
	if (madvise(phys_to_virt(RAM_START), RAM_SIZE, MADV_DONTNEED))
		abort();
	host_log_clear();
}

/* RAM holds anything when a machine starts. */
static void add_dirty_region(int node, phys_addr_t start, phys_addr_t end)
{
	memset(phys_to_virt(start), 0x20, end - start);
	assert_int_equal(page_add_region(node, start, end), 0);
}

#endif
