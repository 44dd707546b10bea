/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: the firmware is a function that the test writes. */
#ifndef SBI_ECALL_H
#define SBI_ECALL_H

struct sbiret {
	long error;
	long value;
};

/* Declared only: a test that reaches a call defines it. */
struct sbiret sbi_ecall(unsigned long ext, unsigned long fid, unsigned long a0, unsigned long a1,
			unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5);

static inline struct sbiret sbi_ecall2(unsigned long ext, unsigned long fid, unsigned long a0,
				       unsigned long a1)
{
	return sbi_ecall(ext, fid, a0, a1, 0, 0, 0, 0);
}

#endif
