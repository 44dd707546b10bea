/* SPDX-License-Identifier: BSD-2-Clause */
/* Trace points on the way of a call, kept in a ring of the hart that passes them. */
#ifndef IPI_TRACE_H
#define IPI_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/compiler.h"

enum trace_event {
	TRACE_SEND,  /* a line is raised; target: whose */
	TRACE_QUEUE, /* a call is about to be queued; target: for whom, func */
	TRACE_ENTRY, /* an IPI is taken */
	TRACE_BEGIN, /* func is called for somebody, and */
	TRACE_END,   /* has returned */
	TRACE_EVENTS,
};

/* Of each hart the last so many are kept. */
#define TRACE_RING 1024

/* Read at every trace point, written by trace_switch only. Near gp: one load and one branch when it is off. */
extern bool trace_on;

/* Records one event of this hart. Any context. */
void trace_record(enum trace_event event, unsigned int target, const void *func);

#define trace(event, target, func)                                         \
	do {                                                               \
		if (unlikely(trace_on))                                    \
			trace_record(event, target, (const void *)(func)); \
	} while (0)

/* Switches tracing on (from empty rings) or off. 0, or -ENOMEM: it stays off. Hart context, interrupts on. */
int trace_switch(bool on);

struct trace_record {
	uint64_t time; /* nanoseconds, or instructions in deterministic mode */
	unsigned int cpu;
	enum trace_event event;
	unsigned int target;
	const void *func; /* NULL: none */
};

/*
 * Calls each() for the last n events of all harts in order of time, n 0: for all that are kept. Tracing pauses meanwhile. Returns how many
 * there were. Hart context, interrupts on.
 */
unsigned int trace_for_each(unsigned int n, void (*each)(const struct trace_record *record));

/* "send", "queue", ... */
const char *trace_event_name(enum trace_event event);

#endif
