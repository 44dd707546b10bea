/* SPDX-License-Identifier: BSD-2-Clause */
/* What the page allocator and the object allocator over it share, and nobody else uses. */
#ifndef CORE_INTERNAL_H
#define CORE_INTERNAL_H

#include "core/page.h"

struct page_node;
struct kmalloc_node;

/*
 * Every page that was ever in use has a state byte: a kind, or-ed with the order of the block for
 * all but BODY and META.
 *
 *              page_alloc             page_tag
 *   [ FREE ] <------------> [ USED ] <---------> [ SLAB on every page ]
 *              page_free        ^ '------------> [ LARGE ]
 *
 * The state stands at the first page of a block; its other pages are BODY, except in a slab, where
 * each page leads to the first.
 */
enum page_kind {
	PAGE_BODY = 0x00,
	PAGE_FREE = 0x10,
	PAGE_USED = 0x20,
	PAGE_SLAB = 0x30,
	PAGE_LARGE = 0x40,
	PAGE_META = 0x50,
};
#define PAGE_KIND_MASK	0xf0u
#define PAGE_ORDER_MASK 0x0fu

/*
 * State byte of the page that address lies in; PAGE_META for what is not managed or was never
 * handed out. Any context.
 */
unsigned int page_state(const void *address);

/* Turns a block that the caller owns from USED into SLAB or LARGE, or back into USED. */
void page_tag(void *block, unsigned int order, enum page_kind kind);

/*
 * Nodes by nearness: the node itself first, then all others by distance of the ids, the lower id
 * first on a tie.
 */
struct page_node_walk {
	int id;
	struct page_node *below, *above;
};
struct page_node *page_node_first(struct page_node_walk *walk, int node);
struct page_node *page_node_next(struct page_node_walk *walk);

/* A block of exactly this node, or NULL. Any context. */
void *page_node_alloc(struct page_node *node, unsigned int order);

/* Where the object allocator keeps what it has on this node: NULL at first. */
_Atomic(struct kmalloc_node *) *page_node_slabs(struct page_node *node);

#endif
