/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pairing heap of timers, in the timers themselves: the earliest is its root, NULL is the empty
 * one. Nobody but core/timer.c uses it.
 */
#ifndef CORE_TIMER_HEAP_H
#define CORE_TIMER_HEAP_H

#include "core/timer.h"

/*
 * Both return the new root. Insertion takes O(1), removal O(log n), amortised; of times that are
 * the same any may be first.
 */
struct timer_list *timer_heap_insert(struct timer_list *root, struct timer_list *timer);
struct timer_list *timer_heap_remove(struct timer_list *root, struct timer_list *timer);

/*
 * Takes a heap apart, in no order, in O(n) for all: NULL when nothing is left. *rest is the root at
 * first, and afterwards no heap any more.
 */
struct timer_list *timer_heap_take_any(struct timer_list **rest);

#endif
