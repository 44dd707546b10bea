/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of how idle harts sleep. */
#ifndef THREADS_IDLE_H
#define THREADS_IDLE_H

#include <stdint.h>

/*
 * How often cpu has slept by HSM suspend in idle, in its index-th state, the shallowest first;
 * type, if not NULL, receives what the firmware is asked for. -1: there are not so many. Any
 * context, from INIT_THREADS on.
 */
int64_t idle_suspends(unsigned int cpu, unsigned int index, uint32_t *type);

#endif
