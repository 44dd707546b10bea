/* SPDX-License-Identifier: BSD-2-Clause */
/* The map of RAM, computed from what the tree lists and reserves. */
#define pr_fmt(fmt) "memmap: " fmt

#include "core/memmap.h"

#include <errno.h>

#include "arch/riscv/page.h"
#include "core/printk.h"

struct memmap memmap;

/* One range to subtract. */
struct hole {
	phys_addr_t start, end;
};

static phys_addr_t page_up(phys_addr_t a)
{
	return ALIGN_UP(a, (phys_addr_t)PAGE_SIZE);
}

static phys_addr_t page_down(phys_addr_t a)
{
	return ALIGN_DOWN(a, (phys_addr_t)PAGE_SIZE);
}

/* Puts a range in its place in a sorted list. */
static void insert(struct mem_range *list, unsigned int *n, struct mem_range r)
{
	unsigned int i = (*n)++;

	for (; i && list[i - 1].start > r.start; i--)
		list[i] = list[i - 1];
	list[i] = r;
}

/*
 * Adds what of m no earlier node has claimed: n ranges that may overlap have at most 2n - 1 such
 * pieces.
 */
static void add_ram(struct memmap *map, const struct fdt_memory *m)
{
	struct mem_range rest = {page_up(m->start), page_down(m->end), m->node};
	uint64_t shared = 0;

	for (unsigned int i = 0; i < map->nr_ram && rest.start < rest.end; i++) {
		struct mem_range have = map->ram[i];

		if (have.end <= rest.start || have.start >= rest.end)
			continue;
		if (have.start > rest.start) {
			struct mem_range piece = {rest.start, have.start, rest.node};

			insert(map->ram, &map->nr_ram, piece);
			i++;
		}
		shared += MIN(have.end, rest.end) - MAX(have.start, rest.start);
		rest.start = have.end;
	}
	if (rest.start < rest.end)
		insert(map->ram, &map->nr_ram, rest);
	if (shared)
		pr_warn("0x%llx-0x%llx: %llu KiB of it are in an earlier memory node as well, "
			"which keeps them",
			(unsigned long long)m->start, (unsigned long long)m->end,
			(unsigned long long)(shared >> 10));
}

/* Neighbours of one node become one range. */
static void join_ram(struct memmap *map)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < map->nr_ram; i++) {
		struct mem_range r = map->ram[i];

		if (n && map->ram[n - 1].end == r.start && map->ram[n - 1].node == r.node)
			map->ram[n - 1].end = r.end;
		else
			map->ram[n++] = r;
	}
	map->nr_ram = n;
}

static void clip_ram(struct memmap *map, uint64_t direct_map_size)
{
	phys_addr_t limit = map->base + direct_map_size;
	uint64_t lost = 0;

	while (map->nr_ram && map->ram[map->nr_ram - 1].end > limit) {
		struct mem_range *last = &map->ram[map->nr_ram - 1];

		lost += last->end - MAX(last->start, limit);
		last->end = limit;
		if (last->start >= limit)
			map->nr_ram--;
	}
	if (lost)
		pr_warn("%llu MiB from 0x%llx on are out of the direct map's reach, left out",
			(unsigned long long)(lost >> 20), (unsigned long long)limit);
}

/* Adds [start, end), widened to whole pages, to the sorted list of what is kept. */
static void keep(struct memmap *map, phys_addr_t start, phys_addr_t end, const char *name,
		 bool no_map)
{
	struct fdt_reserved r = {page_down(start), page_up(end), name, no_map};
	unsigned int i;

	if (start >= end)
		return;
	i = map->nr_kept++;

	for (; i && map->kept[i - 1].start > r.start; i--)
		map->kept[i] = map->kept[i - 1];
	map->kept[i] = r;
}

/* The range of RAM, over all nodes, that holds addr; false if none does. */
static bool ram_around(const struct memmap *map, phys_addr_t addr, struct hole *whole)
{
	*whole = (struct hole){0, 0};
	for (unsigned int i = 0; i < map->nr_ram; i++) {
		const struct mem_range *r = &map->ram[i];

		if (r->start > addr && r->start != whole->end)
			break;
		if (r->start == whole->end && whole->end)
			whole->end = r->end;
		else
			*whole = (struct hole){r->start, r->end};
	}
	return whole->start <= addr && addr < whole->end;
}

/* Firmware that names no range of its own is taken to live below the kernel. */
static void keep_firmware(struct memmap *map, const struct memmap_input *in)
{
	struct hole whole;

	if (!ram_around(map, in->kernel_start, &whole)) {
		pr_warn("the kernel at 0x%llx lies in no memory node",
			(unsigned long long)in->kernel_start);
		return;
	}
	if (whole.start >= page_down(in->kernel_start))
		return;
	for (unsigned int i = 0; i < in->nr_reserved; i++) {
		if (in->reserved[i].start < in->kernel_start && in->reserved[i].end > whole.start)
			return;
	}
	pr_notice("the tree keeps nothing for firmware: all from 0x%llx to the kernel is kept",
		  (unsigned long long)whole.start);
	keep(map, whole.start, in->kernel_start, "firmware", false);
}

/* kept loses its overlaps: the one that starts first has what both claim. */
static void trim_kept(struct memmap *map)
{
	phys_addr_t done = 0;
	unsigned int n = 0;

	for (unsigned int i = 0; i < map->nr_kept; i++) {
		struct fdt_reserved r = map->kept[i];

		r.start = MAX(r.start, done);
		if (r.start >= r.end)
			continue;
		done = r.end;
		map->kept[n++] = r;
	}
	map->nr_kept = n;
}

/*
 * list = RAM without the kept ranges, or without those of them that are no-map. kept may overlap,
 * but is sorted.
 */
static unsigned int ram_without_kept(const struct memmap *map, bool only_no_map,
				     struct mem_range *list)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < map->nr_ram; i++) {
		struct mem_range rest = map->ram[i];

		for (unsigned int k = 0; k < map->nr_kept; k++) {
			const struct fdt_reserved *r = &map->kept[k];

			if ((only_no_map && !r->no_map) || r->end <= rest.start)
				continue;
			if (r->start >= rest.end)
				break;
			if (r->start > rest.start)
				list[n++] = (struct mem_range){rest.start, r->start, rest.node};
			rest.start = MIN(r->end, rest.end);
		}
		if (rest.start < rest.end)
			list[n++] = rest;
	}
	return n;
}

int memmap_build(struct memmap *map, const struct memmap_input *in)
{
	map->nr_ram = map->nr_free = map->nr_mapped = map->nr_kept = 0;
	for (unsigned int i = 0; i < in->nr_memory; i++)
		add_ram(map, &in->memory[i]);
	if (!map->nr_ram) {
		pr_err("no RAM");
		return -ENODEV;
	}
	join_ram(map);
	map->base = ALIGN_DOWN(map->ram[0].start, (phys_addr_t)GIGA_SIZE);
	clip_ram(map, in->direct_map_size);

	for (unsigned int i = 0; i < in->nr_reserved; i++)
		keep(map, in->reserved[i].start, in->reserved[i].end, in->reserved[i].name,
		     in->reserved[i].no_map);
	keep_firmware(map, in);
	keep(map, in->kernel_start, in->kernel_end, "kernel", false);
	keep(map, in->fdt_start, in->fdt_end, "device tree", false);
	map->nr_mapped = ram_without_kept(map, true, map->mapped);
	map->nr_free = ram_without_kept(map, false, map->free);
	trim_kept(map);
	if (!map->nr_free) {
		pr_err("all RAM is reserved");
		return -ENODEV;
	}
	return 0;
}

static bool is_mapped(const struct memmap *map, phys_addr_t addr)
{
	for (unsigned int i = 0; i < map->nr_mapped; i++) {
		if (map->mapped[i].start <= addr && addr < map->mapped[i].end)
			return true;
	}
	return false;
}

int memmap_for_each(const struct memmap *map, memmap_fn fn, void *arg)
{
	unsigned int k = 0;
	int ret;

	for (unsigned int i = 0; i < map->nr_ram; i++) {
		struct mem_range rest = map->ram[i];

		while (rest.start < rest.end) {
			const struct fdt_reserved *r;
			struct mem_range piece = rest;
			const char *what = "free";

			while (k < map->nr_kept && map->kept[k].end <= rest.start)
				k++;
			r = k < map->nr_kept ? &map->kept[k] : NULL;
			if (r && r->start <= rest.start) {
				what = r->name;
				piece.end = MIN(rest.end, r->end);
			} else if (r) {
				piece.end = MIN(rest.end, r->start);
			}
			ret = fn(&piece, what, is_mapped(map, piece.start), arg);
			if (ret)
				return ret;
			rest.start = piece.end;
		}
	}
	return 0;
}
