/* SPDX-License-Identifier: BSD-2-Clause */
/* Traps: what the entry code saves, and who is called. */
#ifndef ARCH_RISCV_TRAP_H
#define ARCH_RISCV_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/compiler.h"

/*
 * Saved at a trap, on the stack that was in use (an overflown stack: on the hart's overflow stack).
 * The last two words are where the compiler puts a frame's record, {caller's s0, return address}: a
 * backtrace walks through a trap as through a call. An interrupt saves only what a C function may
 * change; s[] and stval are then not valid.
 */
struct trap_frame {
	uint64_t ra, sp, gp, tp;
	uint64_t t[7];
	uint64_t a[8];
	uint64_t s[12]; /* s[0] is not used: see s0 */
	uint64_t sstatus, scause, stval;
	uint64_t s0, sepc;
};

/* Handlers, set once at init by whoever owns the interrupt; called with interrupts off. */
extern void (*software_interrupt_handler)(void); /* sip.SSIP is cleared before the call */
extern void (*external_interrupt_handler)(void);
extern void (*timer_interrupt_handler)(void);

/*
 * The report of an exception; must not return. overflow: the trap found the stack pointer below its
 * stack, and runs on the overflow stack; the frame holds the registers all the same.
 */
extern void (*exception_handler)(struct trap_frame *frame, bool overflow);

/* From trap_entry.S. Software and external interrupts go to their handlers directly. */
void handle_interrupt(unsigned int irq);
__noreturn void handle_exception(struct trap_frame *frame, bool overflow);

/* Words for an scause value: "load page fault". Never NULL. */
const char *trap_cause_name(uint64_t cause);

#endif
