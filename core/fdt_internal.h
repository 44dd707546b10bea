/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the rooms of the device tree reader: the token reader, the property cache, faults. */
#ifndef CORE_FDT_INTERNAL_H
#define CORE_FDT_INTERNAL_H

#include <libfdt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/compiler.h"
#include "core/fdt.h"

/*
 * libfdt checks the header and reads the reservation block. The walk itself is ours: fdt_next_tag()
 * finds the blocks anew in the big-endian header for every character of a node name. With it, a
 * boot of 32 harts takes 1,531 k instructions to all online instead of 868 k, and one of 8 456 k
 * instead of 232 k.
 */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tokens are compared unswapped");

#define FDT_SWAP(x) \
	((((x) & 0xffU) << 24) | (((x) & 0xff00U) << 8) | (((x) >> 8) & 0xff00U) | ((x) >> 24))

/* Tokens as they lie in memory (5.4.1); FAULT is none of them. */
enum fdt_token {
	FDT_TOKEN_FAULT = 0,
	FDT_TOKEN_BEGIN = FDT_SWAP(FDT_BEGIN_NODE),
	FDT_TOKEN_END_NODE = FDT_SWAP(FDT_END_NODE),
	FDT_TOKEN_PROP = FDT_SWAP(FDT_PROP),
	FDT_TOKEN_NOP = FDT_SWAP(FDT_NOP),
	FDT_TOKEN_END = FDT_SWAP(FDT_END),
};

/* Spelt out, for without Zbb the compiler's own is a call into libgcc. */
static inline uint32_t fdt_be32(const uint32_t *p)
{
	uint32_t v = *p;

	return FDT_SWAP(v);
}

/* Up to two cells as one number; 0 cells are 0. */
static inline uint64_t fdt_cells64(const uint32_t *p, unsigned int cells)
{
	uint64_t v = 0;

	while (cells--)
		v = v << 32 | fdt_be32(p++);
	return v;
}

/* The blob once its header is found good. */
struct fdt_blob {
	const void *base;
	const uint32_t *begin, *end; /* structure block */
	const char *strings;	     /* ends with a 0 byte */
	uint32_t strings_size;
};
extern struct fdt_blob fdt_blob;

/* A node's name to the offset of its token, in bytes of the structure block, and back. */
static inline uint32_t fdt_blob_offset(const char *name)
{
	return name - (const char *)fdt_blob.begin - FDT_TAGSIZE;
}

static inline const char *fdt_blob_name(uint32_t offset)
{
	return (const char *)fdt_blob.begin + offset + FDT_TAGSIZE;
}

/* Where the reader stands, and what it read last. */
struct fdt_cursor {
	const uint32_t *pos;
	const uint32_t *value; /* PROP */
	uint32_t len;	       /* PROP, bytes */
	uint32_t nameoff;      /* PROP, unswapped */
	const char *name;      /* BEGIN */
};

/*
 * True if any of the four bytes is 0; alignment makes every name end within the word that has it.
 */
static inline bool fdt_word_ends(uint32_t w)
{
	return (w - 0x01010101U) & ~w & 0x80808080U;
}

/*
 * Reads one token and steps over it. FDT_TOKEN_FAULT if it is unknown or does not fit in the block;
 * the cursor then stays. The next token is not looked at: a block that ends without FDT_END is a
 * fault when it is reached.
 */
static inline uint32_t fdt_next(struct fdt_cursor *c, const uint32_t *end)
{
	const uint32_t *p = c->pos;

	for (; p < end; p++) {
		if (likely(*p == FDT_TOKEN_PROP)) {
			if (unlikely(end - p < 3))
				break;
			c->len = fdt_be32(p + 1);
			c->nameoff = p[2];
			c->value = p + 3;
			if (unlikely(c->len > (size_t)(end - c->value) * 4))
				break;
			c->pos = c->value + (c->len + 3) / 4;
			return FDT_TOKEN_PROP;
		}
		if (*p == FDT_TOKEN_BEGIN) {
			c->name = (const char *)(p + 1);
			do {
				if (unlikely(++p >= end))
					return FDT_TOKEN_FAULT;
			} while (!fdt_word_ends(*p));
			c->pos = p + 1;
			return FDT_TOKEN_BEGIN;
		}
		if (*p == FDT_TOKEN_END_NODE || *p == FDT_TOKEN_END) {
			c->pos = p + 1;
			return *p;
		}
		if (*p != FDT_TOKEN_NOP)
			break;
	}
	return FDT_TOKEN_FAULT;
}

/* Properties that the reader itself understands, in alphabetical order of their names. */
enum fdt_prop_id {
	FDT_P_NONE,
	FDT_P_ADDRESS_CELLS,
	FDT_P_INTERRUPT_CELLS,
	FDT_P_SIZE_CELLS,
	FDT_P_BOOTARGS,
	FDT_P_COMPATIBLE,
	FDT_P_DEVICE_TYPE,
	FDT_P_INTERRUPT_CONTROLLER,
	FDT_P_INTERRUPT_PARENT,
	FDT_P_INITRD_END,
	FDT_P_INITRD_START,
	FDT_P_MMU_TYPE,
	FDT_P_MODEL,
	FDT_P_NO_MAP,
	FDT_P_NUMA_NODE,
	FDT_P_PHANDLE,
	FDT_P_RANGES,
	FDT_P_REG,
	FDT_P_ISA,
	FDT_P_ISA_BASE,
	FDT_P_ISA_EXTENSIONS,
	FDT_P_STATUS,
	FDT_P_STDOUT_PATH,
	FDT_P_TIMEBASE,
	FDT_P_COUNT,
};

/*
 * Names are looked up once per offset in the strings block: a small table keyed by the offset's low
 * bytes remembers the answer. A zeroed key is the offset 2^32-1, which no block reaches.
 */
struct fdt_name_slot {
	uint32_t key; /* ~nameoff */
	uint32_t id;
};
extern struct fdt_name_slot fdt_name_slots[256];

/* Fills the slot; FDT_P_COUNT if the offset is outside of the strings block. */
enum fdt_prop_id fdt_prop_id_slow(uint32_t nameoff);

static inline struct fdt_name_slot *fdt_name_slot(uint32_t nameoff)
{
	return &fdt_name_slots[(nameoff >> 24 ^ nameoff >> 16) & 0xff];
}

static inline enum fdt_prop_id fdt_prop_id(uint32_t nameoff)
{
	const struct fdt_name_slot *slot = fdt_name_slot(nameoff);

	return likely(slot->key == ~nameoff) ? slot->id : fdt_prop_id_slow(nameoff);
}

/*
 * The known properties of one node; valid where seen has the bit. The first of two with one name
 * counts.
 */
struct fdt_props {
	uint32_t seen;
	uint32_t len[FDT_P_COUNT];
	const uint32_t *value[FDT_P_COUNT];
};

static inline bool fdt_has(const struct fdt_props *props, enum fdt_prop_id id)
{
	return props->seen >> id & 1;
}

/* Takes the property at the cursor; false if its name is outside of the strings block. */
static inline bool fdt_collect(struct fdt_props *props, const struct fdt_cursor *c)
{
	enum fdt_prop_id id = fdt_prop_id(c->nameoff);

	if (id == FDT_P_NONE)
		return true;
	if (unlikely(id == FDT_P_COUNT))
		return false;
	if (fdt_has(props, id))
		return true;
	props->seen |= 1U << id;
	props->len[id] = c->len;
	props->value[id] = c->value;
	return true;
}

/* Which node a message is about: set by whoever works on it. Names from the root down. */
struct fdt_where {
	unsigned int depth;
	const char *name[FDT_MAX_DEPTH];
};
extern struct fdt_where fdt_where;

/* Counts a fault of content and shows it with the node's path, if not too many were shown. */
__cold __printf(1, 2) void fdt_warn(const char *fmt, ...);
/* A fault of form: shows it with the path and the offset. */
__cold __printf(2, 3) int fdt_broken(const uint32_t *at, const char *fmt, ...);

/* A property as a string; NULL if absent or, with a warning, not terminated. */
const char *fdt_props_string(const struct fdt_props *props, enum fdt_prop_id id);
/* A property of one cell; otherwise, with a warning if it is there, what absent says. */
uint32_t fdt_props_u32(const struct fdt_props *props, enum fdt_prop_id id, uint32_t absent);
/*
 * A number of one or two cells (initrd, timebase): false if absent or, with a warning, of other
 * length.
 */
bool fdt_props_u64(const struct fdt_props *props, enum fdt_prop_id id, uint64_t *val);
/* numa-node-id, or FDT_NO_NODE. */
int fdt_props_numa_node(const struct fdt_props *props);
/* status is absent, "okay" or "ok" (2.3.4). */
bool fdt_props_okay(const struct fdt_props *props);
/* One of the strings of a list of len bytes is s. */
bool fdt_list_has(const void *list, uint32_t len, const char *s);

/* Widths of addresses and sizes below a node (2.3.5). */
#define FDT_MAX_CELLS 4
#define FDT_BAD_CELLS 0xff
struct fdt_cells {
	uint8_t address, size; /* FDT_BAD_CELLS if the property is senseless */
};
uint8_t fdt_props_cells(const struct fdt_props *props, enum fdt_prop_id id, uint8_t absent);

/* A node with recorded devices below it; rows stand after those of their ancestors. */
struct fdt_bus {
	const char *name;	/* of the node, "" for the root */
	const uint32_t *ranges; /* NULL if absent */
	uint32_t ranges_len;
	struct fdt_cells cells;
	int16_t parent; /* -1 for the root node */
};
extern struct fdt_bus fdt_buses[FDT_MAX_BUSES];

/* The chain of open nodes during the walk. */
struct fdt_frame {
	uint32_t node; /* offset of its token, bytes */
	uint8_t kind;
	bool dead; /* it or an ancestor is not okay */
	struct fdt_cells cells;
	int16_t bus;		   /* its row, or -1 */
	uint32_t interrupt_parent; /* of children that name none */
	const uint32_t *ranges;	   /* NULL if absent */
	uint32_t ranges_len;
};

/* fdt_memory.c: nodes that are finished, with their parent's cells. */
void fdt_add_memory(const struct fdt_props *props, struct fdt_cells cells);
void fdt_add_reserved_node(const struct fdt_props *props, struct fdt_cells cells, const char *name);
void fdt_add_reserved(phys_addr_t start, uint64_t size, const char *name, bool no_map);

/* fdt_devices.c: frames[depth] is the node. */
void fdt_add_device(const struct fdt_props *props, struct fdt_frame *frames, unsigned int depth,
		    uint32_t interrupt_parent);
void fdt_devices_reset(void);
/* A property of the node at that offset, or NULL. The name has n bytes. */
const void *fdt_node_prop(uint32_t node, const char *name, size_t n, uint32_t *len);

/* fdt_path.c: offset of /aliases, 0 if there is none. */
extern uint32_t fdt_aliases_at;

/* fdt_irq.c: a node with #interrupt-cells that is a controller. */
void fdt_add_intc(const struct fdt_props *props);
void fdt_intc_reset(void);

/* fdt_cpus.c: where /cpus begins (its first token after the name) and the cells it announces. */
struct fdt_cpus_at {
	const uint32_t *pos;
	struct fdt_cells cells;
};
extern struct fdt_cpus_at fdt_cpus_at;
/* timebase-frequency of the first cpu node that has one, 0 if none does. */
uint64_t fdt_cpus_timebase(void);
void fdt_cpus_reset(void);

#endif
