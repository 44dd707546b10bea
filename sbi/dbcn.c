/* SPDX-License-Identifier: BSD-2-Clause */
/* DBCN: the firmware's console. */
#include "sbi/dbcn.h"
#include "sbi/sbi.h"

enum dbcn_fid { DBCN_CONSOLE_WRITE, DBCN_CONSOLE_READ };

/* The address travels in two registers, low half first; the high one is for 32-bit harts with long
 * addresses. */
struct sbiret sbi_debug_console_write(phys_addr_t pa, unsigned long n)
{
	return sbi_ecall(SBI_EXT_DBCN, DBCN_CONSOLE_WRITE, n, pa, 0, 0, 0, 0);
}

struct sbiret sbi_debug_console_read(phys_addr_t pa, unsigned long n)
{
	return sbi_ecall(SBI_EXT_DBCN, DBCN_CONSOLE_READ, n, pa, 0, 0, 0, 0);
}
