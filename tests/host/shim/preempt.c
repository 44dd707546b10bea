/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: each pthread is a thread that nothing preempts, unless the test has the scheduler. */
#include <stddef.h>

#include "core/preempt.h"

static void nobody_else(void)
{
}

void (*preempt_schedule)(void) = nobody_else;

/* What all harts' full fences touch: see smp_mb(). */
_Atomic unsigned int host_smp_mb;

struct task_head boot_task_head = {.preempt_count = 1};
DEFINE_PER_CPU(struct task_head *, current_task);

static _Thread_local struct task_head own_head;

void *arch_current(void)
{
	struct task_head *head = this_cpu(current_task);

	return head ? head : &own_head;
}
