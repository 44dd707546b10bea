/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting and counting: the few instructions that generic code needs by name. */
#ifndef ARCH_RISCV_PROCESSOR_H
#define ARCH_RISCV_PROCESSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/riscv/csr.h"

/*
 * True when the emulator counts instructions and runs harts in turn (parameter deterministic=1):
 * then a spinning hart must end its turn, or the one it waits for never runs.
 */
extern bool deterministic;

/* Ends this hart's turn: see cpu.c. Interrupts may be on or off. */
void cpu_end_turn(void);

/*
 * Turns of random lengths, for tests of interleavings in deterministic mode with Sstc. An emulator
 * that counts instructions changes to the next hart whenever a timer expires, whichever hart's it
 * is and whether or not its interrupt is taken: so every timer that is set, is set to no more than
 * random_turn() from now.
 */
extern bool random_turns;
void random_turns_start(uint64_t seed);
/* Ticks, from 1 on. Any context. */
uint64_t random_turn(void);

/* To be called in every spin loop. Any context. */
static inline void cpu_relax(void)
{
	if (deterministic)
		cpu_end_turn();
	else
		/* pause (Zihintpause), a fence that orders nothing where it is not implemented. */
		__asm__ __volatile__(".insn i 0x0f, 0, x0, x0, 0x010" : : : "memory");
}

extern bool have_zawrs;

/*
 * cpu_relax() in a loop that waits until *word is no longer value: where Zawrs is, the hart sleeps
 * until somebody stores there, an interrupt is pending, or a short time has passed. Any context.
 */
static inline void cpu_relax_watching(const _Atomic uintptr_t *word, uintptr_t value)
{
	uintptr_t found;

	if (deterministic || !have_zawrs) {
		cpu_relax();
		return;
	}
	/* wrs.sto, by its number: the assemblers in use do not know it. */
	__asm__ __volatile__("	lr.d %0, (%1)\n"
			     "	bne %0, %2, 1f\n"
			     "	.insn i 0x73, 0, x0, x0, 0x01d\n"
			     "1:"
			     : "=&r"(found)
			     : "r"(word), "r"(value)
			     : "memory");
}

/*
 * Sleeps until an interrupt enabled in sie is pending, taken or not (sstatus.SIE may be 0). May
 * return early.
 */
static inline void wait_for_interrupt(void)
{
	__asm__ __volatile__("wfi" : : : "memory");
}

static inline uint64_t rdtime(void)
{
	return csr_read(CSR_TIME);
}

/* Instructions retired; in deterministic mode those of all harts together. */
static inline uint64_t rdinstret(void)
{
	return csr_read(CSR_INSTRET);
}

/*
 * What this hart remembers of translations and of code is forgotten, and what others wrote before
 * they saw this hart's earlier stores missing is seen. See set_cpu_online.
 */
static inline void fence_everything(void)
{
	__asm__ __volatile__("fence rw, rw\n\tfence.i\n\tsfence.vma" : : : "memory");
}

#endif
