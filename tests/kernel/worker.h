/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread to make, wake, park and stop, for the suite kthread. */
#ifndef TESTS_KERNEL_WORKER_H
#define TESTS_KERNEL_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "threads/sched.h"

/* A thread as most are: it sleeps, works when woken, parks and stops when asked. */
struct worker {
	struct task_struct *task;
	_Atomic unsigned int begun, rounds, inside, cpu, ended;
	_Atomic bool busy; /* it neither sleeps nor looks whether it shall park */
	int result;
};

/* Makes one that has not run, and ends with this result. */
bool make_worker(struct worker *w, int result);

/* Wakes it for the first time; returns when it runs, or false. */
bool worker_has_begun(struct worker *w);

static inline unsigned int state_of(const struct task_struct *task)
{
	return atomic_load(&task->state);
}

/* For soon(): true if the task is TASK_INTERRUPTIBLE. */
bool sleeps_now(void *task);

#endif
