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

long sbi_legacy_send_ipi(const unsigned long *mask)
{
	return legacy(SBI_EXT_LEGACY_SEND_IPI, (unsigned long)mask, 0, 0, 0);
}

long sbi_legacy_shutdown(void)
{
	return legacy(SBI_EXT_LEGACY_SHUTDOWN, 0, 0, 0, 0);
}
