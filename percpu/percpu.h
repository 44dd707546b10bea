/* SPDX-License-Identifier: BSD-2-Clause */
/* Per-cpu memory: one copy of each variable for every possible cpu, reached from tp. */
#ifndef PERCPU_PERCPU_H
#define PERCPU_PERCPU_H

#include <stddef.h>

#include "arch/riscv/tp.h"
#include "core/compiler.h"

/*
 * Static variables live in .percpu, which is linked at address 0: the address of the symbol is its
 * offset from a cpu's base, and tp holds this hart's base. Each cpu's copy starts as the
 * initialiser says.
 */
#define DEFINE_PER_CPU(type, name)  __percpu __section(".percpu") __typeof__(type) name
#define DECLARE_PER_CPU(type, name) extern __percpu __typeof__(type) name

/* Bases of all possible cpus, by cpu; fixed at INIT_PERCPU. */
extern unsigned long *percpu_base;

/* Hides where the pointer came from, or the compiler would assume offsets near 0 to be NULL. */
#define __percpu_at(ptr, base)                                              \
	({                                                                  \
		unsigned long __off = (unsigned long)(__force void *)(ptr); \
		__asm__("" : "+r"(__off));                                  \
		(__typeof__(*(ptr)) *)(__off + (base));                     \
	})

/* A pointer to this hart's copy. Valid while the caller cannot move to another hart. */
#define this_cpu_ptr(ptr) ((__typeof__(*(ptr)) *)arch_tp_add((unsigned long)(__force void *)(ptr)))
/* A pointer to cpu's copy; cpu must be below nr_cpu_ids. Any context after INIT_PERCPU. */
#define per_cpu_ptr(ptr, cpu) __percpu_at(ptr, percpu_base[cpu])

#define this_cpu(var)	  (*this_cpu_ptr(&(var)))
#define per_cpu(var, cpu) (*per_cpu_ptr(&(var), cpu))

/*
 * What one cpu's area takes in bytes: the static variables, then PERCPU_CHUNK for dynamic ones. Any
 * context.
 */
size_t percpu_area_size(void);

/*
 * Gives the static variables of an area, aligned to a page, their initial values. The rest is
 * cleared piece by piece as it is allocated. Any context.
 */
void percpu_setup_area(void *area);

/*
 * What the dynamic allocator needs from the layers above. It has no lock of its own: theirs tells
 * who holds it, and has a deadline. lock turns interrupts off and returns what unlock wants.
 */
struct percpu_ops {
	unsigned long (*lock)(void);
	void (*unlock)(unsigned long flags);
	__noreturn void (*die)(const char *fmt, ...) __printf(1, 2);
};

/*
 * Opens the dynamic allocator for nr cpus, whose bases must be set: 0 for a cpu that has no memory.
 * Boot hart, once.
 */
void percpu_init(unsigned int nr, const struct percpu_ops *upper);

/*
 * Dynamic per-cpu memory: size bytes for every possible cpu, zeroed, each copy on its cpu's memory
 * node; align is a power of two up to CACHE_LINE. Use the result as the address of a static
 * variable. NULL when there is no room for it, and when size is 0 or above PERCPU_CHUNK. Any
 * context after INIT_PERCPU; takes time for every cpu.
 */
#define PERCPU_CHUNK 2048
void __percpu *__alloc_percpu(size_t size, size_t align);
#define alloc_percpu(type) \
	((__typeof__(type) __percpu *)__alloc_percpu(sizeof(type), _Alignof(type)))
/* p as returned, or NULL. Panics on anything else. Any context. */
void free_percpu(void __percpu *p);

#endif
