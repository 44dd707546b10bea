/* SPDX-License-Identifier: BSD-2-Clause */
/* The extensions of SBI 0.1, for firmware that has nothing newer. */
#include "sbi/ecall.h"
#include "sbi/legacy.h"
#include "sbi/sbi.h"

static long legacy(unsigned long ext, unsigned long a0, unsigned long a1, unsigned long a2,
		   unsigned long a3)
{
	return sbi_ecall(ext, 0, a0, a1, a2, a3, 0, 0).error;
}

long sbi_legacy_set_timer(uint64_t when)
{
	return legacy(SBI_EXT_LEGACY_SET_TIMER, when, 0, 0, 0);
}

long sbi_legacy_console_putchar(uint8_t byte)
{
	return legacy(SBI_EXT_LEGACY_CONSOLE_PUTCHAR, byte, 0, 0, 0);
}

long sbi_legacy_console_getchar(void)
{
	return legacy(SBI_EXT_LEGACY_CONSOLE_GETCHAR, 0, 0, 0, 0);
}

long sbi_legacy_clear_ipi(void)
{
	return legacy(SBI_EXT_LEGACY_CLEAR_IPI, 0, 0, 0, 0);
}

long sbi_legacy_send_ipi(const unsigned long *mask)
{
	return legacy(SBI_EXT_LEGACY_SEND_IPI, (unsigned long)mask, 0, 0, 0);
}

long sbi_legacy_remote_fence_i(const unsigned long *mask)
{
	return legacy(SBI_EXT_LEGACY_REMOTE_FENCE_I, (unsigned long)mask, 0, 0, 0);
}

long sbi_legacy_remote_sfence_vma(const unsigned long *mask, unsigned long start,
				  unsigned long size)
{
	return legacy(SBI_EXT_LEGACY_REMOTE_SFENCE_VMA, (unsigned long)mask, start, size, 0);
}

long sbi_legacy_remote_sfence_vma_asid(const unsigned long *mask, unsigned long start,
				       unsigned long size, unsigned long asid)
{
	return legacy(SBI_EXT_LEGACY_REMOTE_SFENCE_VMA_ASID, (unsigned long)mask, start, size,
		      asid);
}

long sbi_legacy_shutdown(void)
{
	return legacy(SBI_EXT_LEGACY_SHUTDOWN, 0, 0, 0, 0);
}
