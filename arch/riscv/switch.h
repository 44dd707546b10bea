/* SPDX-License-Identifier: BSD-2-Clause */
/* From one thread to another. */
#ifndef ARCH_RISCV_SWITCH_H
#define ARCH_RISCV_SWITCH_H

#include <stdint.h>

/* What a function call leaves alone, of a thread that does not run. */
struct context {
	uint64_t ra, sp;
	uint64_t s[12];
};

/*
 * Saves the caller in prev and goes on where next was saved; when somebody switches back to prev,
 * that call returns what it was saved as by then: the context that was left for prev. Interrupts
 * off.
 */
struct context *switch_context(struct context *prev, struct context *next);

/*
 * Makes ctx begin with entry(the context that was left for it) on the stack that ends at top,
 * interrupts off. entry does not return.
 */
static inline void context_init(struct context *ctx, void *top, void (*entry)(struct context *prev))
{
	/* s0 is 0: there a backtrace ends. */
	*ctx = (struct context){.ra = (uint64_t)entry, .sp = (uint64_t)top};
}

#endif
