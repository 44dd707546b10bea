/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread that runs here. */
#ifndef ARCH_RISCV_CURRENT_H
#define ARCH_RISCV_CURRENT_H

/*
 * What the per-cpu variable current_task holds, which core/preempt.h declares. One instruction, as
 * a thread may move to another hart between two: tp would be one hart's and the load another's. Not
 * volatile: whatever hart it is on, a thread finds itself.
 */
static inline void *arch_current(void)
{
	void *task;

	/* The linker would take an address this low for one that needs no base. */
	__asm__(".option push\n\t.option norelax\n\tld %0, %%lo(current_task)(tp)\n\t.option pop"
		: "=r"(task));
	return task;
}

#endif
