/* SPDX-License-Identifier: BSD-2-Clause */
/* What the device tree says: memory, cpus, boot arguments, and the devices that drivers asked for.
 */
#ifndef CORE_FDT_H
#define CORE_FDT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/compiler.h"
#include "core/table.h"

/*
 * The flattened tree is Devicetree Specification v0.4, chapter 5. It is walked once, front to back,
 * with a bounded number of instructions per tag. Faults of form (a length beyond the end, nodes
 * that do not nest, an unknown token) are errors: nothing of such a tree can be trusted. Faults of
 * content (a reg of odd length, a duplicate hart id) are warnings that name the node, and that node
 * or entry is left out. At most FDT_MAX_WARNINGS are shown, the rest are counted. Pointers given
 * out reach into the blob, which must stay mapped and unchanged.
 *
 * All functions: boot hart until fdt_cpus_init() has returned, any hart in hart context from then
 * on; none sleeps or takes a lock.
 */
#define FDT_MAX_MEMORY	 64
#define FDT_MAX_RESERVED 64
#define FDT_MAX_DEVICES	 64
#define FDT_MAX_BUSES	 32
#define FDT_MAX_INTC	 64
#define FDT_MAX_DEPTH	 16
#define FDT_MAX_WARNINGS 16
#define FDT_MAX_IDLE	 16   /* idle states of a hart that are looked at */
#define FDT_NO_NODE	 (-1) /* numa-node-id absent */

/* Physical addresses end here (Sv39 and Sv48 page tables hold 56 bits). */
#define FDT_PHYS_END (1ULL << 56)

/* RAM as /memory nodes list it (section 3.4): node order, not sorted, may overlap, not empty. */
struct fdt_memory {
	phys_addr_t start, end; /* bytes, end not included */
	int node;		/* numa-node-id, or FDT_NO_NODE */
};

/*
 * RAM to keep away from: the reservation block (5.3), children of /reserved-memory with a reg
 * (3.5), the initrd of /chosen. Nothing is ever dropped from here: when the table is full, an entry
 * grows over its nearest neighbour. The blob itself is not in it (its physical address is the
 * caller's to know).
 */
struct fdt_reserved {
	phys_addr_t start, end;
	const char *name; /* node name, "memreserve", "initrd", or "several" */
	bool no_map;	  /* must not even be mapped (3.5.4) */
};

struct fdt_info {
	const char *model;	 /* "" if absent */
	const char *bootargs;	 /* /chosen (3.6), "" if absent */
	const char *stdout_path; /* as it stands in /chosen, "" if absent */
	uint64_t timebase_hz;	 /* /cpus timebase-frequency (3.8), never 0 after fdt_init() */
	unsigned int nr_memory, nr_reserved, nr_devices;
	unsigned int max_cpus; /* no tree has more harts than this: children of /cpus */
	unsigned int warnings; /* faults found so far, shown or not */
	size_t size;	       /* bytes of the blob */
	struct fdt_memory memory[FDT_MAX_MEMORY];
	struct fdt_reserved reserved[FDT_MAX_RESERVED];
};

/* Filled by fdt_init(); read only for everyone else. */
extern struct fdt_info fdt_info;

/*
 * Reads the tree at blob, of which max bytes may be touched. 0, or after a pr_err that says what is
 * wrong: -EINVAL (no tree, or broken form), -E2BIG (says it is larger than max), -ENODEV (no usable
 * memory, no cpu, or no timebase-frequency). The blob must be aligned to 8 bytes. Boot hart, once,
 * before memory is managed; allocates nothing.
 */
int fdt_init(const void *blob, size_t max);

/*
 * A driver's interest in a compatible string (2.3.1). At file scope; compat is a string literal,
 * data what the driver layer wants to find again, usually the driver. Of a node's strings the first
 * that any row matches decides.
 */
struct fdt_match {
	const char *compatible;
	size_t len; /* of compatible */
	const void *data;
};
TABLE_DECLARE(struct fdt_match, fdt_matches);

#define __FDT_MATCH_NAME2(line) fdt_match_##line
#define __FDT_MATCH_NAME(line)	__FDT_MATCH_NAME2(line)
#define FDT_MATCH(compat, ptr)                                                            \
	static const struct fdt_match __FDT_MATCH_NAME(__LINE__) TABLE_ENTRY(fdt_matches) \
		__aligned(_Alignof(struct fdt_match)) = {                                 \
			.compatible = (compat), .len = sizeof(compat) - 1, .data = (ptr)}

/* A node with a matching compatible and a usable status (2.3.4), outside /cpus. */
struct fdt_device {
	const struct fdt_match *match;
	uint32_t node;		   /* offset in the structure block; names the node below */
	uint32_t phandle;	   /* 0 if it has none */
	uint32_t interrupt_parent; /* phandle, inherited from the nearest ancestor (2.4.1); 0 if
				      none */
	uint16_t bus;		   /* the parent's row in the bus table */
};

/* Device i in tree order, i below fdt_info.nr_devices. */
const struct fdt_device *fdt_device(unsigned int i);
/* NULL if no recorded device has that phandle (or it is 0). */
const struct fdt_device *fdt_device_by_phandle(uint32_t phandle);
/*
 * The recorded device that /chosen stdout-path names, directly or through /aliases (3.3, 3.6); NULL
 * if none. *options, if options is not NULL, gets what follows ':' ("115200n8"), or "".
 */
const struct fdt_device *fdt_stdout(const char **options);

/*
 * Entry index of reg (2.3.6) as the cpu sees it: translated through the ranges (2.3.8) of all
 * parents. addr and size in bytes; size may be NULL. 0; -ENOENT (no reg, or no such entry); -EINVAL
 * (length does not fit the cells, cells above 2, size 0, or beyond 56
 * bits); -ERANGE (a parent does not pass it on).
 */
int fdt_reg(const struct fdt_device *dev, unsigned int index, phys_addr_t *addr, uint64_t *size);

/* The property's bytes, or NULL; *len (if not NULL) gets the length in bytes. Big endian, aligned
 * to 4. */
const void *fdt_prop(const struct fdt_device *dev, const char *name, uint32_t *len);
/* Cell index of a property of 32-bit cells. 0; -ENOENT (no property); -EINVAL (length no multiple
 * of 4, or too short). */
int fdt_u32_index(const struct fdt_device *dev, const char *name, unsigned int index,
		  uint32_t *val);
int fdt_u32(const struct fdt_device *dev, const char *name, uint32_t *val);
/* The first string of a property; NULL if absent or not terminated. */
const char *fdt_str(const struct fdt_device *dev, const char *name);

#define FDT_IRQ_CELLS 4
/* One interrupt of a device: which controller, and the cells that its binding defines. */
struct fdt_irq {
	uint32_t parent; /* phandle: see fdt_device_by_phandle() and fdt_cpu_by_intc() */
	unsigned int nr_cells;
	uint32_t cells[FDT_IRQ_CELLS];
};

/*
 * Walks interrupts-extended if there is one, else interrupts with the inherited parent (2.4.1).
 * fdt_irq_first() does not read an entry. fdt_irq_next() gives 0; -ENOENT at the end; -EINVAL if
 * the list breaks off within an entry or names a parent that is no interrupt controller (named
 * once); linear over the whole list. An entry with phandle 0 (or ~0, as some trees say "none") has
 * parent 0 and no cells. After fdt_cpus_init().
 */
struct fdt_irq_iter {
	const uint32_t *pos, *end;
	const struct fdt_device *dev;
	uint32_t parent; /* of every entry of interrupts */
	bool listed;	 /* interrupts-extended: each entry names its own */
	uint8_t ragged;	 /* bytes behind the last whole cell */
};
void fdt_irq_first(const struct fdt_device *dev, struct fdt_irq_iter *it);
int fdt_irq_next(struct fdt_irq_iter *it, struct fdt_irq *irq);
/* Entry index alone, by walking. Same errors. */
int fdt_interrupt(const struct fdt_device *dev, unsigned int index, struct fdt_irq *irq);

/* "/soc/serial@10000000", cut to size, always terminated if size is not 0; returns buf. */
const char *fdt_path(const struct fdt_device *dev, char *buf, size_t size);

/* Why a hart is left alone. */
enum fdt_cpu_use {
	FDT_CPU_USABLE,
	FDT_CPU_DISABLED,  /* status is there and not "okay" or "ok" */
	FDT_CPU_NO_MMU,	   /* no mmu-type, or "riscv,none": no supervisor paging (SiFive E51, S7) */
	FDT_CPU_NOT_RV64,  /* riscv,isa or riscv,isa-base of another width */
	FDT_CPU_DUPLICATE, /* an earlier node has the same hart id */
	FDT_CPU_BAD_REG,   /* no reg, or not the cells that /cpus announces */
};
const char *fdt_cpu_use_name(enum fdt_cpu_use use);

/* A cpu node (3.8; binding "riscv/cpus.yaml", "riscv/extensions.yaml", "riscv,cpu-intc.yaml"). */
struct fdt_cpu {
	uint64_t hartid; /* reg, 1 or 2 cells */
	enum fdt_cpu_use use;
	int node;		/* numa-node-id, or FDT_NO_NODE */
	uint32_t intc;		/* phandle of its riscv,cpu-intc child, 0 if none */
	uint32_t offset;	/* of the node in the structure block */
	uint32_t isa_ext_len;	/* bytes of isa_ext */
	const char *isa;	/* riscv,isa, or NULL */
	const char *isa_base;	/* riscv,isa-base, or NULL */
	const char *isa_ext;	/* riscv,isa-extensions, a list of terminated strings, or NULL */
	const char *mmu_type;	/* NULL if absent */
	const char *compatible; /* the first string, or NULL */
};

/*
 * Reads /cpus into cpus[0..max), in tree order, those left alone included (each is named by one
 * pr_notice, duplicates by pr_warn). max is at least fdt_info.max_cpus. The array stays in use.
 * Returns how many entries were written. Boot hart, once, after fdt_init() returned 0.
 */
unsigned int fdt_cpus_init(struct fdt_cpu *cpus, unsigned int max);

/* All entries, and their number in *n. */
const struct fdt_cpu *fdt_cpus(unsigned int *n);
/* The cpu whose local interrupt controller has that phandle, usable or not; NULL if none. Constant
 * time on lists in tree order. */
const struct fdt_cpu *fdt_cpu_by_intc(uint32_t phandle);

/*
 * True if the hart has an extension: one letter ("m") or a name ("sstc"), lower case, without
 * version. riscv,isa-extensions is believed first, riscv,isa otherwise; letter case and versions
 * ("sstc1p0") in the tree do not matter; "g" means imafd with zicsr and zifencei.
 */
bool fdt_cpu_has_isa(const struct fdt_cpu *cpu, const char *extension);

/*
 * A way to sleep that the firmware offers a hart (binding "cpu/idle-states.yaml"); times in
 * microseconds.
 */
struct fdt_idle_state {
	const char *name;      /* of the node */
	uint32_t suspend_type; /* riscv,sbi-suspend-param: what hart_suspend is to be asked for */
	uint32_t entry_us;     /* until it sleeps, if an interrupt comes meanwhile */
	uint32_t exit_us;      /* until it runs again */
	uint32_t min_residency_us; /* a shorter sleep does not pay */
	bool timer_stops;	   /* this hart's timer does not wake it */
};

/*
 * The idle states that the hart's node lists, in that order: the shallowest first. At most max;
 * returns how many. Broken ones are left out with a warning. Walks the tree for each: once, at
 * start.
 */
unsigned int fdt_idle_states(const struct fdt_cpu *cpu, struct fdt_idle_state *states,
			     unsigned int max);

/*
 * True if two harts' nodes list the same extensions, to the letter: much cheaper than to ask for
 * one.
 */
bool fdt_cpu_same_isa(const struct fdt_cpu *a, const struct fdt_cpu *b);

#endif
