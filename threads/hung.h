/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads that sleep too long for what should be over soon. */
#ifndef THREADS_HUNG_H
#define THREADS_HUNG_H

#include <stdint.h>

/*
 * A thread that is UNINTERRUPTIBLE for longer than hung_s seconds (a parameter; 0: never) is
 * reported once for each such sleep: its name and cpu, what and whom it waits for, and its
 * backtrace. It goes on waiting.
 *
 * Here, what the timer does: reports those that fell asleep from one time until before another, in
 * ticks. Returns how many. Any context.
 */
unsigned int hung_report(uint64_t from, uint64_t until);

#endif
