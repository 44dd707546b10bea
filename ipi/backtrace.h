/* SPDX-License-Identifier: BSD-2-Clause */
/* Asking other cpus where they are. */
#ifndef IPI_BACKTRACE_H
#define IPI_BACKTRACE_H

#include <stdbool.h>

/*
 * Asks a cpu to log a backtrace of what it does, and waits up to backtrace_wait_ms for it; one that
 * does not answer has interrupts off: the firmware is asked to look, where it can (SBI SSE), else
 * the cpu is named. False then, and for a cpu that is not online. Any context; not recursive: a
 * second request meanwhile is dropped.
 */
bool trigger_cpu_backtrace(unsigned int cpu);

/* 100. More for a test that must have the answer of a cpu however busy the machine is. */
extern unsigned int backtrace_wait_ms;

/* The same for all online cpus, this one first. How many answered. */
unsigned int trigger_all_cpu_backtrace(void);

#endif
