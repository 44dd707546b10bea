/* SPDX-License-Identifier: BSD-2-Clause */
/* What this hart can do, and how it gives way. */
#include "arch/riscv/csr.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"

bool deterministic;
bool have_sstc;

/*
 * An emulator that runs harts in turn ends a turn at wfi, also if an interrupt is pending already.
 * So make one pending: with Sstc a compare value of 0 does, for as long as it stands. Without Sstc
 * the turn ends when the emulator's own timer says so.
 */
void cpu_end_turn(void)
{
	unsigned long flags, compare, enabled;

	if (!have_sstc)
		return;
	flags = local_irq_save();
	enabled = csr_read(CSR_SIE) & SIE_STIE;
	compare = csr_swap(CSR_STIMECMP, 0);
	csr_set(CSR_SIE, SIE_STIE);
	wait_for_interrupt();
	csr_write(CSR_STIMECMP, compare);
	if (!enabled)
		csr_clear(CSR_SIE, SIE_STIE);
	local_irq_restore(flags);
}
