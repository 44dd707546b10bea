/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pairing heap (Fredman, Sedgewick, Sleator, Tarjan 1986). A node comes no later than its children,
 * which are a list: child is the first of them, next the right sibling, prev the left one or, of
 * the first, the parent.
 */
#include "core/timer_heap.h"

#include <stddef.h>

/*
 * Of two heaps the later one becomes the first child of the other. Neither has siblings; neither is
 * empty.
 */
static struct timer_list *meld(struct timer_list *a, struct timer_list *b)
{
	if (b->expires < a->expires) {
		struct timer_list *earlier = b;

		b = a;
		a = earlier;
	}
	b->prev = a;
	b->next = a->child;
	if (b->next)
		b->next->prev = b;
	a->child = b;
	return a;
}

/*
 * One heap of siblings: in pairs from left to right, then the pairs from right to left. That is
 * what keeps it O(log n), amortised.
 */
static struct timer_list *meld_siblings(struct timer_list *first)
{
	struct timer_list *pairs = NULL, *root = NULL;

	while (first) {
		struct timer_list *a = first, *b = a->next;

		first = b ? b->next : NULL;
		a->next = NULL;
		if (b) {
			b->next = NULL;
			a = meld(a, b);
		}
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct timer_list *pair = pairs;

		pairs = pair->next;
		pair->next = NULL;
		root = root ? meld(root, pair) : pair;
	}
	if (root)
		root->prev = NULL;
	return root;
}

struct timer_list *timer_heap_insert(struct timer_list *root, struct timer_list *timer)
{
	timer->child = timer->next = timer->prev = NULL;
	return root ? meld(root, timer) : timer;
}

struct timer_list *timer_heap_remove(struct timer_list *root, struct timer_list *timer)
{
	struct timer_list *rest = meld_siblings(timer->child);

	if (timer == root)
		return rest;
	if (timer->prev->child == timer)
		timer->prev->child = timer->next;
	else
		timer->prev->next = timer->next;
	if (timer->next)
		timer->next->prev = timer->prev;
	return rest ? meld(root, rest) : root;
}

/*
 * The rest is a list of heaps. Each list of children is walked once, to put it before the others.
 */
struct timer_list *timer_heap_take_any(struct timer_list **rest)
{
	struct timer_list *timer = *rest, *last;

	if (!timer)
		return NULL;
	*rest = timer->next;
	if (timer->child) {
		last = timer->child;
		while (last->next)
			last = last->next;
		last->next = *rest;
		*rest = timer->child;
	}
	return timer;
}
