/* SPDX-License-Identifier: BSD-2-Clause */
/* Buddy allocator for pages, one per memory node, that leaves memory alone until it is wanted. */
#include "core/page.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "core/internal.h"
#include "core/memcopy.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/spinlock.h"

/*
 * A region, as it was given, from start to end:
 *
 *   | region, states | used and free blocks | ... | states | blocks ... | not touched yet ... |
 *   start                                         section               frontier              end
 *
 * Below the frontier every page is in a block that is used, free, or cut into smaller ones. Above
 * it nothing has been written. When no free block is large enough the frontier moves up by one
 * block, as large as alignment allows. When it enters a section (a fixed 128 MiB of physical
 * address space) the section's first pages become the state bytes of its pages. The region's first
 * page also holds the region itself, and the node if it is the node's first region.
 */
#define SECTION_SIZE (128UL << 20)
#define NR_ORDERS    (PAGE_MAX_ORDER + 1)

_Static_assert(PAGE_MAX_ORDER <= PAGE_ORDER_MASK, "the order fits beside the kind");
_Static_assert(SECTION_SIZE % (PAGE_SIZE << PAGE_MAX_ORDER) == 0, "no block spans two sections");

/* Lies in the first bytes of every free block. */
struct free_block {
	struct free_block *next, *prev;
};

struct page_node {
	int id;
	struct page_node *below, *above; /* next lower and next higher id */
	_Atomic(struct kmalloc_node *) slabs;
	spinlock_t
		lock; /* guards all below, the regions' frontiers, and the states of free blocks */
	struct free_block free[NR_ORDERS];
	struct page_region *fresh; /* the first region with memory above the frontier */
	unsigned long total, used, meta, peak;
};

struct page_region {
	phys_addr_t start, end;
	_Atomic phys_addr_t frontier; /* atomic for page_state, which looks without the lock */
	struct page_node *node;
	struct page_region *next; /* of all regions */
	struct page_region *next_of_node;
	struct page_node room_for_node;
};

DEFINE_PER_CPU(int, numa_node) = NUMA_NO_NODE;

/* Fixed once the boot hart has added all regions. */
static struct page_region *regions;
static struct page_node *lowest_node;

static phys_addr_t block_size(unsigned int order)
{
	return PAGE_SIZE << order;
}

static phys_addr_t frontier_of(const struct page_region *r)
{
	return atomic_load_explicit(&r->frontier, memory_order_relaxed);
}

/*
 * Not virt_to_phys: this one may be handed anything, and maps what is not in the direct map to
 * where no region is.
 */
static phys_addr_t address_to_phys(const void *address)
{
	return (phys_addr_t)address - direct_map_offset;
}

static struct page_region *region_of(phys_addr_t pa)
{
	struct page_region *r = regions;

	while (r && (pa < r->start || pa >= r->end))
		r = r->next;
	return r;
}

/* The start of the part of a section that lies in the region. */
static phys_addr_t section_start(const struct page_region *r, phys_addr_t pa)
{
	phys_addr_t start = ALIGN_DOWN(pa, SECTION_SIZE);

	return MAX(start, r->start);
}

/* State byte of a page of the region, in a section that the frontier has entered. */
static _Atomic uint8_t *state_of(struct page_region *r, phys_addr_t pa)
{
	phys_addr_t start = section_start(r, pa);
	_Atomic uint8_t *states = start == r->start ? (void *)(r + 1) : phys_to_virt(start);

	return states + ((pa - start) >> PAGE_SHIFT);
}

/*
 * Relaxed: a block's state is written by who owns the block, or under the lock while it is free.
 * Only page_free's look at a buddy can meet another hart's write, and any value but FREE, which
 * only comes under the lock, tells it the same.
 */
static unsigned int state_get(struct page_region *r, phys_addr_t pa)
{
	return atomic_load_explicit(state_of(r, pa), memory_order_relaxed);
}

static void state_set(struct page_region *r, phys_addr_t pa, unsigned int state)
{
	atomic_store_explicit(state_of(r, pa), (uint8_t)state, memory_order_relaxed);
}

static void free_list_add(struct page_node *node, struct page_region *r, phys_addr_t pa,
			  unsigned int order)
{
	struct free_block *head = &node->free[order];
	struct free_block *block = phys_to_virt(pa);

	block->next = head->next;
	block->prev = head;
	head->next->prev = block;
	head->next = block;
	state_set(r, pa, PAGE_FREE | order);
}

static void free_list_del(struct free_block *block)
{
	block->prev->next = block->next;
	block->next->prev = block->prev;
}

static void count_peak(struct page_node *node)
{
	if (node->used + node->meta > node->peak)
		node->peak = node->used + node->meta;
}

/* Makes the section that starts at the frontier ready: its first pages become its states. */
static void section_enter(struct page_region *r)
{
	phys_addr_t start = frontier_of(r);
	phys_addr_t end = MIN(r->end, ALIGN_DOWN(start, SECTION_SIZE) + SECTION_SIZE);
	size_t bytes = (start == r->start ? sizeof(*r) : 0) + ((end - start) >> PAGE_SHIFT);
	size_t pages = ALIGN_UP(bytes, PAGE_SIZE) >> PAGE_SHIFT;

	memset((void *)state_of(r, start), PAGE_META, pages);
	r->node->meta += pages;
	count_peak(r->node);
	atomic_store_explicit(&r->frontier, start + (pages << PAGE_SHIFT), memory_order_relaxed);
}

/*
 * Moves the frontier up by one block, which becomes free. Returns its order, or -1 if the region
 * has no more. The first section was entered when the region was added, so a frontier at a
 * section's start is one to enter.
 */
static int region_grow(struct page_region *r)
{
	unsigned int order = PAGE_MAX_ORDER;
	phys_addr_t pa = frontier_of(r);

	if (pa < r->end && !(pa % SECTION_SIZE)) {
		section_enter(r);
		pa = frontier_of(r);
	}
	if (pa >= r->end)
		return -1;
	while (pa % block_size(order) || r->end - pa < block_size(order))
		order--;
	memset((void *)state_of(r, pa), PAGE_BODY, 1UL << order);
	atomic_store_explicit(&r->frontier, pa + block_size(order), memory_order_relaxed);
	free_list_add(r->node, r, pa, order);
	return (int)order;
}

/* True when a block of at least this order has become free. */
static __noinline bool node_grow(struct page_node *node, unsigned int order)
{
	for (; node->fresh; node->fresh = node->fresh->next_of_node) {
		int grown;

		do {
			grown = region_grow(node->fresh);
			if (grown >= (int)order)
				return true;
		} while (grown >= 0);
	}
	return false;
}

void *page_node_alloc(struct page_node *node, unsigned int order)
{
	struct free_block *block = NULL;
	unsigned long flags;

	if (order > PAGE_MAX_ORDER)
		return NULL;
	flags = spin_lock_irqsave(&node->lock);
	do {
		for (unsigned int have = order; have <= PAGE_MAX_ORDER; have++) {
			struct page_region *r;
			phys_addr_t pa;

			if (node->free[have].next == &node->free[have])
				continue;
			block = node->free[have].next;
			free_list_del(block);
			pa = address_to_phys(block);
			r = region_of(pa);
			/* Keep the lower half until it has the size that is wanted. */
			while (have > order) {
				have--;
				free_list_add(node, r, pa + block_size(have), have);
			}
			state_set(r, pa, PAGE_USED | order);
			node->used += 1UL << order;
			count_peak(node);
			break;
		}
	} while (!block && node_grow(node, order));
	spin_unlock_irqrestore(&node->lock, flags);
	return block;
}

void *page_alloc(int node, unsigned int order)
{
	struct page_node_walk walk;

	for (struct page_node *n = page_node_first(&walk, node); n; n = page_node_next(&walk)) {
		void *block = page_node_alloc(n, order);

		if (block)
			return block;
	}
	return NULL;
}

void *page_zalloc(int node, unsigned int order)
{
	void *block = page_alloc(node, order);

	if (block)
		page_clear(block, 1UL << order);
	return block;
}

/* What is wrong with freeing a page of that state as a block of that order. */
static __noreturn void bad_free(const void *block, unsigned int order, unsigned int state)
{
	switch (state & PAGE_KIND_MASK) {
	case PAGE_USED:
		panic("page_free: %p freed with order %u, allocated with order %u", block, order,
		      state & PAGE_ORDER_MASK);
	case PAGE_FREE:
		panic("page_free: double free of %p, order %u", block, order);
	case PAGE_BODY:
		panic("page_free: %p is not the start of a block in use", block);
	case PAGE_SLAB:
	case PAGE_LARGE:
		panic("page_free: %p belongs to kmalloc", block);
	default:
		panic("page_free: %p was never handed out", block);
	}
}

void page_free(void *block, unsigned int order)
{
	phys_addr_t pa = address_to_phys(block);
	struct page_region *r;
	struct page_node *node;
	unsigned long flags;
	unsigned int state;

	if (!block)
		return;
	r = region_of(pa);
	if (!r || pa % PAGE_SIZE)
		panic("page_free: %p is not a page of RAM", block);
	node = r->node;
	flags = spin_lock_irqsave(&node->lock);
	state = pa < frontier_of(r) ? state_get(r, pa) : PAGE_META;
	if (state != (PAGE_USED | order))
		bad_free(block, order, state);
	node->used -= 1UL << order;

	/*
	 * A block that joins its lower neighbour is no start any more; one that absorbs stays one.
	 */
	state_set(r, pa, PAGE_BODY);
	for (; order < PAGE_MAX_ORDER; order++) {
		phys_addr_t buddy = pa ^ block_size(order);

		if (buddy < r->start || buddy >= frontier_of(r) ||
		    state_get(r, buddy) != (PAGE_FREE | order))
			break;
		free_list_del(phys_to_virt(buddy));
		state_set(r, buddy, PAGE_BODY);
		pa = MIN(pa, buddy);
	}
	free_list_add(node, r, pa, order);
	spin_unlock_irqrestore(&node->lock, flags);
}

unsigned int page_order(size_t size)
{
	unsigned int order = 0;

	while (order <= PAGE_MAX_ORDER && block_size(order) < size)
		order++;
	return order;
}

unsigned int page_state(const void *address)
{
	phys_addr_t pa = address_to_phys(address);
	struct page_region *r = region_of(pa);

	return r && pa < frontier_of(r) ? state_get(r, pa) : PAGE_META;
}

void page_tag(void *block, unsigned int order, enum page_kind kind)
{
	phys_addr_t pa = address_to_phys(block);
	struct page_region *r = region_of(pa);
	unsigned int body = kind == PAGE_SLAB ? PAGE_SLAB | order : PAGE_BODY;
	bool was_slab = (state_get(r, pa) & PAGE_KIND_MASK) == PAGE_SLAB;

	state_set(r, pa, kind | order);
	if (kind != PAGE_SLAB && !was_slab)
		return;
	for (phys_addr_t page = pa + PAGE_SIZE; page < pa + block_size(order); page += PAGE_SIZE)
		state_set(r, page, body);
}

_Atomic(struct kmalloc_node *) *page_node_slabs(struct page_node *node)
{
	return &node->slabs;
}

struct page_node *page_node_first(struct page_node_walk *walk, int node)
{
	struct page_node *below = NULL, *above = lowest_node;

	if (node == NUMA_NO_NODE)
		node = this_cpu(numa_node);
	while (above && above->id < node) {
		below = above;
		above = above->above;
	}
	*walk = (struct page_node_walk){.id = node, .below = below, .above = above};
	return page_node_next(walk);
}

struct page_node *page_node_next(struct page_node_walk *walk)
{
	struct page_node *below = walk->below, *above = walk->above;

	/* Two 32-bit ids may be further apart than an int can say. */
	if (below && (!above || (int64_t)walk->id - below->id <= (int64_t)above->id - walk->id)) {
		walk->below = below->below;
		return below;
	}
	if (above)
		walk->above = above->above;
	return above;
}

/* The node of that id; a new one takes the room given. */
static struct page_node *node_get(int id, struct page_node *room)
{
	struct page_node *below = NULL, *above = lowest_node;

	while (above && above->id < id) {
		below = above;
		above = above->above;
	}
	if (above && above->id == id)
		return above;

	memset(room, 0, sizeof(*room));
	room->id = id;
	spin_lock_init(&room->lock, "page_node");
	for (unsigned int order = 0; order < NR_ORDERS; order++)
		room->free[order].next = room->free[order].prev = &room->free[order];
	room->below = below;
	room->above = above;
	*(below ? &below->above : &lowest_node) = room;
	if (above)
		above->below = room;
	return room;
}

int page_add_region(int node, phys_addr_t start, phys_addr_t end)
{
	phys_addr_t first = ALIGN_UP(start, PAGE_SIZE);
	phys_addr_t last = ALIGN_DOWN(end, PAGE_SIZE);
	struct page_region *r, **link;

	/* ALIGN_UP wraps to 0 in the last page of the address space. */
	if (first < start || last <= first || last - first < 2 * PAGE_SIZE) {
		pr_err("page: left out %#lx-%#lx of node %d: less than two pages\n", start, end,
		       node);
		return -EINVAL;
	}
	for (r = regions; r; r = r->next) {
		if (first < r->end && r->start < last) {
			pr_err("page: left out %#lx-%#lx of node %d: overlaps %#lx-%#lx\n", start,
			       end, node, r->start, r->end);
			return -EEXIST;
		}
	}

	r = phys_to_virt(first);
	r->start = first;
	r->end = last;
	atomic_init(&r->frontier, first);
	r->next_of_node = NULL;
	r->node = node_get(node, &r->room_for_node);
	r->node->total += (last - first) >> PAGE_SHIFT;
	r->next = regions;
	regions = r;
	for (link = &r->node->fresh; *link; link = &(*link)->next_of_node)
		;
	*link = r;
	section_enter(r);
	return 0;
}

static void stats_of(struct page_node *node, struct page_stats *stats)
{
	unsigned long flags = spin_lock_irqsave(&node->lock);

	*stats = (struct page_stats){
		.node = node->id,
		.total = node->total,
		.used = node->used,
		.meta = node->meta,
		.free = node->total - node->used - node->meta,
		.peak = node->peak,
	};
	spin_unlock_irqrestore(&node->lock, flags);
}

bool page_node_stats(unsigned int index, struct page_stats *stats)
{
	struct page_node *node = lowest_node;

	while (node && index--)
		node = node->above;
	if (!node)
		return false;
	stats_of(node, stats);
	return true;
}

void page_stats(struct page_stats *sum)
{
	*sum = (struct page_stats){.node = NUMA_NO_NODE};
	for (struct page_node *node = lowest_node; node; node = node->above) {
		struct page_stats one;

		stats_of(node, &one);
		sum->total += one.total;
		sum->used += one.used;
		sum->meta += one.meta;
		sum->free += one.free;
		sum->peak += one.peak;
	}
}

int page_to_node(const void *address)
{
	struct page_region *r = region_of(address_to_phys(address));

	return r ? r->node->id : NUMA_NO_NODE;
}
