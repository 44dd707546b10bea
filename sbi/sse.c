/* SPDX-License-Identifier: BSD-2-Clause */
/* SSE: software events, which reach a hart also where it has interrupts off. */
#include "sbi/sse.h"
#include "sbi/sbi.h"

enum sse_fid {
	SSE_REGISTER = 2,
	SSE_UNREGISTER = 3,
	SSE_ENABLE = 4,
	SSE_DISABLE = 5,
	SSE_INJECT = 7,
	SSE_HART_UNMASK = 8,
	SSE_HART_MASK = 9,
};

struct sbiret sbi_sse_register(unsigned long event, unsigned long pc, unsigned long arg)
{
	return sbi_ecall(SBI_EXT_SSE, SSE_REGISTER, event, pc, arg, 0, 0, 0);
}

struct sbiret sbi_sse_unregister(unsigned long event)
{
	return sbi_ecall(SBI_EXT_SSE, SSE_UNREGISTER, event, 0, 0, 0, 0, 0);
}

struct sbiret sbi_sse_enable(unsigned long event)
{
	return sbi_ecall(SBI_EXT_SSE, SSE_ENABLE, event, 0, 0, 0, 0, 0);
}

struct sbiret sbi_sse_disable(unsigned long event)
{
	return sbi_ecall(SBI_EXT_SSE, SSE_DISABLE, event, 0, 0, 0, 0, 0);
}

struct sbiret sbi_sse_hart_mask(void)
{
	return sbi_ecall(SBI_EXT_SSE, SSE_HART_MASK, 0, 0, 0, 0, 0, 0);
}

struct sbiret sbi_sse_hart_unmask(void)
{
	return sbi_ecall(SBI_EXT_SSE, SSE_HART_UNMASK, 0, 0, 0, 0, 0, 0);
}

struct sbiret sbi_sse_inject(unsigned long event, unsigned long hartid)
{
	return sbi_ecall(SBI_EXT_SSE, SSE_INJECT, event, hartid, 0, 0, 0, 0);
}
