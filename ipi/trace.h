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

/* Written by trace_switch only. In the data near gp. */
extern bool trace_on;

/*
 * Read at every trace point: in assembly, or the compiler would keep the address in a register that
 * the fast path must then save. One load, once the linker has related it to gp.
 */
static inline bool trace_enabled(void)
{
	unsigned long on;

	__asm__ __volatile__("lbu %0, trace_on" : "=r"(on));
	return on;
}

/* Records one event of this hart. Any context. */
void trace_record(enum trace_event event, unsigned int target, const void *func);

#define trace(event, target, func)                                         \
	do {                                                               \
		if (unlikely(trace_enabled()))                             \
			trace_record(event, target, (const void *)(func)); \
	} while (0)

/* For the two places where the function of a call must be looked for: only when tracing is on. */
struct call_node;
struct call_single_data;
void trace_queue(unsigned int target, const struct call_node *node);
const void *trace_func(const struct call_single_data *csd);

/*
 * Switches tracing on (from empty rings) or off. 0, or -ENOMEM: it stays off. Hart context,
 * interrupts on.
 */
int trace_switch(bool on);

struct trace_record {
	uint64_t time; /* nanoseconds, or instructions in deterministic mode */
	unsigned int cpu;
	enum trace_event event;
	unsigned int target;
	const void *func; /* NULL: none */
};

/*
 * Calls each() for the last n events of all harts in order of time, n 0: for all that are kept.
 * Tracing pauses meanwhile. Returns how many there were. Hart context, interrupts on.
 */
unsigned int trace_for_each(unsigned int n, void (*each)(const struct trace_record *record));

/* "send", "queue", ... */
const char *trace_event_name(enum trace_event event);

#endif
