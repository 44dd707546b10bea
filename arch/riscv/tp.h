/* SPDX-License-Identifier: BSD-2-Clause */
/* tp, which holds this hart's per-cpu base from entry to the end. */
#ifndef ARCH_RISCV_TP_H
#define ARCH_RISCV_TP_H

/* Volatile, or the compiler could keep a base across a move to another hart. */
static inline unsigned long arch_tp(void)
{
	unsigned long tp;

	__asm__ __volatile__("mv %0, tp" : "=r"(tp));
	return tp;
}

/* tp plus an offset. */
static inline unsigned long arch_tp_add(unsigned long offset)
{
	unsigned long sum;

	__asm__ __volatile__("add %0, tp, %1" : "=r"(sum) : "r"(offset));
	return sum;
}

#endif
