/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: each pthread is a thread of the kernel, too. */
#ifndef ARCH_RISCV_CURRENT_H
#define ARCH_RISCV_CURRENT_H

struct task_head;

/* The pthread's own one, until a test that switches threads sets another. */
struct task_head *current_head(void);
void host_set_current(struct task_head *head);

#endif
