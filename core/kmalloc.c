/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Size classes: objects of one size share a slab of pages; each memory node has slabs of its own.
 */
#include "core/kmalloc.h"

#include <stdatomic.h>
#include <string.h>

#include "core/bitmap.h"
#include "core/internal.h"
#include "core/memcopy.h"
#include "core/panic.h"
#include "core/spinlock.h"

/* Slabs of large objects have several pages, or the header would cost an object in two. */
#define CLASS(s, o)                                                   \
	{.size = (s),                                                 \
	 .order = (o),                                                \
	 .objects = ((PAGE_SIZE << (o)) - sizeof(struct slab)) / (s), \
	 .reciprocal = ((1UL << 32) + (s) - 1) / (s)}

#define MAX_OBJECTS 256

/*
 * At the start of a slab's first page. Objects [0, fresh) have been handed out at some time; those
 * of them that are free now are chained from free by the index in their first bytes.
 *
 *   on the class's list of slabs with room   <-->   full, on no list
 */
struct slab {
	struct slab *next, *prev;
	struct kmalloc_node *owner;
	uint8_t class;
	uint8_t used; /* MAX_OBJECTS - 1 at most */
	uint8_t fresh;
	uint8_t free; /* NO_OBJECT ends the chain */
	unsigned long used_map[MAX_OBJECTS / 64];
};
#define NO_OBJECT 255

_Static_assert(sizeof(struct slab) == CACHE_LINE, "objects start on a cache line");

static const struct {
	uint16_t size;
	uint8_t order;
	uint8_t objects;
	/* offset * reciprocal >> 32 is offset / size for any offset in a slab. */
	uint64_t reciprocal;
} classes[] = {
	CLASS(16, 0),  CLASS(32, 0),  CLASS(64, 0),  CLASS(96, 0),  CLASS(128, 0),  CLASS(192, 0),
	CLASS(256, 0), CLASS(384, 0), CLASS(512, 0), CLASS(768, 0), CLASS(1024, 1), CLASS(2048, 2),
};

/* One size class on one node. */
struct class_cache {
	spinlock_t lock;      /* guards all here and the slabs of this class and node */
	struct slab *partial; /* those with room */
	unsigned long used, pages, allocs;
};

struct kmalloc_node {
	struct page_node *node;
	struct class_cache caches[ARRAY_SIZE(classes)];
};

_Static_assert(sizeof(struct kmalloc_node) <= PAGE_SIZE, "a node's caches fit a page");

/* Objects above the classes. Relaxed: only counts. */
static _Atomic unsigned long large_used, large_pages, large_allocs;

/* By the size in units of 16 bytes, rounded up, less one. */
static const uint8_t class_of[KMALLOC_MAX_CLASS / 16] = {
	[0] = 0,	 [1] = 1,	  [2 ... 3] = 2,    [4 ... 5] = 3,
	[6 ... 7] = 4,	 [8 ... 11] = 5,  [12 ... 15] = 6,  [16 ... 23] = 7,
	[24 ... 31] = 8, [32 ... 47] = 9, [48 ... 63] = 10, [64 ... 127] = 11,
};

static struct kmalloc_node *node_caches(struct page_node *node)
{
	_Atomic(struct kmalloc_node *) *slot = page_node_slabs(node);
	/* Acquire: pairs with the release of the hart that made it, below. */
	struct kmalloc_node *kn = atomic_load_explicit(slot, memory_order_acquire);
	struct kmalloc_node *made;

	if (likely(kn))
		return kn;
	made = page_node_alloc(node, 0);
	if (!made)
		return NULL;
	memset(made, 0, sizeof(*made));
	made->node = node;
	for (unsigned int i = 0; i < ARRAY_SIZE(classes); i++)
		spin_lock_init(&made->caches[i].lock, "kmalloc");
	if (cas_acq_rel(slot, &kn, made))
		return made;
	page_free(made, 0);
	return kn;
}

static char *slab_object(struct slab *slab, unsigned int index)
{
	return (char *)(slab + 1) + index * classes[slab->class].size;
}

static bool slab_full(const struct slab *slab)
{
	return slab->used == classes[slab->class].objects;
}

static void slab_link(struct class_cache *cache, struct slab *slab)
{
	slab->prev = NULL;
	slab->next = cache->partial;
	if (slab->next)
		slab->next->prev = slab;
	cache->partial = slab;
}

static void slab_unlink(struct class_cache *cache, struct slab *slab)
{
	*(slab->prev ? &slab->prev->next : &cache->partial) = slab->next;
	if (slab->next)
		slab->next->prev = slab->prev;
}

static __noinline struct slab *slab_new(struct kmalloc_node *kn, unsigned int class)
{
	struct class_cache *cache = &kn->caches[class];
	unsigned int order = classes[class].order;
	struct slab *slab = page_node_alloc(kn->node, order);

	if (!slab)
		return NULL;
	page_tag(slab, order, PAGE_SLAB);
	*slab = (struct slab){.owner = kn, .class = (uint8_t)class, .free = NO_OBJECT};
	slab_link(cache, slab);
	cache->pages += 1UL << order;
	return slab;
}

static void *class_alloc(struct kmalloc_node *kn, unsigned int class)
{
	struct class_cache *cache = &kn->caches[class];
	unsigned long flags = spin_lock_irqsave(&cache->lock);
	struct slab *slab = cache->partial ? cache->partial : slab_new(kn, class);
	unsigned int index;
	uint8_t *object = NULL;

	if (!slab)
		goto out;
	if (slab->free == NO_OBJECT) {
		index = slab->fresh++;
		object = (uint8_t *)slab_object(slab, index);
	} else {
		index = slab->free;
		object = (uint8_t *)slab_object(slab, index);
		if (index >= slab->fresh || slab->used_map[BIT_WORD(index)] & BIT_MASK(index) ||
		    (*object >= slab->fresh && *object != NO_OBJECT))
			panic("kmalloc: free object %p of size %u was written to", (void *)object,
			      classes[class].size);
		slab->free = *object;
	}
	slab->used_map[BIT_WORD(index)] |= BIT_MASK(index);
	slab->used++;
	cache->used++;
	cache->allocs++;
	if (slab_full(slab))
		slab_unlink(cache, slab);
out:
	spin_unlock_irqrestore(&cache->lock, flags);
	return object;
}

static void *large_alloc(size_t size, int node)
{
	unsigned int order = page_order(size);
	void *block = page_alloc(node, order);

	if (!block)
		return NULL;
	page_tag(block, order, PAGE_LARGE);
	atomic_fetch_add_explicit(&large_used, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&large_allocs, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&large_pages, 1UL << order, memory_order_relaxed);
	return block;
}

void *kmalloc_node(size_t size, int node)
{
	struct page_node_walk walk;
	unsigned int class;

	if (size > KMALLOC_MAX_CLASS)
		return large_alloc(size, node);
	class = class_of[size ? (size - 1) / 16 : 0];
	for (struct page_node *n = page_node_first(&walk, node); n; n = page_node_next(&walk)) {
		struct kmalloc_node *kn = node_caches(n);
		void *object = kn ? class_alloc(kn, class) : NULL;

		if (object)
			return object;
	}
	return NULL;
}

void *kzalloc_node(size_t size, int node)
{
	void *object = kmalloc_node(size, node);

	if (object)
		memset(object, 0, size);
	return object;
}

void *kmalloc(size_t size)
{
	return kmalloc_node(size, NUMA_NO_NODE);
}

void *kzalloc(size_t size)
{
	return kzalloc_node(size, NUMA_NO_NODE);
}

static void class_free(struct slab *slab, uint8_t *object)
{
	unsigned int class = slab->class, size = classes[class].size;
	struct class_cache *cache = &slab->owner->caches[class];
	uint64_t offset = (uint64_t)(object - (uint8_t *)(slab + 1));
	unsigned int index = (unsigned int)(offset * classes[class].reciprocal >> 32);
	bool release = false;
	unsigned long flags;

	/* In the header the offset is huge, and so is the index. */
	if (index >= classes[class].objects || index * size != offset)
		panic("kfree: %p is not the start of an object of size %u", (void *)object, size);
	flags = spin_lock_irqsave(&cache->lock);
	if (!(slab->used_map[BIT_WORD(index)] & BIT_MASK(index)))
		panic("kfree: double free of %p, size %u", (void *)object, size);
	if (slab_full(slab))
		slab_link(cache, slab);
	slab->used_map[BIT_WORD(index)] &= ~BIT_MASK(index);
	slab->used--;
	cache->used--;
	*object = slab->free;
	slab->free = (uint8_t)index;
	/*
	 * The last empty slab stays, or a lone object that comes and goes would cost pages each
	 * time.
	 */
	if (!slab->used && (slab->next || slab->prev)) {
		slab_unlink(cache, slab);
		cache->pages -= 1UL << classes[class].order;
		release = true;
	}
	spin_unlock_irqrestore(&cache->lock, flags);
	if (release) {
		page_tag(slab, classes[class].order, PAGE_USED);
		page_free(slab, classes[class].order);
	}
}

void kfree(const void *object)
{
	unsigned int state, order;

	if (!object)
		return;
	state = page_state(object);
	order = state & PAGE_ORDER_MASK;
	switch (state & PAGE_KIND_MASK) {
	case PAGE_SLAB:
		class_free((void *)ALIGN_DOWN((uintptr_t)object, PAGE_SIZE << order),
			   (uint8_t *)object);
		return;
	case PAGE_LARGE:
		if ((uintptr_t)object % PAGE_SIZE)
			break;
		page_tag((void *)object, order, PAGE_USED);
		page_free((void *)object, order);
		atomic_fetch_sub_explicit(&large_used, 1, memory_order_relaxed);
		atomic_fetch_sub_explicit(&large_pages, 1UL << order, memory_order_relaxed);
		return;
	case PAGE_FREE:
		panic("kfree: %p is in a free page: double free?", object);
	}
	panic("kfree: %p is not kmalloc's", object);
}

static void add_class(struct kmalloc_stats *stats, struct class_cache *cache)
{
	unsigned long flags = spin_lock_irqsave(&cache->lock);

	stats->used += cache->used;
	stats->pages += cache->pages;
	stats->allocs += cache->allocs;
	spin_unlock_irqrestore(&cache->lock, flags);
}

bool kmalloc_class_stats(unsigned int index, struct kmalloc_stats *stats)
{
	struct page_node_walk walk;

	*stats = (struct kmalloc_stats){0};
	if (index == ARRAY_SIZE(classes)) {
		stats->used = atomic_load_explicit(&large_used, memory_order_relaxed);
		stats->pages = atomic_load_explicit(&large_pages, memory_order_relaxed);
		stats->allocs = atomic_load_explicit(&large_allocs, memory_order_relaxed);
		return true;
	}
	if (index > ARRAY_SIZE(classes))
		return false;
	stats->size = classes[index].size;
	for (struct page_node *n = page_node_first(&walk, NUMA_NO_NODE); n;
	     n = page_node_next(&walk)) {
		/* Acquire: as in node_caches. */
		struct kmalloc_node *kn =
			atomic_load_explicit(page_node_slabs(n), memory_order_acquire);

		if (kn)
			add_class(stats, &kn->caches[index]);
	}
	return true;
}
