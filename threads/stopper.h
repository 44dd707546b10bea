/* SPDX-License-Identifier: BSD-2-Clause */
/* The stopper of a hart, for threads/stop_machine.c. */
#ifndef THREADS_STOPPER_H
#define THREADS_STOPPER_H

#include <stdbool.h>

#include "core/list.h"
#include "percpu/percpu.h"
#include "threads/sched.h"

struct multi_stop;

/* Touched by its own hart only, interrupts off. Others hand over what there is to do by calls. */
struct stopper {
	bool enabled;
	struct multi_stop *multi;
	struct list_head works;
	_Atomic uint64_t arrived; /* ARRIVED of where it came to last: for reports */
	_Atomic uint64_t max_irqoff;
};
DECLARE_PER_CPU(struct stopper, stopper);
DECLARE_PER_CPU(struct task_struct *, stopper_task);

/*
 * How many are enabled. A hart writes it while hotplug is held, so that who holds that still finds
 * it as it is.
 */
extern _Atomic unsigned int stoppers_enabled;

/* Of threads/stop_machine.c: this hart's part in a stop of all, preemption off. */
void stopper_take_part(struct multi_stop *ms);

#endif
