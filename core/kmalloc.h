/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory for small objects, in size classes over pages. */
#ifndef CORE_KMALLOC_H
#define CORE_KMALLOC_H

#include <stdbool.h>
#include <stddef.h>

#include "core/compiler.h"
#include "core/page.h"

/* Larger ones are blocks of pages, up to 2 MiB. */
#define KMALLOC_MAX_CLASS 2048

/*
 * size bytes (0 counts as 1) on this cpu's memory node, or on the given one; other nodes step in as
 * for page_alloc. The address is a multiple of the largest power of two that divides size, of
 * CACHE_LINE if that is less, of 16 in any case: right for any type. NULL when memory is gone or
 * size is above 2 MiB. kzalloc: zeroed. Any context.
 */
void *kmalloc(size_t size);
void *kzalloc(size_t size);
void *kmalloc_node(size_t size, int node);
void *kzalloc_node(size_t size, int node);

/*
 * Gives back what one of these returned; NULL is ignored. Panics, naming address and mistake, on a
 * double free, an address inside an object, and one that is not kmalloc's. Any context.
 */
void kfree(const void *object);

struct kmalloc_stats {
	size_t size;	      /* of an object; 0 for those that are blocks of pages */
	unsigned long used;   /* objects handed out now */
	unsigned long pages;  /* held for them now */
	unsigned long allocs; /* handed out since boot */
};

/*
 * The index-th class of all nodes together, in order of size, the blocks of pages last; false past
 * the end. Any context.
 */
bool kmalloc_class_stats(unsigned int index, struct kmalloc_stats *stats);

#endif
