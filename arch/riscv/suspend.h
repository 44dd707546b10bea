/* SPDX-License-Identifier: BSD-2-Clause */
/* What a hart keeps over a sleep that takes its registers, and how it comes back. */
#ifndef ARCH_RISCV_SUSPEND_H
#define ARCH_RISCV_SUSPEND_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/compiler.h"

/*
 * One for each cpu, in memory with one physical address for all of it. Like a boot record it is
 * handed to the firmware by its physical address, and is checked by the entry code before it is
 * believed:
 *
 *   [ NONE ] -- suspend_call --> [ ASLEEP ] -- entry code, once, or the call came back --> [ NONE ]
 */
enum suspend_state { SUSPEND_NONE, SUSPEND_ASLEEP };

struct suspend_context {
	uint64_t magic; /* boot_record_magic */
	uint64_t hartid;
	uint64_t satp;
	uint64_t virt_offset; /* linked minus physical address of the image */
	uint64_t ra, sp, tp;
	uint64_t s[12];
	_Atomic uint32_t state; /* enum suspend_state */
} __cacheline_aligned;

/* Asks the firmware for the sleep: comes back with its answer, or not at all. */
typedef long (*suspend_fn)(uint32_t type, phys_addr_t resume_addr, unsigned long opaque);

/*
 * Calls fn for a sleep that may take everything but memory, with the resume address and context to
 * come back by. Returns 0 after such a sleep, or what fn returned. sie, stvec, satp, the timer's
 * compare value (Sstc), tp and the stack are as before; sscratch is nobody's; there is no user mode
 * whose CSRs would matter. Pending interrupts are not touched. Interrupts off, and still off at the
 * return.
 */
long suspend_call(struct suspend_context *context, unsigned long hartid, suspend_fn fn,
		  uint32_t type);

/*
 * suspend_entry.S. Saves what a call preserves, and calls fn; comes back from there, or by way of
 * resume_hart.
 */
long suspend_enter(struct suspend_context *context, suspend_fn fn, uint32_t type,
		   phys_addr_t resume_addr, unsigned long opaque);

#endif
