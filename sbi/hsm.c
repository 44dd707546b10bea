/* SPDX-License-Identifier: BSD-2-Clause */
/* HSM: starting, stopping and suspending harts. */
#include "sbi/hsm.h"
#include "sbi/sbi.h"

enum hsm_fid { HSM_HART_START, HSM_HART_STOP, HSM_HART_GET_STATUS, HSM_HART_SUSPEND };

struct sbiret sbi_hart_start(unsigned long hartid, phys_addr_t start_addr, unsigned long opaque)
{
	return sbi_ecall(SBI_EXT_HSM, HSM_HART_START, hartid, start_addr, opaque, 0, 0, 0);
}

struct sbiret sbi_hart_stop(void)
{
	return sbi_ecall(SBI_EXT_HSM, HSM_HART_STOP, 0, 0, 0, 0, 0, 0);
}

struct sbiret sbi_hart_get_status(unsigned long hartid)
{
	return sbi_ecall(SBI_EXT_HSM, HSM_HART_GET_STATUS, hartid, 0, 0, 0, 0, 0);
}

struct sbiret sbi_hart_suspend(uint32_t type, phys_addr_t resume_addr, unsigned long opaque)
{
	return sbi_ecall(SBI_EXT_HSM, HSM_HART_SUSPEND, type, resume_addr, opaque, 0, 0, 0);
}

enum hsm_start_result hsm_start(unsigned long hartid, phys_addr_t start_addr, unsigned long opaque,
				long *error)
{
	struct sbiret ret = sbi_hart_start(hartid, start_addr, opaque);
	struct sbiret status = {.error = SBI_ERR_FAILED};

	if (error)
		*error = ret.error;
	if (ret.error != SBI_SUCCESS)
		status = sbi_hart_get_status(hartid);
	return hsm_start_result(ret.error, status);
}
