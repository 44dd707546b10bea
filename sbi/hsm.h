/* SPDX-License-Identifier: BSD-2-Clause */
/* HSM: starting, stopping and suspending harts, and what each answer means. */
#ifndef SBI_HSM_H
#define SBI_HSM_H

#include <stdint.h>

#include "core/compiler.h"
#include "sbi/ecall.h"

/*
 * States of a hart (SBI 2.0, chapter 9):
 *
 *                  hart_start
 *     STOPPED ----------------> START_PENDING ----> STARTED <----------- RESUME_PENDING
 *        ^                                          |     |                    ^
 *        |                               hart_stop  |     | hart_suspend       | interrupt
 *        +------------- STOP_PENDING <--------------+     v                    |
 *                                                  SUSPEND_PENDING ----> SUSPENDED
 *
 * The values are hart_get_status's.
 */
enum hsm_state {
	HSM_STARTED,
	HSM_STOPPED,
	HSM_START_PENDING,
	HSM_STOP_PENDING,
	HSM_SUSPENDED,
	HSM_SUSPEND_PENDING,
	HSM_RESUME_PENDING,
};

/* "STARTED" and so on; "unknown" for any other value. Any context. */
const char *hsm_state_name(long state);

/*
 * Starts hart hartid at physical address start_addr in S-mode, translation and interrupts off, a0 =
 * hartid, a1 = opaque (SBI 2.0, section 9.1). Success means accepted, not running. For any error
 * ask hsm_start_result. Any context.
 */
struct sbiret sbi_hart_start(unsigned long hartid, phys_addr_t start_addr, unsigned long opaque);

/*
 * Stops the calling hart (SBI 2.0, section 9.2). Comes back only when it failed; RustSBI also comes
 * back with SBI_SUCCESS after an interrupt became pending. hsm_stop_result says what to do then.
 * Interrupts off.
 */
struct sbiret sbi_hart_stop(void);

/* Value: enum hsm_state of hart hartid, already old when it arrives (SBI 2.0, section 9.3). Any
 * context. */
struct sbiret sbi_hart_get_status(unsigned long hartid);

#define HSM_SUSPEND_RETENTIVE	  0x00000000U
#define HSM_SUSPEND_NON_RETENTIVE 0x80000000U

/*
 * Suspends the calling hart (SBI 2.0, section 9.4). Retentive types come back like a call;
 * non-retentive ones enter resume_addr (physical) as a start would, with opaque in a1. Interrupts
 * off.
 */
struct sbiret sbi_hart_suspend(uint32_t type, phys_addr_t resume_addr, unsigned long opaque);

/*
 * What an answer to hart_start means. Firmware differs where the hart is in a pending state or a
 * rival starts it:
 *
 *   answer              OpenSBI                          RustSBI                  meaning
 *   SUCCESS             accepted                         accepted HSM_START_ACCEPTED
 *   ALREADY_AVAILABLE   hart is STARTED                  hart is not STOPPED      by the hart's
 * state ALREADY_STARTED     never                            never                    by the hart's
 * state INVALID_PARAM       no such hart, or it is           no such hart             by the hart's
 * state START_PENDING or STOP_PENDING, or a rival started it all others          refused refused
 * HSM_START_REFUSED
 *
 *   the hart's state                                                meaning
 *   STARTED, SUSPENDED, SUSPEND_PENDING, RESUME_PENDING             HSM_START_ALREADY
 *   START_PENDING, STOP_PENDING, STOPPED (it was pending just now)  HSM_START_RETRY
 *   an error, or an unknown state                                   HSM_START_REFUSED
 *
 * A hart that stays STOPPED and answers INVALID_PARAM for ever is one that cannot run S-mode: RETRY
 * is for a bounded time.
 */
enum hsm_start_result {
	HSM_START_ACCEPTED, /* it comes */
	HSM_START_ALREADY,  /* it runs, started by somebody else */
	HSM_START_RETRY,    /* in between: ask again until a deadline */
	HSM_START_REFUSED,  /* never */
};

/*
 * error is hart_start's, status what hart_get_status says of the same hart AFTER that call (looked
 * at only where the table says so). Any context.
 */
enum hsm_start_result hsm_start_result(long error, struct sbiret status);

/* sbi_hart_start and, where its answer is ambiguous, hart_get_status. *error, if not NULL, gets the
 * answer. Any context. */
enum hsm_start_result hsm_start(unsigned long hartid, phys_addr_t start_addr, unsigned long opaque,
				long *error);

/* What to do when hart_stop came back with error. */
enum hsm_stop_result {
	HSM_STOP_RETRY,	  /* SUCCESS (RustSBI), FAILED: stop again, boundedly */
	HSM_STOP_REFUSED, /* all others: the hart cannot stop, park it visibly */
};
enum hsm_stop_result hsm_stop_result(long error);

/* What to do when hart_suspend came back with error. */
enum hsm_suspend_result {
	HSM_SUSPEND_WOKEN,	 /* SUCCESS: it slept, or an interrupt was already pending */
	HSM_SUSPEND_UNAVAILABLE, /* NOT_SUPPORTED, INVALID_PARAM, INVALID_ADDRESS: never use this
				    type again */
	HSM_SUSPEND_FAILED,	 /* all others: this time it did not sleep */
};
enum hsm_suspend_result hsm_suspend_result(long error);

#endif
