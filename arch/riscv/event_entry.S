/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry of a software event (SBI 3.0, section 17.5). At entry a6 is the hart id, a7 the event
 * context, sepc the interrupted pc; the firmware keeps the interrupted a6, a7 and sepc. All other
 * registers, sp too, are the interrupted code's, and are so again at the last ecall, which does not
 * return.
 */
#include "arch/riscv/csr.h"
#include "asm-offsets.h"

	.section .text, "ax"
	.balign	4
	.globl event_entry
event_entry:
	/*
	 * OpenSBI up to 1.5.1, older than the specification, has the two the other way round: the
	 * context is a kernel address.
	 */
	bltz	a7, 1f
	mv	a7, a6
1:
	sd	sp, EC_SP(a7)
	ld	sp, EC_STACK(a7)
	addi	sp, sp, -TF_SIZE
	sd	ra, TF_RA(sp)
	sd	gp, TF_GP(sp)
	sd	tp, TF_TP(sp)
	sd	t0, TF_T+0*8(sp)
	sd	t1, TF_T+1*8(sp)
	sd	t2, TF_T+2*8(sp)
	sd	t3, TF_T+3*8(sp)
	sd	t4, TF_T+4*8(sp)
	sd	t5, TF_T+5*8(sp)
	sd	t6, TF_T+6*8(sp)
	sd	a0, TF_A+0*8(sp)
	sd	a1, TF_A+1*8(sp)
	sd	a2, TF_A+2*8(sp)
	sd	a3, TF_A+3*8(sp)
	sd	a4, TF_A+4*8(sp)
	sd	a5, TF_A+5*8(sp)
	sd	s0, TF_S0(sp)
	ld	t0, EC_SP(a7)
	sd	t0, TF_SP(sp)
	csrr	t0, CSR_SEPC
	sd	t0, TF_EPC(sp)
	csrr	t0, CSR_SSTATUS
	sd	t0, TF_STATUS(sp)
	ld	tp, EC_TP(a7)
	.option push
	.option norelax
	lla	gp, __global_pointer$
	.option pop
	ld	t0, event_handler
	addi	s0, sp, TF_SIZE
	mv	a0, sp
	jalr	t0
	ld	ra, TF_RA(sp)
	ld	gp, TF_GP(sp)
	ld	tp, TF_TP(sp)
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
	ld	s0, TF_S0(sp)
	ld	sp, TF_SP(sp)
	li	a7, 0x535345		/* SSE, complete: SBI 3.0, section 17.13 */
	li	a6, 6
	ecall
	unimp

	.section .data
	.balign	8
	.globl event_handler
event_handler:
	.dword	0
