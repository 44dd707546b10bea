/* SPDX-License-Identifier: BSD-2-Clause */
/* Into a sleep that may take all registers, and back. */
#include "arch/riscv/csr.h"
#include "arch/riscv/entry.inc"
#include "arch/riscv/page.h"
#include "asm-offsets.h"

	.text

/*
 * a0 context, a1 the function that asks the firmware, a2..a4 its arguments. a0 at exit: its answer,
 * or 0 after a resume.
 */
	.globl suspend_enter
	.balign	4
suspend_enter:
	sd	ra, SC_RA(a0)
	sd	sp, SC_SP(a0)
	sd	tp, SC_TP(a0)
	each_s	sd, SC_S, a0
	/* A frame of its own, for ra and for backtraces. */
	addi	sp, sp, -16
	sd	ra, 8(sp)
	sd	s0, 0(sp)
	addi	s0, sp, 16
	mv	t0, a1
	mv	a0, a2
	mv	a1, a3
	mv	a2, a4
	jalr	t0
	ld	ra, 8(sp)
	ld	s0, 0(sp)
	addi	sp, sp, 16
	ret

/*
 * A hart that wakes up. Entry (SBI 2.0, sections 9.4 and 13.1): a0 hart id, a1 physical address of
 * its context, satp 0, sstatus.SIE 0; all else undefined. Nothing is believed, as at a start.
 */
	.globl resume_hart
	.balign	4
resume_hart:
	arrive
	andi	t0, a1, 7
	bnez	t0, 2f
	ld	t0, SC_MAGIC(a1)
	lla	t1, boot_record_magic
	ld	t1, 0(t1)
	bne	t0, t1, 2f
	ld	t0, SC_HARTID(a1)
	bne	t0, a0, 2f
	/* Once: whoever comes by it a second time is not the sleeper. */
	addi	t0, a1, SC_STATE
	amoswap.w.aqrl t1, zero, (t0)
	li	t0, SC_STATE_ASLEEP
	bne	t1, t0, 2f

	ld	ra, SC_RA(a1)
	ld	sp, SC_SP(a1)
	ld	tp, SC_TP(a1)
	each_s	ld, SC_S, a1
	ld	t2, SC_SATP(a1)
	ld	t1, SC_VIRT_OFFSET(a1)
	/* What was fetched before the sleep is void. */
	fence.i
	to_linked t2, t1
	li	a0, 0
	ret
2:	tail	stray_hart
