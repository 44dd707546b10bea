/* SPDX-License-Identifier: BSD-2-Clause */
/* SUSP: putting the whole machine to sleep. */
#include "sbi/susp.h"
#include "sbi/sbi.h"

enum susp_fid { SUSP_SYSTEM_SUSPEND };

struct sbiret sbi_system_suspend(uint32_t type, phys_addr_t resume_addr, unsigned long opaque)
{
	return sbi_ecall(SBI_EXT_SUSP, SUSP_SYSTEM_SUSPEND, type, resume_addr, opaque, 0, 0, 0);
}
