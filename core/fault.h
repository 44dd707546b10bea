/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports for people: where a hart is, and what an exception found. */
#ifndef CORE_FAULT_H
#define CORE_FAULT_H

#include "percpu/percpu.h"

/*
 * Top of the hart's overflow stack, where trap entry goes when sp has left its stack. Set before
 * the hart runs.
 */
DECLARE_PER_CPU(void *, overflow_sp);

/*
 * Logs a symbolised backtrace of the caller; within an exception's report, of the code that
 * trapped, with its registers and cause. Any context.
 */
void fault_backtrace(void);

/* Makes exceptions reported. Boot hart, first of all; other harts find it done. */
void fault_init(void);

#endif
