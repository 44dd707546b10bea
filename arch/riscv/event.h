/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry of a firmware's software event (SBI SSE): like a trap that no interrupt enable holds back.
 */
#ifndef ARCH_RISCV_EVENT_H
#define ARCH_RISCV_EVENT_H

#include "arch/riscv/trap.h"

/* One for each hart; its address is the argument that the event is registered with. */
struct event_context {
	unsigned long stack; /* top of a stack of its own: the hart's may be in any state */
	unsigned long tp;    /* this hart's per-cpu base */
	unsigned long sp;    /* scratch: what was interrupted */
};

/* To be registered as the event's entry. */
void event_entry(void);

/*
 * Called for an event, with what was interrupted: of s[] only s0, neither cause nor tval. Locks may
 * be held by the very code that was interrupted, in any state: no lock, no printk. Registered once,
 * before any event.
 */
extern void (*event_handler)(const struct trap_frame *frame);

#endif
