/* SPDX-License-Identifier: BSD-2-Clause */
/* The map of RAM: what the direct map covers, what the page allocator may have, what is kept. */
#ifndef CORE_MEMMAP_H
#define CORE_MEMMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/compiler.h"
#include "core/fdt.h"

#define MEMMAP_MAX_RAM	(2 * FDT_MAX_MEMORY)
#define MEMMAP_MAX_KEPT (FDT_MAX_RESERVED + 8)
#define MEMMAP_MAX_FREE (MEMMAP_MAX_RAM + MEMMAP_MAX_KEPT)

struct mem_range {
	phys_addr_t start, end; /* bytes, page aligned, end not included */
	int node;		/* numa-node-id, or FDT_NO_NODE */
};

/* Facts that are not in the tree. */
struct memmap_input {
	const struct fdt_memory *memory;
	unsigned int nr_memory;
	const struct fdt_reserved *reserved;
	unsigned int nr_reserved;
	phys_addr_t kernel_start, kernel_end; /* the image with .bss */
	phys_addr_t fdt_start, fdt_end;	      /* the blob */
	uint64_t direct_map_size;	      /* bytes that the direct map can hold */
};

/*
 * Every list is sorted by address, without overlaps, page aligned and merged where neighbours
 * agree. base is the lowest RAM address rounded down to 1 GiB: the direct map starts there. ram:
 * all of RAM within the direct map's reach; free: what the page allocator may have; mapped: RAM
 * without what is no-map; kept: what is reserved, with a name for people.
 */
struct memmap {
	phys_addr_t base;
	unsigned int nr_ram, nr_free, nr_mapped, nr_kept;
	struct mem_range ram[MEMMAP_MAX_RAM];
	struct mem_range free[MEMMAP_MAX_FREE];
	struct mem_range mapped[MEMMAP_MAX_FREE];
	struct fdt_reserved kept[MEMMAP_MAX_KEPT];
};

/* The kernel's own; filled at boot, read only from then on. */
extern struct memmap memmap;

/*
 * Computes map from in. RAM that two nodes claim goes to the first named; RAM beyond base +
 * direct_map_size is left out; both are named by pr_warn. Partial pages at the edges of RAM are not
 * used, partial pages at the edges of what is kept are kept. If the tree keeps nothing between the
 * start of the RAM that holds the kernel and the kernel, firmware is taken to own all of that. 0,
 * or -ENODEV (no RAM, or none left free) after pr_err. Pure but for the messages: any context.
 */
int memmap_build(struct memmap *map, const struct memmap_input *in);

/*
 * Calls fn for each piece of RAM in address order until it returns non-zero, which is then
 * returned. what is "free" or the name of who keeps it; reserved ranges are cut to RAM. Any context
 * after memmap_build().
 */
typedef int (*memmap_fn)(const struct mem_range *range, const char *what, bool mapped, void *arg);
int memmap_for_each(const struct memmap *map, memmap_fn fn, void *arg);

#endif
