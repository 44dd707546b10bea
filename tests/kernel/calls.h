/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the suites of ipi/ share: harts that are held or kept busy, waits with a deadline, rings
 * that get lost.
 */
#ifndef TESTS_KERNEL_CALLS_H
#define TESTS_KERNEL_CALLS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "ipi/call_stats.h"

/* The n-th online cpu that is not this one, from 0; nr_cpu_ids if there are not so many. */
unsigned int nth_other_cpu(unsigned int n);

/*
 * Sleeps until the word is at least n, up to 5 s; for waits that cond(arg) ends. Return whether it
 * came true.
 */
bool reaches(_Atomic unsigned int *word, unsigned int n);
bool soon(bool (*cond)(void *arg), void *arg);

/*
 * Spins until the flag is set, interrupts as they are; for code on other harts. Gives up after 10
 * s, so that the test fails and goes on.
 */
bool spin_until(_Atomic bool *flag);

/*
 * Sleeps for a moment, hart context: an emulator that runs harts in turn lets a spinning one keep
 * its whole turn, 100 ms. For the same reason what spins with interrupts off is bounded by time,
 * and not by counting alone.
 */
void nap(void);

/* True once the job of the cpu that arg points to is over. */
bool job_done(void *arg);

/* True once all calls that were accepted have run. */
bool calls_balance(void);

/* A hart that is in a call, or in hart context with interrupts on, until it is let go. */
struct held {
	unsigned int cpu;
	bool job;
	_Atomic bool in, out;
};
/* Returns when it is there; false if it did not come. */
bool hold_in_call(struct held *held, unsigned int cpu);
bool hold_in_job(struct held *held, unsigned int cpu);
/* Returns when it has gone. */
bool let_go(struct held *held);

/* From here on the next ring at this cpu, whoever rings it, gets lost. Until rings_restore. */
void lose_ring(unsigned int cpu);
void rings_restore(void);

/* Sets the patience of a watchdog, by its parameter, or of that of calls; returns what it was. */
unsigned int set_timeout_ms(const char *name, unsigned int ms);
unsigned int set_csd_timeout_ms(unsigned int ms);

/*
 * Warnings that a test provokes stay off the console from quiet_begin (which returns what quiet_end
 * wants) on, and in the log.
 */
int quiet_begin(void);
void quiet_end(int level);
/* True if a message since quiet_begin holds all of the words, of which b and c may be NULL. */
bool logged(const char *a, const char *b, const char *c);

#endif
