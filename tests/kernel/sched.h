/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the suite sched share. */
#ifndef TESTS_KERNEL_SCHED_H
#define TESTS_KERNEL_SCHED_H

#include "threads/sched.h"

/* A bound thread, with a reference that the caller puts; NULL if there is no memory. */
struct task_struct *make_bound(int (*fn)(void *data), void *data, unsigned int cpu,
			       const char *name);

#endif
