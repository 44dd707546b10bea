/* SPDX-License-Identifier: BSD-2-Clause */
/* What this hart can do, and how it gives way. */
#include "arch/riscv/csr.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"

bool deterministic;
bool have_sstc;
bool have_zawrs;

bool random_turns;
/* One stream for all harts: only one runs at a time. */
static uint64_t turn_state;

void random_turns_start(uint64_t seed)
{
	turn_state = seed | 1;
	random_turns = true;
}

/*
 * Mostly short, as races are; each power of two up to 2^TURN_BITS - 1 ticks is as likely as any
 * other.
 */
#define TURN_BITS 6

uint64_t random_turn(void)
{
	/* Xorshift (Marsaglia 2003). */
	turn_state ^= turn_state << 13;
	turn_state ^= turn_state >> 7;
	turn_state ^= turn_state << 17;
	return 1 + (turn_state >> 8 & ((1UL << (turn_state >> 32) % TURN_BITS) - 1));
}

/*
 * An emulator that runs harts in turn ends a turn at wfi, also if an interrupt is pending already.
 * So make one pending: with Sstc a compare value of 0 does, for as long as it stands. Without Sstc
 * the turn ends when the emulator's own timer says so.
 */
void cpu_end_turn(void)
{
	unsigned long flags, compare, turn;

	if (!have_sstc)
		return;
	flags = local_irq_save();
	compare = csr_swap(CSR_STIMECMP, 0);
	/* It stays enabled: where no timer is set, it does not come. */
	csr_set(CSR_SIE, SIE_STIE);
	wait_for_interrupt();
	/*
	 * One that was due meanwhile is left to come when interrupts are on; while they are off
	 * turns go on being cut. It is a few ticks late then, but not lost: that interrupt, too,
	 * sets the register for the earliest timer.
	 */
	if (random_turns) {
		turn = rdtime() + random_turn();
		if (!flags || compare > turn)
			compare = turn;
	}
	csr_write(CSR_STIMECMP, compare);
	local_irq_restore(flags);
}
