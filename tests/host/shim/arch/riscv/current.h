/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: each pthread is a thread of the kernel, too. */
#ifndef ARCH_RISCV_CURRENT_H
#define ARCH_RISCV_CURRENT_H

/* What current_task holds, or, where there is no scheduler to set it, the pthread's own one. */
void *arch_current(void);

#endif
