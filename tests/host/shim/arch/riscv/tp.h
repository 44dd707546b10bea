/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host: the thread's per-cpu base. Symbols of .percpu have addresses here, so base 0 is the
 * template itself.
 */
#ifndef ARCH_RISCV_TP_H
#define ARCH_RISCV_TP_H

extern _Thread_local unsigned long host_tp;

static inline unsigned long arch_tp(void)
{
	return host_tp;
}

static inline unsigned long arch_tp_add(unsigned long offset)
{
	return host_tp + offset;
}

#endif
