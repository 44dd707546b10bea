/* SPDX-License-Identifier: BSD-2-Clause */
/* SUSP: putting the whole machine to sleep. */
#ifndef SBI_SUSP_H
#define SBI_SUSP_H

#include <stdint.h>

#include "core/compiler.h"
#include "sbi/ecall.h"

#define SUSP_SUSPEND_TO_RAM 0x00000000U

/*
 * Suspends the machine (SBI 2.0, section 13.1); all harts but the calling one must be stopped. It
 * resumes on this hart, at resume_addr (physical), with opaque in a1, as after a non-retentive
 * hart_suspend. Comes back only with an error: ERR_NOT_SUPPORTED or ERR_INVALID_PARAM (no such type
 * here), ERR_INVALID_ADDRESS, ERR_DENIED (a hart is not stopped), ERR_FAILED. Interrupts off.
 */
struct sbiret sbi_system_suspend(uint32_t type, phys_addr_t resume_addr, unsigned long opaque);

#endif
