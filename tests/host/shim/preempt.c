/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: each pthread is a thread that nothing preempts, unless a test switches threads itself. */
#include <stddef.h>

#include "core/preempt.h"

static void nobody_else(void)
{
}

void (*preempt_schedule)(void) = nobody_else;

/* What all harts' full fences touch: see smp_mb(). */
_Atomic unsigned int host_smp_mb;

static _Thread_local struct task_head own_head;
static _Thread_local void *host_current_task;

void *arch_current(void)
{
	return host_current_task ? host_current_task : &own_head;
}

void host_set_current(void *task)
{
	host_current_task = task;
}
