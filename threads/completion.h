/* SPDX-License-Identifier: BSD-2-Clause */
/* Completions: "that is done", once for each who waits for it. Names are Linux's. */
#ifndef THREADS_COMPLETION_H
#define THREADS_COMPLETION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/list.h"
#include "core/spinlock.h"

/* Members belong to threads/completion.c. */
struct completion {
	spinlock_t lock;
	/* How often it was completed and not yet waited for; COMPLETED_ALL: for ever. */
	unsigned int done;
	struct list_head waiters;
};

#define COMPLETION_INITIALIZER(name) {SPINLOCK_INIT(#name), 0, LIST_HEAD_INIT((name).waiters)}
#define DECLARE_COMPLETION(name)     struct completion name = COMPLETION_INITIALIZER(name)
void init_completion(struct completion *x);
/* Back to not done; nobody waits. */
void reinit_completion(struct completion *x);

/*
 * Lets the one that has waited longest go on, or the next that comes; complete_all: all who wait,
 * and all who come until reinit_completion. What the caller did before is seen by who goes on; that
 * one may free the completion at once, even before complete has returned. Any context.
 */
void complete(struct completion *x);
void complete_all(struct completion *x);

/* Sleeps until completed; a sleep that lasts is reported (threads/hung.h). Thread context. */
void wait_for_completion(struct completion *x);

/*
 * At most so many ticks: 0 if it was not completed, else how many were left, at least 1. Thread
 * context.
 */
uint64_t wait_for_completion_timeout(struct completion *x, uint64_t ticks);

/* Takes one completion if there is one; never sleeps. Any context. */
bool try_wait_for_completion(struct completion *x);

/* True if the next wait would not sleep. Any context. */
bool completion_done(struct completion *x);

#endif
