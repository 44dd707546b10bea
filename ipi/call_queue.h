/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The closing queue: a lock-less list of calls whose head word is also the cpu's doorbell and its
 * liveness.
 */
#ifndef IPI_CALL_QUEUE_H
#define IPI_CALL_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/compiler.h"

/*
 *   head        meaning                                      a push
 *   OPEN        online, nothing queued                       succeeds, and must ring
 *   pointer     online, calls queued, a ring is under way    succeeds quietly
 *   POLLING     online, idle and watching this word          succeeds quietly
 *   CLOSED      not online                                   is refused
 *
 *                  push                     take (exchange)
 *     [ OPEN ] ------------> [ pointer ] -------------------> [ OPEN ]
 *      ^   |  ^--poll_end----^    ^  | close: the list is taken   |
 *      |   poll_begin       push  |  v                            |
 *      |   '-----> [ POLLING ] ---'  [ CLOSED ] <----- close -----'
 *      '------------- open ---------------'
 *
 * Any hart pushes. All other steps are the owner's, interrupts off. Because being closed and having
 * calls are one word, a push either comes before the close, and is in the list that the close
 * takes, or after it, and is refused.
 */
struct call_node {
	/* What the head was at the push: the list ends with a state, see call_queue_more. */
	struct call_node *next;
};

/* In this order: up to CLOSED a push is not quiet, up to POLLING there are no calls. */
#define CALL_QUEUE_OPEN	   ((uintptr_t)0)
#define CALL_QUEUE_CLOSED  ((uintptr_t)1)
#define CALL_QUEUE_POLLING ((uintptr_t)2)

struct call_queue {
	_Atomic uintptr_t head;
};

enum call_push { CALL_PUSHED_QUIET, CALL_PUSHED_RING, CALL_PUSH_REFUSED };

/*
 * Adds a node. Release: pairs with the acquire of take and close, by which the owner sees what the
 * node holds. After CALL_PUSHED_RING the caller must ring; the ring must be ordered behind the push
 * for devices, too. Any context.
 */
static inline enum call_push call_queue_push(struct call_queue *queue, struct call_node *node)
{
	uintptr_t old = atomic_load_explicit(&queue->head, memory_order_relaxed);

	do {
		if (unlikely(old == CALL_QUEUE_CLOSED))
			return CALL_PUSH_REFUSED;
		node->next = (struct call_node *)old;
	} while (!cas8_release(&queue->head, &old, (uintptr_t)node));
	return old == CALL_QUEUE_OPEN ? CALL_PUSHED_RING : CALL_PUSHED_QUIET;
}

/*
 * Adds a node only if that needs no ring: the queue is not empty, or watched. False: nothing was
 * done. For callers that would have to keep interrupts off from a push to its ring. Any context.
 */
static inline bool call_queue_push_quietly(struct call_queue *queue, struct call_node *node)
{
	uintptr_t old = atomic_load_explicit(&queue->head, memory_order_relaxed);

	do {
		if (unlikely(old <= CALL_QUEUE_CLOSED))
			return false;
		node->next = (struct call_node *)old;
	} while (!cas8_release(&queue->head, &old, (uintptr_t)node));
	return true;
}

/* Of a list as the owner got it: whether an older call follows. */
static inline bool call_queue_more(const struct call_node *node)
{
	return (uintptr_t)node->next > CALL_QUEUE_POLLING;
}

/*
 * What the owner got, newest first (NULL: nothing), turned round in place: oldest first, and ended
 * by NULL.
 */
static inline struct call_node *call_queue_reverse(struct call_node *node)
{
	struct call_node *reversed = NULL;

	while ((uintptr_t)node > CALL_QUEUE_POLLING) {
		struct call_node *next = node->next;

		node->next = reversed;
		reversed = node;
		node = next;
	}
	return reversed;
}

static inline struct call_node *call_queue_nodes(uintptr_t head)
{
	return head <= CALL_QUEUE_POLLING ? NULL : (struct call_node *)head;
}

/* A hint for the owner: something is queued. */
static inline bool call_queue_pending(const struct call_queue *queue)
{
	return atomic_load_explicit(&queue->head, memory_order_relaxed) > CALL_QUEUE_POLLING;
}

/* Owner: takes all calls, newest first; NULL if there are none. Does not end polling or reopen. */
static inline struct call_node *call_queue_take(struct call_queue *queue)
{
	/*
	 * Only the owner leaves the other states, so a list seen here is still there, or longer, at
	 * the exchange.
	 */
	if (!call_queue_pending(queue))
		return NULL;
	return call_queue_nodes(
		atomic_exchange_explicit(&queue->head, CALL_QUEUE_OPEN, memory_order_acquire));
}

/* Owner: from here on pushes are refused; returns the calls that were in time, newest first. */
static inline struct call_node *call_queue_close(struct call_queue *queue)
{
	return call_queue_nodes(
		atomic_exchange_explicit(&queue->head, CALL_QUEUE_CLOSED, memory_order_acq_rel));
}

/*
 * Owner: CLOSED to OPEN. Release: who pushes now sees this cpu as it is set up. False if it was not
 * closed.
 */
static inline bool call_queue_open(struct call_queue *queue)
{
	uintptr_t closed = CALL_QUEUE_CLOSED;

	return cas_release(&queue->head, &closed, CALL_QUEUE_OPEN);
}

/*
 * Owner: starts to watch the word, so that pushes need not ring. False if calls are queued already.
 */
static inline bool call_queue_poll_begin(struct call_queue *queue)
{
	uintptr_t open = CALL_QUEUE_OPEN;

	return atomic_compare_exchange_strong_explicit(&queue->head, &open, CALL_QUEUE_POLLING,
						       memory_order_relaxed, memory_order_relaxed);
}

/*
 * Owner: stops watching. False if a push came in meanwhile, unrung: its calls must be taken before
 * any sleep.
 */
static inline bool call_queue_poll_end(struct call_queue *queue)
{
	uintptr_t polling = CALL_QUEUE_POLLING;

	return atomic_compare_exchange_strong_explicit(&queue->head, &polling, CALL_QUEUE_OPEN,
						       memory_order_relaxed, memory_order_relaxed);
}

#endif
