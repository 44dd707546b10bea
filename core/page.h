/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages of RAM, in blocks of powers of two, from the memory node that they are wanted on. */
#ifndef CORE_PAGE_H
#define CORE_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "arch/riscv/page.h"
#include "core/compiler.h"
#include "percpu/percpu.h"

/* No memory node in particular. Also the node of memory for which the device tree names none. */
#define NUMA_NO_NODE (-1)

/* Blocks are of 1 << order pages, aligned to their size: 4 KiB to 2 MiB. */
#define PAGE_MAX_ORDER 9

/*
 * The memory node of this cpu; NUMA_NO_NODE until INIT_PERCPU sets it for every cpu. Read wherever
 * NUMA_NO_NODE is asked for.
 */
DECLARE_PER_CPU(int, numa_node);

/*
 * Gives the pages that lie wholly in [start, end) to the allocator, as memory of that node: any
 * 32-bit id, ids need not follow one another. Costs the same for any size: a page of RAM is first
 * touched when it, or one near it, is first wanted. The range must be in the direct map. Regions
 * and nodes are kept in the memory itself, so there may be any number. A range that cannot be used
 * is left out with a pr_err that names it and the reason: -EINVAL (fewer than two whole pages),
 * -EEXIST (overlaps one given before). Boot hart, before other harts start.
 */
int page_add_region(int node, phys_addr_t start, phys_addr_t end);

/*
 * A block of 1 << order pages in the direct map, of any content, or NULL if no node has one or
 * order is above PAGE_MAX_ORDER. NUMA_NO_NODE means this cpu's node. When that node has none left,
 * the others are tried, in order of how far their ids are from it. Any context.
 */
void *page_alloc(int node, unsigned int order);

/* The same, zeroed. */
void *page_zalloc(int node, unsigned int order);

/*
 * Gives back a block, whole; NULL is ignored. Panics, naming address and mistake, on a double free,
 * a wrong order, an address inside a block, and one that was not handed out by page_alloc. Any
 * context.
 */
void page_free(void *block, unsigned int order);

/* The lowest order whose blocks hold size bytes; above PAGE_MAX_ORDER if none does. */
unsigned int page_order(size_t size);

/*
 * The memory node that an address in the direct map belongs to, NUMA_NO_NODE for memory not managed
 * here. Any context.
 */
int page_to_node(const void *address);

/* All in pages. total = used + meta + free; memory in use is used + meta. */
struct page_stats {
	int node;
	unsigned long total; /* given by page_add_region */
	unsigned long used;  /* handed out now */
	unsigned long
		meta; /* the allocator's own; grows by 1 page in 4096 as memory is first used */
	unsigned long free; /* the rest; less than 1/4096 of it will become meta */
	unsigned long peak; /* highest used + meta so far */
};

/* Of all nodes together; node is NUMA_NO_NODE, peak the sum of the nodes' peaks. Any context. */
void page_stats(struct page_stats *sum);

/* Of the index-th node in order of ids; false when there are not so many. Any context. */
bool page_node_stats(unsigned int index, struct page_stats *stats);

#endif
