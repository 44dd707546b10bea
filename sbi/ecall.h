/* SPDX-License-Identifier: BSD-2-Clause */
/* The one ecall: every word between the kernel and the firmware passes here. */
#ifndef SBI_ECALL_H
#define SBI_ECALL_H

/* What a call returns in a0 and a1 (SBI 2.0, chapter 3). */
struct sbiret {
	long error; /* 0 or one of SBI_ERR_* in sbi/sbi.h; the result itself for legacy extensions
		     */
	long value; /* undefined unless error is 0 */
};

/*
 * Calls function fid of extension ext (SBI 2.0, chapter 3). All registers but a0 and a1 survive it.
 * The memory clobber is for calls that pass addresses and for what other harts wrote before they
 * were waited for. Any context.
 */
static inline struct sbiret sbi_ecall(unsigned long ext, unsigned long fid, unsigned long a0,
				      unsigned long a1, unsigned long a2, unsigned long a3,
				      unsigned long a4, unsigned long a5)
{
	register unsigned long r_a0 __asm__("a0") = a0;
	register unsigned long r_a1 __asm__("a1") = a1;
	register unsigned long r_a2 __asm__("a2") = a2;
	register unsigned long r_a3 __asm__("a3") = a3;
	register unsigned long r_a4 __asm__("a4") = a4;
	register unsigned long r_a5 __asm__("a5") = a5;
	register unsigned long r_a6 __asm__("a6") = fid;
	register unsigned long r_a7 __asm__("a7") = ext;

	__asm__ __volatile__("ecall"
			     : "+r"(r_a0), "+r"(r_a1)
			     : "r"(r_a2), "r"(r_a3), "r"(r_a4), "r"(r_a5), "r"(r_a6), "r"(r_a7)
			     : "memory");
	return (struct sbiret){.error = (long)r_a0, .value = (long)r_a1};
}

/*
 * The same for functions of two parameters: what the others hold is nobody's business, and costs
 * nothing.
 */
static inline struct sbiret sbi_ecall2(unsigned long ext, unsigned long fid, unsigned long a0,
				       unsigned long a1)
{
	register unsigned long r_a0 __asm__("a0") = a0;
	register unsigned long r_a1 __asm__("a1") = a1;
	register unsigned long r_a6 __asm__("a6") = fid;
	register unsigned long r_a7 __asm__("a7") = ext;

	__asm__ __volatile__("ecall" : "+r"(r_a0), "+r"(r_a1) : "r"(r_a6), "r"(r_a7) : "memory");
	return (struct sbiret){.error = (long)r_a0, .value = (long)r_a1};
}

#endif
