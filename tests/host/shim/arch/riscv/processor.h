/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: harts are threads, which yield where a hart would pause; the clock counts nanoseconds. */
#ifndef ARCH_RISCV_PROCESSOR_H
#define ARCH_RISCV_PROCESSOR_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/irqflags.h"

extern bool deterministic;

static inline void cpu_relax(void)
{
	sched_yield();
	host_take_interrupts();
}

static inline void cpu_relax_watching(const _Atomic uintptr_t *word, uintptr_t value)
{
	(void)word;
	(void)value;
	cpu_relax();
}

/* Early returns are allowed, so a nap does. */
static inline void wait_for_interrupt(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
}

static inline uint64_t rdtime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* No instruction is counted here: time stands in. */
static inline uint64_t rdinstret(void)
{
	return rdtime();
}

#endif
