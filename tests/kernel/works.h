/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the suite workqueue share: works that tell, and works that can be held. */
#ifndef TESTS_KERNEL_WORKS_H
#define TESTS_KERNEL_WORKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/time.h"
#include "threads/completion.h"
#include "threads/workqueue.h"

#define MS(n) ns_to_ticks((n) * 1000000UL)

/* A work that tells where and when it ran, and can be held. */
struct probe {
	struct delayed_work dwork;
	_Atomic unsigned int runs, cpu, order, inside;
	_Atomic uint64_t at;
	unsigned int again; /* queues itself so often */
	struct workqueue_struct *wq;
	struct completion *in, *out; /* done when it begins; waited for then */
};

#define WORK(probe) (&(probe)->dwork.work)

/*
 * Set to 0 by begin: what was not as expected, in works and threads; how many probes have begun, or
 * what else tells an order.
 */
extern _Atomic unsigned int works_wrong, works_order;

static inline void begin(void)
{
	atomic_store(&works_wrong, 0);
	atomic_store(&works_order, 0);
}

static inline void expect(bool good)
{
	atomic_fetch_add(&works_wrong, !good);
}

static inline struct probe *probe_of(struct work_struct *work)
{
	return container_of(to_delayed_work(work), struct probe, dwork);
}

/* Its work runs on system_wq if it queues itself. */
void probe_init(struct probe *probe);

/* A work that occupies a cpu's worker, until let go. */
struct blocker {
	struct probe probe;
	struct completion in, out;
};

/* Returns when it is there; false if it did not come. */
bool block(struct blocker *b, struct workqueue_struct *wq, unsigned int cpu);
/* Returns when it has gone. */
void unblock(struct blocker *b);

#endif
