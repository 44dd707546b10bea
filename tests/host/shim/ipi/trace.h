/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: nothing is traced. */
#ifndef IPI_TRACE_H
#define IPI_TRACE_H

#include <stdbool.h>
#include <stddef.h>

enum trace_event { TRACE_SEND, TRACE_QUEUE, TRACE_ENTRY, TRACE_BEGIN, TRACE_END };

struct call_node;
struct call_single_data;

static inline bool trace_enabled(void)
{
	return false;
}

static inline void trace_record(enum trace_event event, unsigned int target, const void *func)
{
	(void)event, (void)target, (void)func;
}

static inline void trace_queue(unsigned int target, const struct call_node *node)
{
	(void)target, (void)node;
}

static inline const void *trace_func(const struct call_single_data *csd)
{
	(void)csd;
	return NULL;
}

#define trace(event, target, func) trace_record(event, target, (const void *)(func))

#endif
