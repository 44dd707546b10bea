/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the suite stop_machine share. */
#ifndef TESTS_KERNEL_STOP_MACHINE_H
#define TESTS_KERNEL_STOP_MACHINE_H

#include <stdatomic.h>
#include <stdbool.h>

/* Set to 0 by begin: how often functions ran, and what was not as expected there. */
extern _Atomic unsigned int stop_runs, stop_wrong;

static inline void begin(void)
{
	atomic_store(&stop_runs, 0);
	atomic_store(&stop_wrong, 0);
}

static inline void expect(bool good)
{
	atomic_fetch_add(&stop_wrong, !good);
}

/* For stop_one_cpu; arg points to the cpu. Returns 7 + cpu. */
int in_stopper(void *arg);

/* For stop_machine: writes to *data, an unsigned int, where it runs; returns how many ran before. */
int here(void *data);

/* For stop_machine on all harts: each waits for the others in it. */
int together(void *data);

#endif
