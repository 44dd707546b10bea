/* SPDX-License-Identifier: BSD-2-Clause */
/* What each cpu counts about calls, and the balance that must always hold. */
#ifndef IPI_CALL_STATS_H
#define IPI_CALL_STATS_H

#include <stdint.h>

/*
 * Counted by the cpu that does it. Summed over all cpus,
 *
 *     queued = run + in flight
 *
 * at any time at which nobody is in the middle of a step; refused calls are in neither. Local calls
 * (made on the target itself) are apart.
 */
struct call_stats {
	_Atomic uint64_t queued;  /* accepted by some queue */
	_Atomic uint64_t refused; /* -ENXIO */
	_Atomic uint64_t run;	  /* run here */
	_Atomic uint64_t local;	  /* called directly */
	_Atomic uint64_t
		own_work;	/* of queued: irq_work for itself, on lists that are rung apart */
	_Atomic uint64_t rings; /* lines raised */
	_Atomic uint64_t
		other_rings;	     /* of these, for reasons that are no calls, or a second time */
	_Atomic uint64_t interrupts; /* IPIs taken */
	_Atomic uint64_t spurious;   /* of these, with nothing to do */
	_Atomic uint64_t timeouts;   /* waits that were reported */
	_Atomic uint64_t recovered;  /* calls that a second ring brought home */
};

/*
 * A snapshot for printing and for tests. saved: calls that needed no ring, as one was under way or
 * the target watched its queue. It follows from the others, as every other call was rung for once;
 * 0 for a cpu whose callers were moved in between, more rings than calls, but in the sum over all
 * cpus it is exact.
 */
struct call_totals {
	uint64_t queued, refused, run, local, own_work, rings, other_rings, saved, interrupts,
		spurious, timeouts, recovered;
};

/* Of one cpu; of all possible cpus together. Any context. */
void call_stats_of(unsigned int cpu, struct call_totals *totals);
void call_stats_sum(struct call_totals *totals);

#endif
