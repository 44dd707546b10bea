/* SPDX-License-Identifier: BSD-2-Clause */
/* Torture: all kinds of calls from all harts at once, each accounted for. */
#ifndef TESTS_TORTURE_TORTURE_H
#define TESTS_TORTURE_TORTURE_H

#include <stdint.h>

/*
 * When a run ends: after so many seconds, or, if ops is not 0, when each hart has done so many
 * operations, if that is earlier. If cycles is not 0, harts go off and on in turn instead of at
 * random, and it ends when that was done so often, and fails if the seconds were too few for it.
 */
struct torture_limits {
	uint64_t seconds;
	uint64_t ops;
	uint64_t cycles;
};

/*
 * Runs it on all online harts, with a progress line each second; prints one STATS line, and the
 * verdict as suite number so and so of a KTAP report that the caller has opened. Every choice
 * follows from seed. Returns the number of checks that failed. Hart context of one hart, the others
 * idle, interrupts on.
 */
unsigned int torture_run(const struct torture_limits *limits, uint64_t seed, unsigned int suite,
			 const char *name);

/* What parameters ask for; seconds 0: nothing. */
extern struct torture_limits torture_wanted;

/* Seed of parameter seed=, or one of the moment. */
uint64_t torture_seed(void);

#endif
