/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets of cpus: searching, combining and printing them. */
#include "core/cpumask.h"

#include <stdio.h>

#include "core/kmalloc.h"

unsigned int nr_cpu_ids = 1;
unsigned int cpumask_words = 1;

void cpumask_size_init(unsigned int nr)
{
	ASSERT(nr >= 1);
	nr_cpu_ids = nr;
	cpumask_words = BITS_TO_LONGS(nr);
}

struct cpumask *cpumask_alloc(int node)
{
	return kzalloc_node(cpumask_size(), node);
}

void cpumask_free(struct cpumask *mask)
{
	kfree(mask);
}

/* Where a search after n starts. n + 1 wraps to 0 for the -1U that means from the beginning. */
static unsigned int next_start(unsigned int n)
{
	ASSERT(n + 1 <= nr_cpu_ids);
	return n + 1;
}

unsigned int cpumask_next(unsigned int n, const struct cpumask *mask)
{
	unsigned int start = next_start(n);
	unsigned long from = ~0UL << (start % BITS_PER_LONG);

	for (unsigned int i = BIT_WORD(start); i < cpumask_words; i++, from = ~0UL) {
		unsigned long word = __cpumask_word(mask, i) & from;

		if (word)
			return i * BITS_PER_LONG + bit_first(word);
	}
	return nr_cpu_ids;
}

unsigned int cpumask_next_and(unsigned int n, const struct cpumask *a, const struct cpumask *b)
{
	unsigned int start = next_start(n);
	unsigned long from = ~0UL << (start % BITS_PER_LONG);

	for (unsigned int i = BIT_WORD(start); i < cpumask_words; i++, from = ~0UL) {
		unsigned long word = __cpumask_word(a, i) & __cpumask_word(b, i) & from;

		if (word)
			return i * BITS_PER_LONG + bit_first(word);
	}
	return nr_cpu_ids;
}

void cpumask_clear(struct cpumask *mask)
{
	for (unsigned int i = 0; i < cpumask_words; i++)
		__cpumask_set_word(mask, i, 0);
}

void cpumask_setall(struct cpumask *mask)
{
	unsigned int last = nr_cpu_ids % BITS_PER_LONG;

	for (unsigned int i = 0; i < cpumask_words; i++)
		__cpumask_set_word(mask, i, ~0UL);
	if (last)
		__cpumask_set_word(mask, cpumask_words - 1, ~(~0UL << last));
}

void cpumask_copy(struct cpumask *dst, const struct cpumask *src)
{
	for (unsigned int i = 0; i < cpumask_words; i++)
		__cpumask_set_word(dst, i, __cpumask_word(src, i));
}

bool cpumask_and(struct cpumask *dst, const struct cpumask *a, const struct cpumask *b)
{
	unsigned long any = 0;

	for (unsigned int i = 0; i < cpumask_words; i++) {
		unsigned long word = __cpumask_word(a, i) & __cpumask_word(b, i);

		__cpumask_set_word(dst, i, word);
		any |= word;
	}
	return any;
}

bool cpumask_andnot(struct cpumask *dst, const struct cpumask *a, const struct cpumask *b)
{
	unsigned long any = 0;

	for (unsigned int i = 0; i < cpumask_words; i++) {
		unsigned long word = __cpumask_word(a, i) & ~__cpumask_word(b, i);

		__cpumask_set_word(dst, i, word);
		any |= word;
	}
	return any;
}

void cpumask_or(struct cpumask *dst, const struct cpumask *a, const struct cpumask *b)
{
	for (unsigned int i = 0; i < cpumask_words; i++)
		__cpumask_set_word(dst, i, __cpumask_word(a, i) | __cpumask_word(b, i));
}

bool cpumask_equal(const struct cpumask *a, const struct cpumask *b)
{
	for (unsigned int i = 0; i < cpumask_words; i++)
		if (__cpumask_word(a, i) != __cpumask_word(b, i))
			return false;
	return true;
}

bool cpumask_subset(const struct cpumask *a, const struct cpumask *b)
{
	for (unsigned int i = 0; i < cpumask_words; i++)
		if (__cpumask_word(a, i) & ~__cpumask_word(b, i))
			return false;
	return true;
}

bool cpumask_intersects(const struct cpumask *a, const struct cpumask *b)
{
	return cpumask_first_and(a, b) < nr_cpu_ids;
}

bool cpumask_empty(const struct cpumask *mask)
{
	return cpumask_first(mask) >= nr_cpu_ids;
}

unsigned int cpumask_weight(const struct cpumask *mask)
{
	unsigned int weight = 0;

	for (unsigned int i = 0; i < cpumask_words; i++)
		weight += bit_count(__cpumask_word(mask, i));
	return weight;
}

int cpumask_format(char *buf, size_t size, const struct cpumask *mask)
{
	unsigned int cpu;
	size_t len = 0;

	if (size)
		buf[0] = 0;
	for_each_cpu (cpu, mask) {
		unsigned int first = cpu;
		size_t room = len < size ? size - len : 0;
		char *to = room ? buf + len : NULL;
		const char *comma = len ? "," : "";

		/* A neighbour that leaves the mask meanwhile ends the run there. */
		while (cpu + 1 < nr_cpu_ids && cpumask_next(cpu, mask) == cpu + 1)
			cpu++;
		if (cpu == first)
			len += (size_t)snprintf(to, room, "%s%u", comma, first);
		else
			len += (size_t)snprintf(to, room, "%s%u-%u", comma, first, cpu);
	}
	return (int)len;
}
