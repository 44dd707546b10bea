/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dynamic part of per-cpu memory: one map of granules stands for the same chunk behind every
 * cpu's static part.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "percpu/percpu.h"

extern char __percpu_load[], __percpu_start[], __percpu_end[];

#define GRANULE	    16
#define NR_GRANULES (PERCPU_CHUNK / GRANULE)

/* FIRST starts an allocation, MORE continues it: so the map remembers sizes. */
enum granule { GRANULE_FREE, GRANULE_FIRST, GRANULE_MORE };

unsigned long *percpu_base;

static unsigned int nr_cpus;
static const struct percpu_ops *ops;

static uint8_t granules[NR_GRANULES]; /* enum granule; guarded by ops->lock */

/* The chunk starts on a cache line, so that alignment within it is alignment. */
static size_t chunk_offset(void)
{
	return ALIGN_UP((size_t)(__percpu_end - __percpu_start), (size_t)CACHE_LINE);
}

size_t percpu_area_size(void)
{
	return chunk_offset() + PERCPU_CHUNK;
}

void percpu_setup_area(void *area)
{
	size_t template = (size_t)(__percpu_end - __percpu_start);

	memcpy(area, __percpu_load, template);
}

void percpu_init(unsigned int nr, const struct percpu_ops *upper)
{
	nr_cpus = nr;
	ops = upper;
}

/*
 * The first run of n free granules at a multiple of align granules; NR_GRANULES if there is none.
 */
static size_t find_run(size_t n, size_t align)
{
	size_t run = 0;

	for (size_t at = 0; at + n <= NR_GRANULES;) {
		while (run < n && granules[at + run] == GRANULE_FREE)
			run++;
		if (run == n)
			return at;
		at = ALIGN_UP(at + run + 1, align);
		run = 0;
	}
	return NR_GRANULES;
}

void __percpu *__alloc_percpu(size_t size, size_t align)
{
	size_t n = (size + GRANULE - 1) / GRANULE;
	unsigned long flags, offset;
	size_t at;

	if (!size || size > PERCPU_CHUNK)
		return NULL;
	if (!align || align & (align - 1) || align > CACHE_LINE)
		ops->die("alloc_percpu: alignment %lu", (unsigned long)align);

	flags = ops->lock();
	at = find_run(n, align > GRANULE ? align / GRANULE : 1);
	if (at < NR_GRANULES) {
		granules[at] = GRANULE_FIRST;
		memset(&granules[at + 1], GRANULE_MORE, n - 1);
	}
	ops->unlock(flags);
	if (at == NR_GRANULES)
		return NULL;

	offset = (unsigned long)__percpu_start + chunk_offset() + at * GRANULE;
	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
		if (percpu_base[cpu])
			memset((void *)(percpu_base[cpu] + offset), 0, n * GRANULE);
	return (void __percpu *)offset;
}

void free_percpu(void __percpu *p)
{
	unsigned long offset, flags;
	size_t at;

	if (!p)
		return;
	offset = (unsigned long)(__force void *)p - (unsigned long)__percpu_start - chunk_offset();
	at = offset / GRANULE;

	flags = ops->lock();
	if (offset % GRANULE || at >= NR_GRANULES || granules[at] != GRANULE_FIRST)
		ops->die("free_percpu: %p is not the start of an allocation", (__force void *)p);
	do {
		granules[at++] = GRANULE_FREE;
	} while (at < NR_GRANULES && granules[at] == GRANULE_MORE);
	ops->unlock(flags);
}
