/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the suite timer share. */
#ifndef TESTS_KERNEL_TIMERS_H
#define TESTS_KERNEL_TIMERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/time.h"
#include "core/timer.h"

static inline uint64_t in_us(uint64_t us)
{
	return time_now() + ns_to_ticks(us * 1000);
}

/* A timer, and what was seen when it fired. */
struct shot {
	struct timer_list timer;
	_Atomic unsigned int fired;
	uint64_t at, again; /* again: ticks after which it is armed anew, 0: never */
	unsigned int cpu, left;
	bool in_order, irqs_were_off, was_pending;
};

#endif
