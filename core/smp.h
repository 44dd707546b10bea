/* SPDX-License-Identifier: BSD-2-Clause */
/* Bring-up: the boot hart starts all others at once and waits for them once. */
#ifndef CORE_SMP_H
#define CORE_SMP_H

#include <stdint.h>

#include "core/table.h"

/*
 * Rows that every hart but the boot hart runs when it comes up: on itself, interrupts off, before it joins the online mask, in no promised order.
 * They cannot fail.
 */
struct cpu_starting {
	void (*fn)(void);
};
#define CPU_STARTING(f) \
	static const struct cpu_starting starting_##f TABLE_ENTRY(cpu_starting) = {.fn = (f)}

/* What a hart does once it is online: interrupts off at the call, never returns. Set before INIT_SMP by who owns idling. */
extern void (*secondary_idle)(void);

/* How long bring-up took, and how many harts it was for; 0 before it is over. Any context. */
struct bringup_result {
	uint64_t ticks;	      /* first hart_start to last hart online, or the deadline */
	uint64_t insns;	      /* the same in retired instructions, where they count all harts */
	unsigned int started; /* harts that the firmware accepted to start */
	unsigned int online;  /* of these */
};
extern struct bringup_result bringup_result;

/* Why a cpu is not online, in words, with the error if there was one; "" for one that is. Any context. */
const char *cpu_failure(unsigned int cpu, char *buf, unsigned int size);

/* Harts that arrived after the boot had given them up, and parked. Any context. */
unsigned int late_arrivals(void);

#endif
