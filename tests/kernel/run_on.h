/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests and benchmarks: a function that runs on another cpu, in a thread of its own. */
#ifndef TESTS_KERNEL_RUN_ON_H
#define TESTS_KERNEL_RUN_ON_H

#include <stdbool.h>

/*
 * Runs fn(arg) in a thread that is bound to another cpu, until it returns. Does not wait for that:
 * run_on_done() tells. One a cpu: -EBUSY while an earlier one is not over; -ENXIO if the cpu is not
 * online or is the calling one; -ENOMEM. Thread context.
 */
int run_on(unsigned int cpu, void (*fn)(void *arg), void *arg);

/* True when the last function on that cpu is over; what it did is seen. Any context. */
bool run_on_done(unsigned int cpu);

#endif
