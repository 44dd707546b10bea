/* SPDX-License-Identifier: BSD-2-Clause */
/* The one walk over the device tree: checks its form, hands finished nodes to who wants them. */
#define pr_fmt(fmt) "fdt: " fmt

#include <errno.h>
#include <string.h>

#include "core/fdt_internal.h"
#include "core/printk.h"

struct fdt_info fdt_info;
struct fdt_blob fdt_blob;

/* What a node is, by its name and place. */
enum node_kind {
	NODE_ROOT,
	NODE_OTHER,
	NODE_ALIASES,
	NODE_CHOSEN,
	NODE_CPUS,
	NODE_MEMORY,
	NODE_RESERVED,	     /* /reserved-memory */
	NODE_RESERVED_CHILD, /* a region in it */
};

/*
 * The walk's state: nodes from the root to where it is, and the properties of the one that is being
 * read.
 */
static struct fdt_frame frames[FDT_MAX_DEPTH];
static struct fdt_props props;
static uint32_t kinds_seen; /* bit by node_kind, for those that exist once */

static bool name_is(const char *name, const char *base)
{
	size_t n = strlen(base);

	return !strncmp(name, base, n) && (name[n] == '\0' || name[n] == '@');
}

static enum node_kind kind_of(unsigned int depth, const char *name)
{
	enum node_kind kind = NODE_OTHER;

	if (depth == 2 && frames[1].kind == NODE_RESERVED)
		return NODE_RESERVED_CHILD;
	if (depth != 1)
		return NODE_OTHER;
	if (name[0] == 'm')
		return name_is(name, "memory") ? NODE_MEMORY : NODE_OTHER;
	if (name[0] == 'c') {
		if (!strcmp(name, "chosen"))
			kind = NODE_CHOSEN;
		else if (!strcmp(name, "cpus"))
			kind = NODE_CPUS;
	} else if (!strcmp(name, "aliases")) {
		kind = NODE_ALIASES;
	} else if (!strcmp(name, "reserved-memory")) {
		/* A second one counts too: no reservation is ever ignored. */
		return NODE_RESERVED;
	}
	if (kind != NODE_OTHER) {
		if (kinds_seen >> kind & 1) {
			fdt_warn("second node of that name, left out");
			return NODE_OTHER;
		}
		kinds_seen |= 1U << kind;
	}
	return kind;
}

static void finish_chosen(void)
{
	const char *s = fdt_props_string(&props, FDT_P_BOOTARGS);
	uint64_t start, end;

	if (s)
		fdt_info.bootargs = s;
	s = fdt_props_string(&props, FDT_P_STDOUT_PATH);
	if (s)
		fdt_info.stdout_path = s;
	if (!fdt_props_u64(&props, FDT_P_INITRD_START, &start) ||
	    !fdt_props_u64(&props, FDT_P_INITRD_END, &end))
		return;
	if (end > start)
		fdt_add_reserved(start, end - start, "initrd", false);
	else if (end < start)
		fdt_warn("the initrd ends before it starts, left out");
}

/* All properties of frames[depth] have been read: they precede the subnodes (5.4.2). */
static void finish_node(unsigned int depth)
{
	static const struct fdt_cells spec_default = {.address = 2, .size = 1};
	struct fdt_frame *frame = &frames[depth];
	const struct fdt_frame *parent = depth ? frame - 1 : frame;
	struct fdt_cells outer = depth ? parent->cells : spec_default;
	uint32_t interrupt_parent = depth ? parent->interrupt_parent : 0;
	uint32_t seen = props.seen;

	frame->cells = spec_default;
	if (seen & (1U << FDT_P_ADDRESS_CELLS | 1U << FDT_P_SIZE_CELLS)) {
		frame->cells.address = fdt_props_cells(&props, FDT_P_ADDRESS_CELLS, 2);
		frame->cells.size = fdt_props_cells(&props, FDT_P_SIZE_CELLS, 1);
	}
	frame->dead =
		(depth && parent->dead) || (seen >> FDT_P_STATUS & 1 && !fdt_props_okay(&props));
	frame->bus = -1;
	frame->ranges = NULL;
	if (seen >> FDT_P_RANGES & 1) {
		frame->ranges = props.value[FDT_P_RANGES];
		frame->ranges_len = props.len[FDT_P_RANGES];
	}
	interrupt_parent = fdt_props_u32(&props, FDT_P_INTERRUPT_PARENT, interrupt_parent);
	frame->interrupt_parent = interrupt_parent;
	if (seen >> FDT_P_INTERRUPT_CELLS & 1) {
		frame->interrupt_parent = fdt_props_u32(&props, FDT_P_PHANDLE, 0);
		if (seen >> FDT_P_INTERRUPT_CONTROLLER & 1)
			fdt_add_intc(&props);
	}

	switch (frame->kind) {
	case NODE_ROOT: {
		const char *model = fdt_props_string(&props, FDT_P_MODEL);

		if (model)
			fdt_info.model = model;
		break;
	}
	case NODE_ALIASES:
		break;
	case NODE_CHOSEN:
		finish_chosen();
		break;
	case NODE_CPUS:
		fdt_cpus_at.cells = frame->cells;
		if (fdt_props_u64(&props, FDT_P_TIMEBASE, &fdt_info.timebase_hz) &&
		    !fdt_info.timebase_hz)
			fdt_warn("timebase-frequency is 0, left out");
		break;
	case NODE_MEMORY:
		if (!frame->dead)
			fdt_add_memory(&props, outer);
		break;
	case NODE_RESERVED:
		if (!frame->ranges || frame->ranges_len)
			fdt_warn("ranges is not empty, but taken for it");
		break;
	case NODE_RESERVED_CHILD:
		if (!frame->dead)
			fdt_add_reserved_node(&props, outer, fdt_where.name[depth]);
		break;
	default:
		if (seen >> FDT_P_COMPATIBLE & 1 && !frame->dead)
			fdt_add_device(&props, frames, depth, interrupt_parent);
		break;
	}
}

/*
 * Steps over the rest of a node and all below it, checking form only; c stands after its name. 0,
 * or what fdt_broken() gave. Bounded by the block: each turn reads a token.
 */
static int skip_node(struct fdt_cursor *cursor)
{
	struct fdt_cursor c = *cursor;
	const uint32_t *end = fdt_blob.end;
	uint32_t nodes = 1;

	while (nodes) {
		switch (fdt_next(&c, end)) {
		case FDT_TOKEN_PROP:
			break;
		case FDT_TOKEN_BEGIN:
			nodes++;
			break;
		case FDT_TOKEN_END_NODE:
			nodes--;
			break;
		default:
			return fdt_broken(c.pos, "unknown token, or longer than the block");
		}
	}
	*cursor = c;
	return 0;
}

/* A node begins below depth; *depth follows. Nodes that need no look are passed over whole. */
static int begin_node(struct fdt_cursor *c, unsigned int *depth)
{
	unsigned int below = *depth + 1;

	if (frames[*depth].kind == NODE_CPUS) {
		fdt_info.max_cpus++;
		return skip_node(c);
	}
	if (below >= FDT_MAX_DEPTH) {
		fdt_warn("nodes deeper than %u, left out", FDT_MAX_DEPTH - 1);
		return skip_node(c);
	}
	fdt_where.depth = below;
	fdt_where.name[below] = c->name;
	frames[below].node = fdt_blob_offset(c->name);
	frames[below].kind = kind_of(below, c->name);
	if (frames[below].kind == NODE_CPUS)
		fdt_cpus_at.pos = c->pos;
	else if (frames[below].kind == NODE_ALIASES)
		fdt_aliases_at = frames[below].node;
	*depth = below;
	props.seen = 0;
	return 0;
}

static int walk(void)
{
	struct fdt_cursor c = {.pos = fdt_blob.begin};
	const uint32_t *end = fdt_blob.end, *token = c.pos;
	unsigned int depth = 0;
	bool open = true; /* frames[depth] may still get properties */
	int err;

	if (fdt_next(&c, end) != FDT_TOKEN_BEGIN)
		return fdt_broken(token, "no root node");
	frames[0].kind = NODE_ROOT;
	frames[0].node = fdt_blob_offset(c.name);
	for (;;) {
		token = c.pos;
		switch (fdt_next(&c, end)) {
		case FDT_TOKEN_PROP:
			if (unlikely(!open))
				fdt_warn("property after a subnode, left out");
			else if (unlikely(!fdt_collect(&props, &c)))
				return fdt_broken(token, "property name outside of the strings");
			break;
		case FDT_TOKEN_BEGIN:
			if (open)
				finish_node(depth);
			open = frames[depth].kind != NODE_CPUS && depth + 1 < FDT_MAX_DEPTH;
			err = begin_node(&c, &depth);
			if (unlikely(err))
				return err;
			break;
		case FDT_TOKEN_END_NODE:
			if (open)
				finish_node(depth);
			open = false;
			if (depth == 0) {
				token = c.pos;
				if (fdt_next(&c, end) != FDT_TOKEN_END)
					return fdt_broken(token, "no end after the root node");
				return 0;
			}
			fdt_where.depth = --depth;
			break;
		case FDT_TOKEN_END:
			return fdt_broken(token, "it ends inside a node");
		default:
			return fdt_broken(token, "unknown token, or longer than the block");
		}
	}
}

static bool blocks_overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

static int check_header(const void *blob, size_t max)
{
	uint32_t structs, structs_size, strings, strings_size;
	int err;

	if ((uintptr_t)blob & 7) {
		pr_err("the tree is not aligned to 8 bytes");
		return -EINVAL;
	}
	if (max < sizeof(struct fdt_header) || fdt_magic(blob) != FDT_MAGIC) {
		pr_err("no device tree there: no magic number");
		return -EINVAL;
	}
	if (fdt_totalsize(blob) > max) {
		pr_err("the tree says it has %u bytes, %zu are in reach",
		       (unsigned int)fdt_totalsize(blob), max);
		return -E2BIG;
	}
	err = fdt_check_header(blob);
	if (err || fdt_version(blob) < 17) {
		pr_err("broken tree: header of version %u, libfdt error %d",
		       (unsigned int)fdt_version(blob), err);
		return -EINVAL;
	}
	structs = fdt_off_dt_struct(blob);
	structs_size = fdt_size_dt_struct(blob);
	strings = fdt_off_dt_strings(blob);
	strings_size = fdt_size_dt_strings(blob);
	if (structs & 3 || fdt_off_mem_rsvmap(blob) & 7) {
		pr_err("broken tree: a block is not aligned");
		return -EINVAL;
	}
	/* Of the reservation block only the start is known: 16 bytes are its end mark. */
	if (blocks_overlap(structs, structs_size, strings, strings_size) ||
	    blocks_overlap(structs, structs_size, fdt_off_mem_rsvmap(blob), 16) ||
	    blocks_overlap(strings, strings_size, fdt_off_mem_rsvmap(blob), 16)) {
		pr_err("broken tree: its blocks overlap");
		return -EINVAL;
	}
	fdt_blob.base = blob;
	fdt_blob.begin = (const uint32_t *)((const char *)blob + structs);
	fdt_blob.end = fdt_blob.begin + structs_size / 4;
	fdt_blob.strings = (const char *)blob + strings;
	fdt_blob.strings_size = strings_size;
	if (strings_size && fdt_blob.strings[strings_size - 1] != '\0') {
		pr_err("broken tree: the strings block does not end with a 0 byte");
		return -EINVAL;
	}
	fdt_info.size = fdt_totalsize(blob);
	return 0;
}

/* The reservation block (5.3), up to its entry of zeros. */
static int read_reservations(void)
{
	const void *blob = fdt_blob.base;
	uint32_t first = fdt_off_mem_rsvmap(blob), end = fdt_totalsize(blob);
	uint64_t start, size;

	/* Its end is nowhere told, but where another block begins it is over. */
	if (fdt_off_dt_struct(blob) >= first)
		end = MIN(end, fdt_off_dt_struct(blob));
	if (fdt_off_dt_strings(blob) >= first)
		end = MIN(end, fdt_off_dt_strings(blob));
	for (int i = 0; i < (int)((end - first) / sizeof(struct fdt_reserve_entry)); i++) {
		if (fdt_get_mem_rsv(blob, i, &start, &size))
			break;
		if (!start && !size)
			return 0;
		if (size)
			fdt_add_reserved(start, size, "memreserve", false);
	}
	pr_err("broken tree: the reservation block has no end");
	return -EINVAL;
}

/* A second tree in one program starts from nothing; at boot all this is zero already. */
static void reset(void)
{
	if (!fdt_blob.base)
		return;
	memset(&fdt_blob, 0, sizeof(fdt_blob));
	memset(&fdt_info, 0, sizeof(fdt_info));
	memset(&fdt_where, 0, sizeof(fdt_where));
	memset(fdt_name_slots, 0, sizeof(fdt_name_slots));
	memset(frames, 0, sizeof(frames));
	memset(&props, 0, sizeof(props));
	kinds_seen = 0;
	fdt_aliases_at = 0;
	fdt_devices_reset();
	fdt_cpus_reset();
}

int fdt_init(const void *blob, size_t max)
{
	int err;

	reset();
	fdt_info.model = fdt_info.bootargs = fdt_info.stdout_path = "";
	err = check_header(blob, max);
	if (!err)
		err = read_reservations();
	if (!err)
		err = walk();
	if (err)
		return err;
	if (!fdt_info.timebase_hz && fdt_info.max_cpus)
		fdt_info.timebase_hz = fdt_cpus_timebase();
	if (fdt_info.warnings > FDT_MAX_WARNINGS)
		pr_warn("%u more faults in the tree, not shown",
			fdt_info.warnings - FDT_MAX_WARNINGS);
	if (!fdt_info.nr_memory)
		pr_err("the tree lists no usable memory");
	else if (!fdt_info.max_cpus)
		pr_err("the tree lists no cpu");
	else if (!fdt_info.timebase_hz)
		pr_err("the tree has no usable /cpus timebase-frequency");
	else
		return 0;
	return -ENODEV;
}
