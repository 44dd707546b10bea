/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread that runs here, as far as every layer knows it. */
#ifndef ARCH_RISCV_CURRENT_H
#define ARCH_RISCV_CURRENT_H

#include "percpu/percpu.h"

struct task_head;

/* In .percpu.first: reached from tp by a 12-bit offset. Written by the scheduler only. */
DECLARE_PER_CPU(struct task_head *, current_task);

/*
 * One instruction, as a thread may move to another hart between two: tp would be one hart's and the
 * load another's. Not volatile: whatever hart it is on, a thread finds itself.
 */
static inline struct task_head *current_head(void)
{
	struct task_head *head;

	/* The linker would take an address this low for one that needs no base. */
	__asm__(".option push\n\t.option norelax\n\tld %0, %%lo(current_task)(tp)\n\t.option pop"
		: "=r"(head));
	return head;
}

#endif
