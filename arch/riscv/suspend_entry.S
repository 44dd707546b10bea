/* SPDX-License-Identifier: BSD-2-Clause */
/* Into a sleep that may take all registers, and back. */
#include "arch/riscv/csr.h"
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
	sd	s0, SC_S+0*8(a0)
	sd	s1, SC_S+1*8(a0)
	sd	s2, SC_S+2*8(a0)
	sd	s3, SC_S+3*8(a0)
	sd	s4, SC_S+4*8(a0)
	sd	s5, SC_S+5*8(a0)
	sd	s6, SC_S+6*8(a0)
	sd	s7, SC_S+7*8(a0)
	sd	s8, SC_S+8*8(a0)
	sd	s9, SC_S+9*8(a0)
	sd	s10, SC_S+10*8(a0)
	sd	s11, SC_S+11*8(a0)
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
	csrw	CSR_SIE, zero
	csrw	CSR_SATP, zero
	lla	t0, stray_hart
	csrw	CSR_STVEC, t0		/* a context that cannot be read is a stray, too */
	li	t0, SR_FS | SR_VS | SR_SUM | SR_SIE
	csrc	CSR_SSTATUS, t0
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
	ld	s0, SC_S+0*8(a1)
	ld	s1, SC_S+1*8(a1)
	ld	s2, SC_S+2*8(a1)
	ld	s3, SC_S+3*8(a1)
	ld	s4, SC_S+4*8(a1)
	ld	s5, SC_S+5*8(a1)
	ld	s6, SC_S+6*8(a1)
	ld	s7, SC_S+7*8(a1)
	ld	s8, SC_S+8*8(a1)
	ld	s9, SC_S+9*8(a1)
	ld	s10, SC_S+10*8(a1)
	ld	s11, SC_S+11*8(a1)
	/*
	 * To linked addresses, as head.S does it. What was fetched or translated before the sleep
	 * is void.
	 */
	ld	t2, SC_SATP(a1)
	ld	t1, SC_VIRT_OFFSET(a1)
	lla	t0, 1f
	add	t0, t0, t1
	csrw	CSR_STVEC, t0
	sfence.vma
	fence.i
	csrw	CSR_SATP, t2
	.balign	4
1:	.option push
	.option norelax
	lla	gp, __global_pointer$
	.option pop
	lla	t0, trap_entry
	csrw	CSR_STVEC, t0
	li	a0, 0
	ret
2:	tail	stray_hart
