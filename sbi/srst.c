/* SPDX-License-Identifier: BSD-2-Clause */
/* SRST: turning the machine off, and on again. */
#include "sbi/sbi.h"
#include "sbi/srst.h"

enum srst_fid { SRST_SYSTEM_RESET };

struct sbiret sbi_system_reset(enum srst_type type, enum srst_reason reason)
{
	return sbi_ecall(SBI_EXT_SRST, SRST_SYSTEM_RESET, type, reason, 0, 0, 0, 0);
}
