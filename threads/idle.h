/* SPDX-License-Identifier: BSD-2-Clause */
/* What a hart does when there is nothing to do. */
#ifndef THREADS_IDLE_H
#define THREADS_IDLE_H

#include <stdbool.h>

/*
 * Runs fn(arg) in the idle loop of another cpu: hart context, interrupts on, until it returns. Does not wait for that: idle_job_done() tells. One job
 * a cpu: -EBUSY while an earlier one is not over; -ENXIO if the cpu is not online or is the calling one. Hart context.
 */
int idle_run_on(unsigned int cpu, void (*fn)(void *arg), void *arg);

/* True when the last job of that cpu is over; what it did is seen. Any context. */
bool idle_job_done(unsigned int cpu);

#endif
