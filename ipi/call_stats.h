/* SPDX-License-Identifier: BSD-2-Clause */
/* What each cpu counts about calls, and the balance that must always hold. */
#ifndef IPI_CALL_STATS_H
#define IPI_CALL_STATS_H

#include <stdatomic.h>
#include <stdint.h>

#include "percpu/percpu.h"

/*
 * Counted by the cpu that does it, by atomic additions without order: an interrupt may come in between. Summed over all cpus,
 *
 *     queued = run + in flight
 *
 * at any time at which nobody is in the middle of a step; refused calls are in neither. Local calls (on the calling cpu) are apart.
 */
struct call_stats {
	_Atomic uint64_t queued;     /* accepted by some queue */
	_Atomic uint64_t refused;    /* -ENXIO */
	_Atomic uint64_t run;	     /* run here */
	_Atomic uint64_t local;	     /* called directly */
	_Atomic uint64_t rings;	     /* lines raised for calls */
	_Atomic uint64_t saved;	     /* pushes that needed no ring */
	_Atomic uint64_t interrupts; /* IPIs taken */
	_Atomic uint64_t spurious;   /* of these, with nothing to do */
	_Atomic uint64_t timeouts;   /* waits that were reported */
	_Atomic uint64_t recovered;  /* calls that a second ring brought home */
};

DECLARE_PER_CPU(struct call_stats, call_stats);

#define call_count(field, n)                                                                       \
	((void)atomic_fetch_add_explicit(&this_cpu_ptr(&call_stats)->field, (n), memory_order_relaxed))

/* Sum of one counter over all possible cpus. */
#define call_stats_sum(field)                                                                      \
	({                                                                                         \
		uint64_t __sum = 0;                                                                \
		for (unsigned int __cpu = 0; __cpu < nr_cpu_ids; __cpu++)                          \
			__sum += atomic_load_explicit(&per_cpu_ptr(&call_stats, __cpu)->field,     \
						      memory_order_relaxed);                       \
		__sum;                                                                             \
	})

#endif
