/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot order as a table: a subsystem registers its rows, the boot hart runs them level by level. */
#ifndef CORE_INIT_H
#define CORE_INIT_H

#include "core/table.h"

/*
 * Levels, in order. Up to and including INIT_SMP every row delays the first call on another hart,
 * so only what bring-up needs belongs there.
 *
 *   INIT_EARLY    firmware probed, early console; no memory beyond .bss
 *   INIT_MEMORY   device tree read, direct map, page and object allocators
 *   INIT_PERCPU   cpus numbered, per-cpu areas of all possible cpus
 *   INIT_TIME     clock source
 *   INIT_IPI      interrupt entry and IPIs ready on the boot hart
 *   INIT_SMP      all other harts started; online at the end of this level
 *   INIT_DRIVERS  interrupt controllers, consoles, reset
 *   INIT_LATE     what needs drivers
 *   INIT_THREADS  the boot is a thread from the first row on, interrupts are on: what has threads
 *   INIT_MAIN     the boot's job: tests, benchmarks, then the shell
 */
#define INIT_EARLY   10
#define INIT_MEMORY  20
#define INIT_PERCPU  30
#define INIT_TIME    40
#define INIT_IPI     50
#define INIT_SMP     60
#define INIT_DRIVERS 70
#define INIT_LATE    80
#define INIT_THREADS 85
#define INIT_MAIN    90

struct initcall {
	int (*fn)(void); /* 0, or a negative errno, which is reported with the name */
	const char *name;
	unsigned int level;
};

/*
 * Rows of a level run in link order, which is nobody's promise; INITCALL_FIRST rows run before all
 * others of their level, INITCALL_LAST rows behind them. One row of each kind a level is the most
 * that makes sense.
 */
#define INITCALL_FIRST(lvl, f)	  __INITCALL(lvl, f, 0)
#define INITCALL(lvl, f)	  __INITCALL(lvl, f, 5)
#define INITCALL_LAST(lvl, f)	  __INITCALL(lvl, f, 9)
#define __INITCALL(lvl, f, order) __INITCALL_ROW(lvl, f, order)
#define __INITCALL_ROW(lvl, f, order)                                                       \
	static const struct initcall initcall_##f TABLE_ENTRY_SORTED(initcalls, lvl##order) \
		__aligned(_Alignof(struct initcall)) = {.fn = (f), .name = #f, .level = (lvl)}

/* One finished level, for the boot benchmark. */
struct boot_stage {
	unsigned int level;
	const char *name;
	uint64_t end_ticks; /* time CSR at the end of the level */
	uint64_t end_insns; /* instret CSR at the end of the level */
};

/* Stages finished so far, in order. n receives the count. Any context. */
const struct boot_stage *boot_stages(unsigned int *n);

/* Both CSRs as they were at the kernel's first instruction on the boot hart. */
extern uint64_t boot_entry_ticks, boot_entry_insns;

/* Runs every initcall in order. Boot hart, once, interrupts off on entry; does not return. */
__noreturn void start_kernel(void);

#endif
