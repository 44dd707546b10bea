/* SPDX-License-Identifier: BSD-2-Clause */
/* Back ends: the ways to raise a hart's line. The best one that is there wins. */
#ifndef IPI_BACKEND_H
#define IPI_BACKEND_H

#include <stdatomic.h>

#include "core/cpumask.h"

struct ipi_backend {
	const char *name;    /* for ipi= */
	unsigned int rating; /* the highest that is there is used */
	/*
	 * Finds its hardware. 0, or a negative errno. Boot hart, all others online and reached by
	 * SBI.
	 */
	int (*init)(void);
	/*
	 * Readies the calling hart to be rung this way; interrupts off. Or NULL. 0, or a negative
	 * errno.
	 */
	int (*cpu_init)(void);
	/*
	 * Raises one line. Orders all earlier memory accesses before it, for devices too: what the
	 * target reads after it has acknowledged is at least what was written before. Any context.
	 */
	void (*ring)(unsigned int cpu);
	/* Raises all lines of a mask; how many could not be raised. Or NULL: one by one. */
	unsigned int (*ring_mask)(const struct cpumask *mask);
};

/* The one in use. From the first IPI on SBI's, from INIT_LATE on the best. */
extern _Atomic(const struct ipi_backend *) __ipi_backend;
static inline const struct ipi_backend *ipi_backend(void)
{
	/*
	 * Relaxed: a back end is constant, and every hart was readied for it before it was stored.
	 */
	return atomic_load_explicit(&__ipi_backend, memory_order_relaxed);
}

/*
 * The i-th of all that there are, NULL past the end. state: 0 it can be used here, -ENODEV it is
 * not there, -EAGAIN it was not looked for, as a better one was found or another was asked for,
 * else the error that it met. Any context after INIT_LATE.
 */
const struct ipi_backend *ipi_backend_nth(unsigned int i, int *state);

extern const struct ipi_backend ipi_backend_sbi, ipi_backend_legacy, ipi_backend_sswi,
	ipi_backend_imsic;

#endif
