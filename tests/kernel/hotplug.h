/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the suite hotplug share. */
#ifndef TESTS_KERNEL_HOTPLUG_H
#define TESTS_KERNEL_HOTPLUG_H

#include <stdatomic.h>
#include <stdbool.h>

#include "tests/kernel/ktest.h"
#include "threads/cpuhp.h"

/* Why no hart can go down here, or NULL. */
const char *cannot_hotplug(void);

/* Moves the calling thread to a cpu; it may run on all of them afterwards. */
void go_to_cpu(unsigned int cpu);

/* True if a call to it runs, once. */
bool cpu_answers(unsigned int cpu);

/*
 * True if it is stopped, as the kernel, the table and the firmware see it, and refuses calls; or
 * all the opposite.
 */
bool is_down(unsigned int cpu);
bool is_up(unsigned int cpu);

/* A call's function, or what else counts: adds one to an _Atomic unsigned int. */
void count_call(void *counter);

static inline unsigned int get(_Atomic unsigned int *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif
