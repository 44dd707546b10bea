/* SPDX-License-Identifier: BSD-2-Clause */
/* The state that preemption is in before there are threads. */
#include "core/preempt.h"

static void nobody_else(void)
{
}

struct task_head boot_task_head = {.preempt_count = 1};
void (*preempt_schedule)(void) = nobody_else;

__section(".percpu.first") __percpu __typeof__(struct task_head *) current_task = &boot_task_head;
