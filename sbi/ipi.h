/* SPDX-License-Identifier: BSD-2-Clause */
/* IPI (sPI): software interrupts to other harts. */
#ifndef SBI_IPI_H
#define SBI_IPI_H

#include "sbi/ecall.h"
#include "sbi/sbi.h"

/* As base: every hart, the mask is ignored (SBI 2.0, section 3.1). */
#define SBI_HART_BASE_ALL (~0UL)

/*
 * Raises the supervisor software interrupt on harts base + i for every set bit i of mask (SBI 2.0,
 * section 7.1). ERR_INVALID_PARAM: a hart of the mask is not there or (OpenSBI 1.7 to 1.9, RustSBI
 * since 2026-04) is stopped, and NO hart got its interrupt; older firmware skips such harts and
 * succeeds. Any context.
 */
static inline struct sbiret sbi_send_ipi(unsigned long mask, unsigned long base)
{
	return sbi_ecall2(SBI_EXT_IPI, 0, mask, base);
}

#endif
