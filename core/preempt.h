/* SPDX-License-Identifier: BSD-2-Clause */
/* What of a thread the lower layers know: whether another may take its place now. */
#ifndef CORE_PREEMPT_H
#define CORE_PREEMPT_H

#include <stdbool.h>

#include "arch/riscv/current.h"
#include "core/compiler.h"
#include "core/lockdep.h"
#include "percpu/percpu.h"

/*
 * The first member of every thread. It is the thread's, not the cpu's: so no count goes to the
 * wrong place when a thread moves to another cpu between reading and writing it.
 */
struct task_head {
	unsigned int preempt_count; /* reasons not to be preempted; written by the thread only */
	bool need_resched;	    /* another should run; written on the thread's cpu only */
#ifdef DEBUG
	struct lockdep_task lockdep;
#endif
	bool waits; /* it only waits for interrupts: any other goes first; written by the thread */
};

/* In .percpu.first: reached from tp by a 12-bit offset. Written by the scheduler only. */
DECLARE_PER_CPU(struct task_head *, current_task);

static inline struct task_head *current_head(void)
{
	return arch_current();
}

/* Of the boot until the scheduler takes over: not to be preempted. */
extern struct task_head boot_task_head;

/*
 * Lets another thread run if one should, the count is 0 and interrupts are on. Set by the
 * scheduler; before that nothing.
 */
extern void (*preempt_schedule)(void);

/*
 * Between the two this thread stays on its cpu and no other runs there. They nest; interrupts still
 * come. Any context.
 */
static inline void preempt_disable(void)
{
	current_head()->preempt_count++;
	__asm__ __volatile__("" : : : "memory");
}

static inline void preempt_enable(void)
{
	struct task_head *head = current_head();

	__asm__ __volatile__("" : : : "memory");
	if (unlikely(!--head->preempt_count && head->need_resched))
		preempt_schedule();
}

/* The same without letting another in: the caller schedules next, or interrupts are off. */
static inline void preempt_enable_no_resched(void)
{
	__asm__ __volatile__("" : : : "memory");
	current_head()->preempt_count--;
}

#endif
