/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory and reserved ranges from the device tree, in tables that never lose a reservation. */
#define pr_fmt(fmt) "fdt: " fmt

#include "core/fdt_internal.h"
#include "core/printk.h"

/* Cuts [start, start + size) at the end of physical memory; false if nothing is left. */
static bool clip(phys_addr_t start, uint64_t size, phys_addr_t *end)
{
	if (start >= FDT_PHYS_END || !size) {
		if (size)
			fdt_warn("0x%llx is beyond 56 bits, left out", (unsigned long long)start);
		return false;
	}
	if (size > FDT_PHYS_END - start) {
		fdt_warn("size 0x%llx at 0x%llx passes 56 bits, cut", (unsigned long long)size,
			 (unsigned long long)start);
		size = FDT_PHYS_END - start;
	}
	*end = start + size;
	return true;
}

/*
 * Entries of reg by these cells; with a warning and 0 if they make no sense, without the rest if it
 * is not whole.
 */
static uint32_t reg_entries(const struct fdt_props *props, struct fdt_cells cells)
{
	uint32_t bytes, len = props->len[FDT_P_REG];

	if (cells.address == 0 || cells.address > 2 || cells.size == 0 || cells.size > 2) {
		fdt_warn("reg needs 1 or 2 cells for address and size, left out");
		return 0;
	}
	bytes = 4 * (cells.address + cells.size);
	if (!len || len % bytes)
		fdt_warn("reg of %u bytes is no list of entries of %u", (unsigned int)len,
			 (unsigned int)bytes);
	return len / bytes;
}

void fdt_add_memory(const struct fdt_props *props, struct fdt_cells cells)
{
	const uint32_t *at = props->value[FDT_P_REG];
	uint32_t n, lost = 0;
	int node;

	if (!fdt_has(props, FDT_P_REG)) {
		fdt_warn("no reg, left out");
		return;
	}
	node = fdt_props_numa_node(props);
	n = reg_entries(props, cells);
	for (; n; n--, at += cells.address + cells.size) {
		phys_addr_t start = fdt_cells64(at, cells.address), end;

		if (!clip(start, fdt_cells64(at + cells.address, cells.size), &end))
			continue;
		if (fdt_info.nr_memory == FDT_MAX_MEMORY) {
			lost++;
			continue;
		}
		fdt_info.memory[fdt_info.nr_memory++] =
			(struct fdt_memory){.start = start, .end = end, .node = node};
	}
	if (lost)
		fdt_warn("%u ranges are more than %u in all, left out", (unsigned int)lost,
			 FDT_MAX_MEMORY);
}

static uint64_t distance(const struct fdt_reserved *r, phys_addr_t start, phys_addr_t end)
{
	if (r->end < start)
		return start - r->end;
	if (end < r->start)
		return r->start - end;
	return 0;
}

/*
 * The table is full: the nearest entry of the same kind, or else of the other, grows over the
 * newcomer.
 */
static void grow_nearest(phys_addr_t start, phys_addr_t end, bool no_map)
{
	struct fdt_reserved *best = &fdt_info.reserved[0];

	for (unsigned int i = 1; i < fdt_info.nr_reserved; i++) {
		struct fdt_reserved *r = &fdt_info.reserved[i];
		bool kin = r->no_map == no_map;

		if ((kin && best->no_map != no_map) ||
		    ((kin || best->no_map != no_map) &&
		     distance(r, start, end) < distance(best, start, end)))
			best = r;
	}
	fdt_warn("0x%llx-0x%llx is one range more than %u: all from there to 0x%llx-0x%llx is kept",
		 (unsigned long long)start, (unsigned long long)end, FDT_MAX_RESERVED,
		 (unsigned long long)best->start, (unsigned long long)best->end);
	best->start = MIN(best->start, start);
	best->end = MAX(best->end, end);
	best->no_map |= no_map;
	best->name = "several";
}

void fdt_add_reserved(phys_addr_t start, uint64_t size, const char *name, bool no_map)
{
	phys_addr_t end;

	if (!clip(start, size, &end))
		return;
	if (fdt_info.nr_reserved == FDT_MAX_RESERVED) {
		grow_nearest(start, end, no_map);
		return;
	}
	fdt_info.reserved[fdt_info.nr_reserved++] =
		(struct fdt_reserved){.start = start, .end = end, .name = name, .no_map = no_map};
}

void fdt_add_reserved_node(const struct fdt_props *props, struct fdt_cells cells, const char *name)
{
	const uint32_t *at = props->value[FDT_P_REG];
	uint32_t n;

	/* Without reg it asks for memory of a size; who needs that is not served here. */
	if (!fdt_has(props, FDT_P_REG))
		return;
	n = reg_entries(props, cells);
	for (; n; n--, at += cells.address + cells.size)
		fdt_add_reserved(fdt_cells64(at, cells.address),
				 fdt_cells64(at + cells.address, cells.size), name,
				 fdt_has(props, FDT_P_NO_MAP));
}
