/* SPDX-License-Identifier: BSD-2-Clause */
/* Lock-less singly linked lists: many add at the front, any one takes all. */
#ifndef CORE_LLIST_H
#define CORE_LLIST_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/compiler.h"

/*
 *            add: compare-exchange              add
 *   [ NULL ] --------------------> [ -> n1 ] ---------> [ -> n2 -> n1 ]
 *       ^                               | del_all: exchange   |
 *       '-------------------------------+---------------------'
 *
 * Names and meaning are those of Linux. Adders and takers need no lock between them. The list is
 * last in, first out; llist_reverse_order gives the order of arrival. There is no removal of single
 * nodes: a node that is taken while another hart holds its address as the expected head could come
 * back and hide a changed tail.
 */
struct llist_node {
	struct llist_node *next;
};

struct llist_head {
	_Atomic(struct llist_node *) first;
};

#define LLIST_HEAD_INIT(name) {NULL}
#define LLIST_HEAD(name)      struct llist_head name = LLIST_HEAD_INIT(name)

static inline void init_llist_head(struct llist_head *head)
{
	atomic_init(&head->first, NULL);
}

#define llist_entry(ptr, type, member) container_of(ptr, type, member)

/* A hint when others add or take. Relaxed: to see what a node holds, take it. */
static inline bool llist_empty(const struct llist_head *head)
{
	return !atomic_load_explicit(&head->first, memory_order_relaxed);
}

/*
 * Adds the chain from first to last, linked by next, in one step. True if the list was empty
 * before: of all who add to an empty list exactly one is told so. Any context, interrupts and NMIs
 * included.
 */
static inline bool llist_add_batch(struct llist_node *first, struct llist_node *last,
				   struct llist_head *head)
{
	struct llist_node *old = atomic_load_explicit(&head->first, memory_order_relaxed);

	/* Release: pairs with the acquire in llist_del_all, which then sees the nodes' contents. */
	do {
		last->next = old;
	} while (!cas_release(&head->first, &old, first));
	return !old;
}

static inline bool llist_add(struct llist_node *node, struct llist_head *head)
{
	return llist_add_batch(node, node, head);
}

/* Takes all nodes in one step, newest first; NULL if there was none. Any context. */
static inline struct llist_node *llist_del_all(struct llist_head *head)
{
	/* Acquire: pairs with the release in llist_add_batch. */
	return atomic_exchange_explicit(&head->first, NULL, memory_order_acquire);
}

/* Turns a chain that was taken round; returns its new first node. */
struct llist_node *llist_reverse_order(struct llist_node *node);

/*
 * Over a chain that was taken. Only the _safe forms allow pos to be freed or added elsewhere in the
 * body.
 */
#define llist_for_each(pos, node) for ((pos) = (node); (pos); (pos) = (pos)->next)

#define llist_for_each_safe(pos, n, node) \
	for ((pos) = (node); (pos) && ((n) = (pos)->next, 1); (pos) = (n))

/* As for container_of, but NULL stays NULL whatever the member's offset. */
#define __llist_entry_or_null(ptr, type, member)                     \
	({                                                           \
		struct llist_node *__n = (ptr);                      \
		__n ? llist_entry(__n, type, member) : (type *)NULL; \
	})

#define llist_for_each_entry(pos, node, member)                                        \
	for ((pos) = __llist_entry_or_null((node), __typeof__(*(pos)), member); (pos); \
	     (pos) = __llist_entry_or_null((pos)->member.next, __typeof__(*(pos)), member))

#define llist_for_each_entry_safe(pos, n, node, member)                                        \
	for ((pos) = __llist_entry_or_null((node), __typeof__(*(pos)), member);                \
	     (pos) &&                                                                          \
	     ((n) = __llist_entry_or_null((pos)->member.next, __typeof__(*(pos)), member), 1); \
	     (pos) = (n))

#endif
