/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices that drivers registered for: recorded during the walk, read again when probed. */
#define pr_fmt(fmt) "fdt: " fmt

#include <errno.h>
#include <string.h>

#include "core/fdt_internal.h"
#include "core/printk.h"

static struct fdt_device devices[FDT_MAX_DEVICES];
struct fdt_bus fdt_buses[FDT_MAX_BUSES];
static int16_t nr_buses;
/* The bits that filter() gives for all rows: most strings of a tree are none of theirs. */
static uint64_t wanted;

/* A bit for a string of n letters, from its length and its first letter. */
static uint64_t filter(const char *s, size_t n)
{
	return 1ULL << ((n ^ (unsigned char)s[0] * 5) & 63);
}

/* The row whose compatible is one of the strings, the first string that any row has. */
static const struct fdt_match *find_match(const char *at, uint32_t len)
{
	const char *end = at + len;

	if (!wanted) {
		TABLE_FOREACH (struct fdt_match, m, fdt_matches)
			wanted |= filter(m->compatible, m->len);
	}
	while (at < end) {
		size_t n = strnlen(at, end - at);

		if (at + n == end) {
			fdt_warn("compatible is not a list of terminated strings");
			return NULL;
		}
		if (wanted & filter(at, n)) {
			TABLE_FOREACH (struct fdt_match, m, fdt_matches) {
				if (m->len == n && !memcmp(m->compatible, at, n))
					return m;
			}
		}
		at += n + 1;
	}
	return NULL;
}

/*
 * The row of frames[depth], made with those of all its ancestors if need be; -1 if the table is
 * full.
 */
static int16_t bus_of(struct fdt_frame *frames, unsigned int depth)
{
	int16_t parent = -1;

	for (unsigned int i = 0; i <= depth; i++) {
		struct fdt_frame *f = &frames[i];

		if (f->bus < 0) {
			if (nr_buses == FDT_MAX_BUSES)
				return -1;
			f->bus = nr_buses++;
			fdt_buses[f->bus] = (struct fdt_bus){.name = i ? fdt_where.name[i] : "",
							     .ranges = f->ranges,
							     .ranges_len = f->ranges_len,
							     .cells = f->cells,
							     .parent = parent};
		}
		parent = f->bus;
	}
	return parent;
}

void fdt_add_device(const struct fdt_props *props, struct fdt_frame *frames, unsigned int depth,
		    uint32_t interrupt_parent)
{
	const struct fdt_match *match = find_match((const char *)props->value[FDT_P_COMPATIBLE],
						   props->len[FDT_P_COMPATIBLE]);
	int16_t bus;

	if (!match)
		return;
	if (fdt_info.nr_devices == FDT_MAX_DEVICES) {
		fdt_warn("one device more than %u, left out", FDT_MAX_DEVICES);
		return;
	}
	bus = bus_of(frames, depth - 1);
	if (bus < 0) {
		fdt_warn("its bus is one more than %u, left out", FDT_MAX_BUSES);
		return;
	}
	devices[fdt_info.nr_devices++] =
		(struct fdt_device){.match = match,
				    .node = frames[depth].node,
				    .phandle = fdt_props_u32(props, FDT_P_PHANDLE, 0),
				    .interrupt_parent = interrupt_parent,
				    .bus = bus};
}

void fdt_devices_reset(void)
{
	memset(devices, 0, sizeof(devices));
	nr_buses = 0;
	fdt_intc_reset();
}

const struct fdt_device *fdt_device(unsigned int i)
{
	return i < fdt_info.nr_devices ? &devices[i] : NULL;
}

const struct fdt_device *fdt_device_by_phandle(uint32_t phandle)
{
	for (unsigned int i = 0; phandle && i < fdt_info.nr_devices; i++) {
		if (devices[i].phandle == phandle)
			return &devices[i];
	}
	return NULL;
}

const void *fdt_node_prop(uint32_t node, const char *name, size_t n, uint32_t *len)
{
	struct fdt_cursor c = {.pos = fdt_blob.begin + node / 4};

	for (fdt_next(&c, fdt_blob.end); fdt_next(&c, fdt_blob.end) == FDT_TOKEN_PROP;) {
		uint32_t offset = FDT_SWAP(c.nameoff);
		const char *own = fdt_blob.strings + offset;

		/* The block ends with a 0 byte, so the comparison ends before it does. */
		if (offset >= fdt_blob.strings_size || strncmp(own, name, n) || own[n])
			continue;
		if (len)
			*len = c.len;
		return c.value;
	}
	return NULL;
}

const void *fdt_prop(const struct fdt_device *dev, const char *name, uint32_t *len)
{
	return fdt_node_prop(dev->node, name, strlen(name), len);
}

int fdt_u32_index(const struct fdt_device *dev, const char *name, unsigned int index, uint32_t *val)
{
	uint32_t len;
	const uint32_t *p = fdt_prop(dev, name, &len);

	if (!p)
		return -ENOENT;
	if (len % 4 || index >= len / 4)
		return -EINVAL;
	*val = fdt_be32(p + index);
	return 0;
}

int fdt_u32(const struct fdt_device *dev, const char *name, uint32_t *val)
{
	return fdt_u32_index(dev, name, 0, val);
}

const char *fdt_str(const struct fdt_device *dev, const char *name)
{
	uint32_t len;
	const char *s = fdt_prop(dev, name, &len);

	return s && strnlen(s, len) < len ? s : NULL;
}

/* One step up: from the addresses below bus to those of its parent. */
static int translate(const struct fdt_bus *bus, const struct fdt_bus *parent, phys_addr_t *addr,
		     uint64_t size)
{
	unsigned int child = bus->cells.address, up = parent->cells.address;
	unsigned int cells = child + up + bus->cells.size;
	const uint32_t *at = bus->ranges;

	if (!at)
		return -ERANGE;
	if (!bus->ranges_len)
		return 0;
	if (child > 2 || up > 2 || bus->cells.size > 2 || !cells || bus->ranges_len % (4 * cells))
		return -EINVAL;
	for (uint32_t n = bus->ranges_len / (4 * cells); n; n--, at += cells) {
		uint64_t from = fdt_cells64(at, child);
		uint64_t to = fdt_cells64(at + child, up);
		uint64_t span = fdt_cells64(at + child + up, bus->cells.size);

		if (*addr < from || *addr - from >= span || size > span - (*addr - from))
			continue;
		if (to > FDT_PHYS_END || *addr - from > FDT_PHYS_END - to)
			return -EINVAL;
		*addr = to + (*addr - from);
		return 0;
	}
	return -ERANGE;
}

int fdt_reg(const struct fdt_device *dev, unsigned int index, phys_addr_t *addr, uint64_t *size)
{
	const struct fdt_bus *bus = &fdt_buses[dev->bus];
	unsigned int cells = bus->cells.address + bus->cells.size;
	uint32_t len;
	const uint32_t *reg = fdt_prop(dev, "reg", &len);
	phys_addr_t start;
	uint64_t span;

	if (!reg)
		return -ENOENT;
	if (!bus->cells.address || bus->cells.address > 2 || bus->cells.size > 2 ||
	    len % (4 * cells))
		return -EINVAL;
	if (index >= len / (4 * cells))
		return -ENOENT;
	reg += index * cells;
	start = fdt_cells64(reg, bus->cells.address);
	span = fdt_cells64(reg + bus->cells.address, bus->cells.size);
	if (!span)
		return -EINVAL;
	for (; bus->parent >= 0; bus = &fdt_buses[bus->parent]) {
		int err = translate(bus, &fdt_buses[bus->parent], &start, span);

		if (err)
			return err;
	}
	if (start > FDT_PHYS_END || span > FDT_PHYS_END - start)
		return -EINVAL;
	*addr = start;
	if (size)
		*size = span;
	return 0;
}
