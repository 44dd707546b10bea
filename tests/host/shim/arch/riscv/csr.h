/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: of all CSRs a hart that is a thread has the software interrupt's bits in sip and sie. */
#ifndef ARCH_RISCV_CSR_H
#define ARCH_RISCV_CSR_H

#define CSR_SIE	 0x104
#define CSR_SIP	 0x144
#define SIE_SSIE 2

/* sie is always SIE_SSIE; sip is a per-cpu word: see host_raise. */
unsigned long csr_read(unsigned int csr);
void csr_set(unsigned int csr, unsigned long bits);
void csr_clear(unsigned int csr, unsigned long bits);
/* Of sie only, where it changes nothing. */
static inline void csr_write(unsigned int csr, unsigned long value)
{
	(void)csr;
	(void)value;
}

#endif
