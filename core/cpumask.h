/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets of cpus, one bit each, as large as the machine at hand. */
#ifndef CORE_CPUMASK_H
#define CORE_CPUMASK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/bitmap.h"
#include "core/compiler.h"
#include "core/panic.h"

/*
 * A mask has cpumask_words words; bits from nr_cpu_ids on are never set. The words are atomic so
 * that a mask may be shared; the __ twins of set and clear are for masks that one hart owns at a
 * time and cost no atomic instruction. A cpu at or above nr_cpu_ids is a bug that panics.
 */
struct cpumask {
	struct {
	} no_member_but_bits;
	_Atomic unsigned long bits[];
};

/* Possible cpus; 1 until cpumask_size_init. */
extern unsigned int nr_cpu_ids;
/* Words in use in every mask; 1 until cpumask_size_init. */
extern unsigned int cpumask_words;

/*
 * Fixes nr_cpu_ids and cpumask_words. nr >= 1. Boot hart, at INIT_PERCPU, before the first mask
 * that is to hold more than cpu 0 is allocated: one made earlier has a single word.
 */
void cpumask_size_init(unsigned int nr);

/* Bytes of a mask, for one that is part of something larger. */
static inline size_t cpumask_size(void)
{
	return cpumask_words * sizeof(unsigned long);
}

/*
 * An empty mask on that memory node (NUMA_NO_NODE: any), or NULL. Free with cpumask_free(NULL or
 * mask).
 */
struct cpumask *cpumask_alloc(int node);
void cpumask_free(struct cpumask *mask);

static inline void __cpumask_check(unsigned int cpu)
{
	ASSERT(cpu < nr_cpu_ids);
}

/*
 * Shared masks. Set and clear release: what came before is visible to whoever sees the new bit by
 * cpumask_test_cpu, which acquires. The test_and_ forms do both, and return the bit as it was. Any
 * context.
 */
static inline void cpumask_set_cpu(unsigned int cpu, struct cpumask *mask)
{
	__cpumask_check(cpu);
	atomic_fetch_or_explicit(&mask->bits[BIT_WORD(cpu)], BIT_MASK(cpu), memory_order_release);
}

static inline void cpumask_clear_cpu(unsigned int cpu, struct cpumask *mask)
{
	__cpumask_check(cpu);
	atomic_fetch_and_explicit(&mask->bits[BIT_WORD(cpu)], ~BIT_MASK(cpu), memory_order_release);
}

static inline bool cpumask_test_and_set_cpu(unsigned int cpu, struct cpumask *mask)
{
	__cpumask_check(cpu);
	return atomic_fetch_or_explicit(&mask->bits[BIT_WORD(cpu)], BIT_MASK(cpu),
					memory_order_acq_rel) &
	       BIT_MASK(cpu);
}

static inline bool cpumask_test_and_clear_cpu(unsigned int cpu, struct cpumask *mask)
{
	__cpumask_check(cpu);
	return atomic_fetch_and_explicit(&mask->bits[BIT_WORD(cpu)], ~BIT_MASK(cpu),
					 memory_order_acq_rel) &
	       BIT_MASK(cpu);
}

/* Acquire: pairs with the release of set and clear above. */
static inline bool cpumask_test_cpu(unsigned int cpu, const struct cpumask *mask)
{
	__cpumask_check(cpu);
	return atomic_load_explicit(&mask->bits[BIT_WORD(cpu)], memory_order_acquire) &
	       BIT_MASK(cpu);
}

/*
 * One word of a mask, read or written without order: nothing may be concluded about other memory.
 */
static inline unsigned long __cpumask_word(const struct cpumask *mask, unsigned int word)
{
	return atomic_load_explicit(&mask->bits[word], memory_order_relaxed);
}

static inline void __cpumask_set_word(struct cpumask *mask, unsigned int word, unsigned long bits)
{
	atomic_store_explicit(&mask->bits[word], bits, memory_order_relaxed);
}

/* For masks that only this hart changes now: a plain load and store. */
static inline void __cpumask_set_cpu(unsigned int cpu, struct cpumask *mask)
{
	__cpumask_check(cpu);
	__cpumask_set_word(mask, BIT_WORD(cpu),
			   __cpumask_word(mask, BIT_WORD(cpu)) | BIT_MASK(cpu));
}

static inline void __cpumask_clear_cpu(unsigned int cpu, struct cpumask *mask)
{
	__cpumask_check(cpu);
	__cpumask_set_word(mask, BIT_WORD(cpu),
			   __cpumask_word(mask, BIT_WORD(cpu)) & ~BIT_MASK(cpu));
}

/*
 * The lowest cpu in the mask (in both masks), or the lowest above n; nr_cpu_ids when there is none.
 * n is a cpu, or -1U. Relaxed: in a mask that others change, each bit is one that was there at some
 * time during the call.
 */
unsigned int cpumask_next(unsigned int n, const struct cpumask *mask);
unsigned int cpumask_next_and(unsigned int n, const struct cpumask *a, const struct cpumask *b);

static inline unsigned int cpumask_first(const struct cpumask *mask)
{
	return cpumask_next(-1U, mask);
}

static inline unsigned int cpumask_first_and(const struct cpumask *a, const struct cpumask *b)
{
	return cpumask_next_and(-1U, a, b);
}

#define for_each_cpu(cpu, mask) \
	for ((cpu) = cpumask_first(mask); (cpu) < nr_cpu_ids; (cpu) = cpumask_next((cpu), (mask)))
#define for_each_cpu_and(cpu, a, b)                                   \
	for ((cpu) = cpumask_first_and((a), (b)); (cpu) < nr_cpu_ids; \
	     (cpu) = cpumask_next_and((cpu), (a), (b)))

/*
 * Whole masks, word by word and relaxed: not one atomic step. dst may be one of the sources. and,
 * andnot return whether the result has a bit.
 */
void cpumask_clear(struct cpumask *mask);
void cpumask_setall(struct cpumask *mask);
void cpumask_copy(struct cpumask *dst, const struct cpumask *src);
bool cpumask_and(struct cpumask *dst, const struct cpumask *a, const struct cpumask *b);
bool cpumask_andnot(struct cpumask *dst, const struct cpumask *a, const struct cpumask *b);
void cpumask_or(struct cpumask *dst, const struct cpumask *a, const struct cpumask *b);
bool cpumask_equal(const struct cpumask *a, const struct cpumask *b);
bool cpumask_subset(const struct cpumask *a, const struct cpumask *b); /* a within b */
bool cpumask_intersects(const struct cpumask *a, const struct cpumask *b);
bool cpumask_empty(const struct cpumask *mask);
unsigned int cpumask_weight(const struct cpumask *mask);

/*
 * Writes the mask as a list like "0-3,5" ("" if empty), cut to size bytes with the final 0. Returns
 * the length of the whole list without the 0, as snprintf does.
 */
int cpumask_format(char *buf, size_t size, const struct cpumask *mask);

#endif
