/* SPDX-License-Identifier: BSD-2-Clause */
/* Properties of a node: which are known, what they say, and messages about those that are wrong. */
#define pr_fmt(fmt) "fdt: " fmt

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/fdt_internal.h"
#include "core/printk.h"

struct fdt_name_slot fdt_name_slots[256];
struct fdt_where fdt_where;

/* In the order of the ids, which is that of the alphabet. */
static const char *const known[FDT_P_COUNT] = {
	[FDT_P_NONE] = "",
	[FDT_P_ADDRESS_CELLS] = "#address-cells",
	[FDT_P_INTERRUPT_CELLS] = "#interrupt-cells",
	[FDT_P_SIZE_CELLS] = "#size-cells",
	[FDT_P_BOOTARGS] = "bootargs",
	[FDT_P_COMPATIBLE] = "compatible",
	[FDT_P_DEVICE_TYPE] = "device_type",
	[FDT_P_INTERRUPT_CONTROLLER] = "interrupt-controller",
	[FDT_P_INTERRUPT_PARENT] = "interrupt-parent",
	[FDT_P_INITRD_END] = "linux,initrd-end",
	[FDT_P_INITRD_START] = "linux,initrd-start",
	[FDT_P_MMU_TYPE] = "mmu-type",
	[FDT_P_MODEL] = "model",
	[FDT_P_NO_MAP] = "no-map",
	[FDT_P_NUMA_NODE] = "numa-node-id",
	[FDT_P_PHANDLE] = "phandle",
	[FDT_P_RANGES] = "ranges",
	[FDT_P_REG] = "reg",
	[FDT_P_ISA] = "riscv,isa",
	[FDT_P_ISA_BASE] = "riscv,isa-base",
	[FDT_P_ISA_EXTENSIONS] = "riscv,isa-extensions",
	[FDT_P_STATUS] = "status",
	[FDT_P_STDOUT_PATH] = "stdout-path",
	[FDT_P_TIMEBASE] = "timebase-frequency",
};

/* The first known name with a given first letter. */
static enum fdt_prop_id first_with(char letter)
{
	switch (letter) {
	case '#':
		return FDT_P_ADDRESS_CELLS;
	case 'b':
		return FDT_P_BOOTARGS;
	case 'c':
		return FDT_P_COMPATIBLE;
	case 'd':
		return FDT_P_DEVICE_TYPE;
	case 'i':
		return FDT_P_INTERRUPT_CONTROLLER;
	case 'l':
		return FDT_P_INITRD_END;
	case 'm':
		return FDT_P_MMU_TYPE;
	case 'n':
		return FDT_P_NO_MAP;
	case 'p':
		return FDT_P_PHANDLE;
	case 'r':
		return FDT_P_RANGES;
	case 's':
		return FDT_P_STATUS;
	case 't':
		return FDT_P_TIMEBASE;
	default:
		return FDT_P_COUNT;
	}
}

static enum fdt_prop_id known_name(const char *name)
{
	for (unsigned int id = first_with(name[0]); id < FDT_P_COUNT && known[id][0] == name[0];
	     id++) {
		if (!strcmp(known[id], name))
			return id;
	}
	return FDT_P_NONE;
}

enum fdt_prop_id fdt_prop_id_slow(uint32_t nameoff)
{
	struct fdt_name_slot *slot = fdt_name_slot(nameoff);
	uint32_t offset = FDT_SWAP(nameoff);

	if (offset >= fdt_blob.strings_size)
		return FDT_P_COUNT;
	slot->key = ~nameoff;
	slot->id = known_name(fdt_blob.strings + offset);
	return slot->id;
}

/*
 * The open nodes as a path. A name may hold anything but a 0 byte; printk's readers get it
 * unchanged.
 */
static const char *where_path(void)
{
	static char path[160];
	size_t at = 0;

	for (unsigned int i = 1; i <= fdt_where.depth && at < sizeof(path); i++) {
		int n = snprintf(path + at, sizeof(path) - at, "/%s", fdt_where.name[i]);

		if (n < 0)
			break;
		at += n;
	}
	return at ? path : "/";
}

void fdt_warn(const char *fmt, ...)
{
	char text[160];
	va_list args;

	if (fdt_info.warnings++ >= FDT_MAX_WARNINGS)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pr_warn("%s: %s", where_path(), text);
}

int fdt_broken(const uint32_t *at, const char *fmt, ...)
{
	char text[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pr_err("broken tree: %s, in %s, byte 0x%zx of the structure block", text, where_path(),
	       (size_t)(at - fdt_blob.begin) * sizeof(*at));
	return -EINVAL;
}

const char *fdt_props_string(const struct fdt_props *props, enum fdt_prop_id id)
{
	const char *s;
	uint32_t len;

	if (!fdt_has(props, id))
		return NULL;
	s = (const char *)props->value[id];
	len = props->len[id];
	if (len && s[len - 1] == '\0')
		return s;
	fdt_warn("%s is not a terminated string, left out", known[id]);
	return NULL;
}

uint32_t fdt_props_u32(const struct fdt_props *props, enum fdt_prop_id id, uint32_t absent)
{
	if (!fdt_has(props, id))
		return absent;
	if (props->len[id] == sizeof(uint32_t))
		return fdt_be32(props->value[id]);
	fdt_warn("%s is %u bytes long instead of 4, left out", known[id],
		 (unsigned int)props->len[id]);
	return absent;
}

bool fdt_props_u64(const struct fdt_props *props, enum fdt_prop_id id, uint64_t *val)
{
	uint32_t len;

	if (!fdt_has(props, id))
		return false;
	len = props->len[id];
	if (len == 4 || len == 8) {
		*val = fdt_cells64(props->value[id], len / 4);
		return true;
	}
	fdt_warn("%s is %u bytes long instead of 4 or 8, left out", known[id], (unsigned int)len);
	return false;
}

int fdt_props_numa_node(const struct fdt_props *props)
{
	uint32_t node = fdt_props_u32(props, FDT_P_NUMA_NODE, FDT_NO_NODE);

	if (node == (uint32_t)FDT_NO_NODE || node <= INT_MAX)
		return node;
	fdt_warn("numa-node-id %u is too large, left out", (unsigned int)node);
	return FDT_NO_NODE;
}

bool fdt_props_okay(const struct fdt_props *props)
{
	const char *status;

	if (!fdt_has(props, FDT_P_STATUS))
		return true;
	status = fdt_props_string(props, FDT_P_STATUS);
	return status && (!strcmp(status, "okay") || !strcmp(status, "ok"));
}

uint8_t fdt_props_cells(const struct fdt_props *props, enum fdt_prop_id id, uint8_t absent)
{
	uint32_t cells;

	if (!fdt_has(props, id))
		return absent;
	cells = fdt_props_u32(props, id, FDT_BAD_CELLS);
	if (cells <= FDT_MAX_CELLS)
		return cells;
	if (cells != FDT_BAD_CELLS)
		fdt_warn("%s is %u, more than %u", known[id], (unsigned int)cells, FDT_MAX_CELLS);
	return FDT_BAD_CELLS;
}

bool fdt_list_has(const void *list, uint32_t len, const char *s)
{
	const char *at = list, *end = at + len, *stop;

	for (; at < end; at = stop + 1) {
		stop = memchr(at, '\0', end - at);
		if (!stop)
			return false;
		if (!strcmp(at, s))
			return true;
	}
	return false;
}
