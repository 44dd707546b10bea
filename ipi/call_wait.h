/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for a call to be over, and saying what is wrong when it takes too long. */
#ifndef IPI_CALL_WAIT_H
#define IPI_CALL_WAIT_H

#include "ipi/call.h"

/*
 * Waits until csd is free. cpu is the target, for the report. Past csd_timeout_ms (parameter) it
 * reports who waits for whom, for which function, since when, what the target ran last and whom it
 * waits for; rings the target once more, and counts the call as recovered if that helps; asks the
 * target for a backtrace. It reports again at doubling intervals, and panics after
 * CALL_WAIT_FATAL_S. Interrupts as they are: with them off this cpu's own calls are run meanwhile.
 */
#define CALL_WAIT_FATAL_S 300
void csd_lock_wait(call_single_data_t *csd, unsigned int cpu);

/* The same with a deadline (ticks) instead of the fatal one: false if it passed. */
bool csd_lock_wait_until(call_single_data_t *csd, unsigned int cpu, uint64_t deadline);

#endif
