/* SPDX-License-Identifier: BSD-2-Clause */
/* RFENCE: instruction and address-translation fences on other harts. */
#include "sbi/rfence.h"
#include "sbi/sbi.h"

enum rfence_fid {
	RFENCE_FENCE_I,
	RFENCE_SFENCE_VMA,
	RFENCE_SFENCE_VMA_ASID,
};

static struct sbiret rfence(enum rfence_fid fid, unsigned long mask, unsigned long base,
			    unsigned long start, unsigned long size, unsigned long id)
{
	return sbi_ecall(SBI_EXT_RFENCE, fid, mask, base, start, size, id, 0);
}

struct sbiret sbi_remote_fence_i(unsigned long mask, unsigned long base)
{
	return rfence(RFENCE_FENCE_I, mask, base, 0, 0, 0);
}

struct sbiret sbi_remote_sfence_vma(unsigned long mask, unsigned long base, unsigned long start,
				    unsigned long size)
{
	return rfence(RFENCE_SFENCE_VMA, mask, base, start, size, 0);
}

struct sbiret sbi_remote_sfence_vma_asid(unsigned long mask, unsigned long base,
					 unsigned long start, unsigned long size,
					 unsigned long asid)
{
	return rfence(RFENCE_SFENCE_VMA_ASID, mask, base, start, size, asid);
}
