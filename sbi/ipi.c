/* SPDX-License-Identifier: BSD-2-Clause */
/* IPI (sPI): software interrupts to other harts. */
#include "sbi/ipi.h"
#include "sbi/sbi.h"

enum ipi_fid { IPI_SEND_IPI };

struct sbiret sbi_send_ipi(unsigned long mask, unsigned long base)
{
	return sbi_ecall(SBI_EXT_IPI, IPI_SEND_IPI, mask, base, 0, 0, 0, 0);
}
