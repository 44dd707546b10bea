/* SPDX-License-Identifier: BSD-2-Clause */
/* How harts arrive in the firmware's self-test, in S-mode. */

	.section .text.entry, "ax"
	.globl _start
/*
 * Boot hart: a0 = hart id, a1 = device tree. With enter-all every hart comes here, the first goes
 * on.
 */
_start:
	la	t0, first
	li	t1, 1
	amoadd.w.aqrl t1, t1, (t0)
	bnez	t1, 1f
	la	sp, boot_stack_top
	call	selftest_main
1:	wfi
	j	1b

/*
 * Started harts: a0 = hart id, a1 = struct agent, whose first word is the stack, or whatever a
 * fault made of it.
 */
	.globl agent_entry
agent_entry:
	csrr	a2, sstatus
	csrr	a3, satp
	csrr	a4, sip
	csrr	a5, sie
	csrw	satp, zero
	csrci	sstatus, 2
	la	t0, agents
	bltu	a1, t0, 1f
	la	t1, agents_size
	ld	t1, 0(t1)
	add	t0, t0, t1
	bgeu	a1, t0, 1f
	ld	sp, 0(a1)
	j	2f
1:	la	sp, stray_stack_top
2:	call	agent_main
	j	.

	.data
	.balign 4
	.globl first
first:	.word	0

	.bss
	.balign 16
	.skip	8192
boot_stack_top:
	.skip	4096
stray_stack_top:
