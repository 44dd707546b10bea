/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trap entry. At entry every register is the interrupted code's; the kernel never leaves S-mode, so
 * sp, gp and tp are already right. sscratch is free for one register.
 */
#include "arch/riscv/csr.h"
#include "arch/riscv/page.h"
#include "asm-offsets.h"

	.section .text.hot, "ax"
	.balign	4
	.globl trap_entry
trap_entry:
	addi	sp, sp, -TF_SIZE
	csrw	CSR_SSCRATCH, t0
	/*
	 * Stacks are the upper halves of their slots: this bit is clear below the end of the stack.
	 */
	slli	t0, sp, 63 - STACK_SHIFT
	bgez	t0, stack_overflow
	csrr	t0, CSR_SSCRATCH
	sd	t0, TF_T+0*8(sp)
	csrr	t0, CSR_SCAUSE
	sd	ra, TF_RA(sp)
	sd	a0, TF_A+0*8(sp)
	sd	a1, TF_A+1*8(sp)
	sd	s0, TF_S0(sp)
	csrr	a1, CSR_SEPC
	sd	a1, TF_EPC(sp)
	bgez	t0, exception

	/*
	 * Interrupt: handlers run with interrupts off, and a fault in one is fatal, so sepc and
	 * sstatus stay as they are.
	 */
	sd	t1, TF_T+1*8(sp)
	sd	t2, TF_T+2*8(sp)
	sd	t3, TF_T+3*8(sp)
	sd	t4, TF_T+4*8(sp)
	sd	t5, TF_T+5*8(sp)
	sd	t6, TF_T+6*8(sp)
	sd	a2, TF_A+2*8(sp)
	sd	a3, TF_A+3*8(sp)
	sd	a4, TF_A+4*8(sp)
	sd	a5, TF_A+5*8(sp)
	sd	a6, TF_A+6*8(sp)
	sd	a7, TF_A+7*8(sp)
	addi	s0, sp, TF_SIZE
	/*
	 * Software interrupts first, and by the shortest way: a call of another hart waits for
	 * them.
	 */
	slli	t0, t0, 1
	li	t1, 2 * IRQ_S_SOFT
	bne	t0, t1, other_interrupt
	/*
	 * Acknowledge before looking: what is sent from here on raises the line again. The fence
	 * keeps the handler's reads behind the clear (device output, the pending bit, before memory
	 * input). It pairs with the one between push and ring in every back end (ipi/backend_*.c).
	 */
	csrci	CSR_SIP, 1 << IRQ_S_SOFT
	fence	iorw, iorw
	ld	t0, software_interrupt_handler
	jalr	t0
restore:
	ld	ra, TF_RA(sp)
	ld	s0, TF_S0(sp)
	ld	t0, TF_T+0*8(sp)
	ld	t1, TF_T+1*8(sp)
	ld	t2, TF_T+2*8(sp)
	ld	t3, TF_T+3*8(sp)
	ld	t4, TF_T+4*8(sp)
	ld	t5, TF_T+5*8(sp)
	ld	t6, TF_T+6*8(sp)
	ld	a0, TF_A+0*8(sp)
	ld	a1, TF_A+1*8(sp)
	ld	a2, TF_A+2*8(sp)
	ld	a3, TF_A+3*8(sp)
	ld	a4, TF_A+4*8(sp)
	ld	a5, TF_A+5*8(sp)
	ld	a6, TF_A+6*8(sp)
	ld	a7, TF_A+7*8(sp)
	addi	sp, sp, TF_SIZE
	sret

other_interrupt:
	li	t1, 2 * IRQ_S_EXT
	bne	t0, t1, 1f
	ld	t0, external_interrupt_handler
	jalr	t0
	j	restore
1:	srli	a0, t0, 1
	call	handle_interrupt
	j	restore

/*
 * The overflown stack stays as it is: everything goes to the hart's overflow stack, whose top is at
 * overflow_sp(tp).
 */
stack_overflow:
	addi	t0, sp, TF_SIZE
	/*
	 * The linker would take an address this low for one that needs no base, and replace tp by
	 * zero.
	 */
	.option push
	.option norelax
	ld	sp, %lo(overflow_sp)(tp)
	.option pop
	addi	sp, sp, -TF_SIZE
	sd	t0, TF_SP(sp)
	csrr	t0, CSR_SSCRATCH
	sd	t0, TF_T+0*8(sp)
	csrr	t0, CSR_SCAUSE
	sd	ra, TF_RA(sp)
	sd	a0, TF_A+0*8(sp)
	sd	a1, TF_A+1*8(sp)
	sd	s0, TF_S0(sp)
	csrr	a1, CSR_SEPC
	sd	a1, TF_EPC(sp)
	li	a1, 1
	j	1f

/*
 * t0 scause; ra, t0, a0, a1, s0 and sepc are saved. An exception in the kernel is fatal: the rest
 * is for the report.
 */
exception:
	addi	a1, sp, TF_SIZE
	sd	a1, TF_SP(sp)
	li	a1, 0
1:	sd	t0, TF_CAUSE(sp)
	sd	gp, TF_GP(sp)
	sd	tp, TF_TP(sp)
	sd	t1, TF_T+1*8(sp)
	sd	t2, TF_T+2*8(sp)
	sd	t3, TF_T+3*8(sp)
	sd	t4, TF_T+4*8(sp)
	sd	t5, TF_T+5*8(sp)
	sd	t6, TF_T+6*8(sp)
	sd	a2, TF_A+2*8(sp)
	sd	a3, TF_A+3*8(sp)
	sd	a4, TF_A+4*8(sp)
	sd	a5, TF_A+5*8(sp)
	sd	a6, TF_A+6*8(sp)
	sd	a7, TF_A+7*8(sp)
	sd	s1, TF_S+1*8(sp)
	sd	s2, TF_S+2*8(sp)
	sd	s3, TF_S+3*8(sp)
	sd	s4, TF_S+4*8(sp)
	sd	s5, TF_S+5*8(sp)
	sd	s6, TF_S+6*8(sp)
	sd	s7, TF_S+7*8(sp)
	sd	s8, TF_S+8*8(sp)
	sd	s9, TF_S+9*8(sp)
	sd	s10, TF_S+10*8(sp)
	sd	s11, TF_S+11*8(sp)
	csrr	t0, CSR_SSTATUS
	sd	t0, TF_STATUS(sp)
	csrr	t0, CSR_STVAL
	sd	t0, TF_TVAL(sp)
	addi	s0, sp, TF_SIZE
	mv	a0, sp
	call	handle_exception
	unimp
