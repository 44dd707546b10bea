/* SPDX-License-Identifier: BSD-2-Clause */
/* RFENCE: instruction and address-translation fences on other harts. */
#ifndef SBI_RFENCE_H
#define SBI_RFENCE_H

#include "sbi/ecall.h"

/*
 * Each runs its fence on harts base + i for every set bit i of mask, or on every hart when base is
 * SBI_HART_BASE_ALL (sbi/ipi.h), and returns when all have done so. start and size are a virtual
 * range in bytes; start 0 and size 0, or size -1, mean the whole space. A stopped hart in the mask
 * may fail the whole call as for sbi_send_ipi. Any context.
 */
struct sbiret sbi_remote_fence_i(unsigned long mask, unsigned long base); /* SBI 2.0, section 8.1 */
struct sbiret sbi_remote_sfence_vma(unsigned long mask, unsigned long base, unsigned long start,
				    unsigned long size); /* SBI 2.0, section 8.2 */
struct sbiret sbi_remote_sfence_vma_asid(unsigned long mask, unsigned long base,
					 unsigned long start, unsigned long size,
					 unsigned long asid); /* SBI 2.0, section 8.3 */

#endif
