/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: of all CSRs a hart that is a thread has the software interrupt's bits in sip and sie. */
#ifndef ARCH_RISCV_CSR_H
#define ARCH_RISCV_CSR_H

#define CSR_SSTATUS 0x100
#define CSR_SIE	    0x104
#define CSR_SEPC    0x141
#define CSR_SIP	    0x144
#define SIE_SSIE    2

/*
 * sie is always SIE_SSIE; sip is a per-cpu word: see host_raise. Of the others the pthreads keep
 * what is to be kept.
 */
unsigned long csr_read(unsigned int csr);
void csr_set(unsigned int csr, unsigned long bits);
void csr_clear(unsigned int csr, unsigned long bits);
/* Not of sip; where it changes nothing. */
static inline void csr_write(unsigned int csr, unsigned long value)
{
	(void)csr;
	(void)value;
}

#endif
