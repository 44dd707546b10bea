/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Debug builds: every order in which locks were ever taken together is remembered, and one that
 * closes a cycle is told.
 */
#ifndef CORE_LOCKDEP_H
#define CORE_LOCKDEP_H

#include <stdbool.h>

/*
 * A class is all locks of one name (the same string). Holding A while taking B makes an edge from A
 * to B; a cycle of edges is a deadlock that only waits for its moment, also if it has never
 * happened. A class that is taken in interrupts must not be taken with interrupts on anywhere, or
 * the interrupt can find it held by what it interrupts. Nobody sleeps while holding a spin lock; where
 * a mutex may be taken at all is might_sleep's to check. Each finding is reported once (pr_err), when
 * this thread holds nothing.
 *
 * Locks of one class that are held together are not told apart: their order is their user's affair.
 */
enum lockdep_kind { LOCKDEP_SPIN, LOCKDEP_MUTEX };

#define LOCKDEP_HELD 16U /* locks that a thread holds at once, more are not looked at */

#ifdef DEBUG

/* What a thread holds, in task_head. */
struct lockdep_task {
	unsigned char depth;
	unsigned char held[LOCKDEP_HELD];
	bool busy;	  /* within lockdep itself */
	unsigned int irq; /* interrupts that it is within */
};

/* Before waiting for the lock. tried: it does not wait, so no order is broken. Any context. */
void lockdep_acquire(const char *name, enum lockdep_kind kind, bool tried);
/* While interrupts are still as they were under the lock: one that comes in after is not under it. */
void lockdep_release(const char *name);

/* Reports what was found, if this thread holds nothing and interrupts are on. Any context. */
void lockdep_tell(void);

/* The thread is about to sleep. */
void lockdep_sleep(void);

/* Findings so far, those of tests left out; a test that makes one expects it. Any context. */
unsigned int lockdep_findings(void);
void lockdep_expect(unsigned int findings);

#else

static inline void lockdep_acquire(const char *name, enum lockdep_kind kind, bool tried)
{
	(void)name;
	(void)kind;
	(void)tried;
}

static inline void lockdep_release(const char *name)
{
	(void)name;
}

static inline void lockdep_tell(void)
{
}

static inline void lockdep_sleep(void)
{
}

#endif
#endif
