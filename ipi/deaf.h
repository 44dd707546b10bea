/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a hart is that does not hear: it has interrupts off, and the firmware is asked to look (SBI
 * SSE).
 */
#ifndef IPI_DEAF_H
#define IPI_DEAF_H

#include <stdbool.h>

#define DEAF_TRACE_MAX 32

struct deaf_trace {
	unsigned long pc, ra, sp;
	unsigned int n;
	unsigned long returns[DEAF_TRACE_MAX];
};

/*
 * Interrupts a cpu wherever it is and takes down its frames; waits up to wait_ms. False where the
 * firmware cannot, or the cpu does not answer even so. The trace is valid until the next request
 * for that cpu. One request at a time. Any context.
 */
bool deaf_backtrace(unsigned int cpu, unsigned int wait_ms, const struct deaf_trace **trace);

/*
 * Rows of a cpu's life, on the cpu itself, interrupts off: it registers for the event, where it is
 * to listen; and is masked and not registered any more, as firmware may keep what is registered
 * over a stop, to be entered with the stack and tables of an earlier life.
 */
int deaf_starting(unsigned int cpu);
int deaf_dying(unsigned int cpu);

/* True if that cpu listens to events: parameter sse, and a firmware that has them. Any context. */
bool deaf_can_ask(unsigned int cpu);

#endif
