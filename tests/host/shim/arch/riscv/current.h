/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: each pthread is a thread of the kernel, too. */
#ifndef ARCH_RISCV_CURRENT_H
#define ARCH_RISCV_CURRENT_H

/* The pthread's own one, until a test that switches threads sets another. */
void *arch_current(void);
void host_set_current(void *task);

#endif
