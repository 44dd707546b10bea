/* SPDX-License-Identifier: BSD-2-Clause */
/* Reset, traps and the few accesses that may fault: all of the firmware that C cannot say. */
#include "firmware.h"

#define REG(n) ((n) * 8)

	.section .text.entry, "ax"
	.globl _start
/*
 * Reset, every hart at once. a0 = mhartid, a1 = device tree, a2 = struct fw_dynamic_info or what
 * the loader left. The first hart to draw the lottery sets all up; the rest sleep until it rings
 * them.
 */
_start:
	csrw	mie, zero
	csrw	mscratch, zero
	la	t0, trap_entry
	csrw	mtvec, t0
	la	t0, boot_lottery
	li	t1, 1
	amoswap.w.aqrl t1, t1, (t0)
	bnez	t1, wait_for_boot

	la	t0, __bss_start
	la	t1, __bss_end
1:	bgeu	t0, t1, 2f
	sd	zero, 0(t0)
	addi	t0, t0, 8
	j	1b
2:	la	sp, boot_stack_top
	li	t0, MAX_HARTS
	li	tp, 0
	bgeu	a0, t0, 3f
	call	slot_of
3:	call	cold_boot
	/* Not reached: cold_boot ends in hart_wait. */
	j	.

/*
 * A hart that lost the draw, a0 = mhartid. MSIP wakes it without a trap (mstatus.MIE is 0);
 * boot_done says whether the table is ready. Harts beyond the table sleep for ever.
 */
wait_for_boot:
	li	t0, 8
	csrw	mie, t0
	li	t0, MAX_HARTS
	bgeu	a0, t0, 2f
1:	la	t0, boot_done
	lw	t1, 0(t0)
	fence	r, rw
	bnez	t1, 3f
	wfi
	j	1b
2:	wfi
	j	2b
3:	call	slot_of
	mv	a0, tp
	la	a1, hart_warm
	/* Falls through. */

/* a0 = struct hart, a1 = function. */
	.globl restart_stack
restart_stack:
	mv	tp, a0
	mv	sp, a0
	csrw	mscratch, zero
	jr	a1

/* tp = the struct hart of index a0; clobbers t0. */
slot_of:
	la	tp, hart_slots
	addi	t0, a0, 1
	slli	t0, t0, SLOT_SHIFT
	add	tp, tp, t0
	addi	tp, tp, -HART_SIZE
	ret

/*
 * Every trap. From S-mode mscratch holds the struct hart; in M-mode it is 0 and only expected
 * exceptions come here. The handler gets a frame with what C may clobber, mepc and mstatus.
 */
	.balign 4
	.globl trap_entry
trap_entry:
	csrrw	tp, mscratch, tp
	beqz	tp, nested
	sd	sp, HART_S_SP(tp)
	addi	sp, tp, -(FRAME_WORDS * 8)
	sd	ra, REG(FRAME_RA)(sp)
	sd	t0, REG(FRAME_T0 + 0)(sp)
	sd	t1, REG(FRAME_T0 + 1)(sp)
	sd	t2, REG(FRAME_T0 + 2)(sp)
	sd	t3, REG(FRAME_T0 + 3)(sp)
	sd	t4, REG(FRAME_T0 + 4)(sp)
	sd	t5, REG(FRAME_T0 + 5)(sp)
	sd	t6, REG(FRAME_T0 + 6)(sp)
	sd	a0, REG(FRAME_A0 + 0)(sp)
	sd	a1, REG(FRAME_A0 + 1)(sp)
	sd	a2, REG(FRAME_A0 + 2)(sp)
	sd	a3, REG(FRAME_A0 + 3)(sp)
	sd	a4, REG(FRAME_A0 + 4)(sp)
	sd	a5, REG(FRAME_A0 + 5)(sp)
	sd	a6, REG(FRAME_A0 + 6)(sp)
	sd	a7, REG(FRAME_A0 + 7)(sp)
	ld	t0, HART_S_SP(tp)
	sd	t0, REG(FRAME_SP)(sp)
	csrrw	t0, mscratch, zero
	sd	t0, REG(FRAME_TP)(sp)
	csrr	t0, mepc
	sd	t0, REG(FRAME_MEPC)(sp)
	csrr	t0, mstatus
	sd	t0, REG(FRAME_MSTATUS)(sp)
	mv	a0, sp
	call	trap

	ld	t0, REG(FRAME_MSTATUS)(sp)
	csrw	mstatus, t0
	ld	t0, REG(FRAME_MEPC)(sp)
	csrw	mepc, t0
	csrw	mscratch, tp
	ld	ra, REG(FRAME_RA)(sp)
	ld	tp, REG(FRAME_TP)(sp)
	ld	t0, REG(FRAME_T0 + 0)(sp)
	ld	t1, REG(FRAME_T0 + 1)(sp)
	ld	t2, REG(FRAME_T0 + 2)(sp)
	ld	t3, REG(FRAME_T0 + 3)(sp)
	ld	t4, REG(FRAME_T0 + 4)(sp)
	ld	t5, REG(FRAME_T0 + 5)(sp)
	ld	t6, REG(FRAME_T0 + 6)(sp)
	ld	a0, REG(FRAME_A0 + 0)(sp)
	ld	a1, REG(FRAME_A0 + 1)(sp)
	ld	a2, REG(FRAME_A0 + 2)(sp)
	ld	a3, REG(FRAME_A0 + 3)(sp)
	ld	a4, REG(FRAME_A0 + 4)(sp)
	ld	a5, REG(FRAME_A0 + 5)(sp)
	ld	a6, REG(FRAME_A0 + 6)(sp)
	ld	a7, REG(FRAME_A0 + 7)(sp)
	ld	sp, REG(FRAME_SP)(sp)
	mret

/*
 * An exception in M-mode: go on at the hart's fix-up, or say so and stop. Clobbers t0, as the
 * probes allow.
 */
nested:
	csrrw	tp, mscratch, tp
	beqz	tp, 1f
	ld	t0, HART_FIXUP(tp)
	beqz	t0, 1f
	sd	zero, HART_FIXUP(tp)
	csrw	mepc, t0
	mret
1:	csrr	a0, mcause
	csrr	a1, mepc
	csrr	a2, mtval
	la	sp, boot_stack_top
	call	firmware_fault
	j	.

/* Into S-mode at mepc with mstatus as they are; a0, a1 as given, the rest zero. */
	.globl enter_supervisor
enter_supervisor:
	csrw	mscratch, tp
	li	ra, 0
	li	sp, 0
	li	gp, 0
	li	tp, 0
	li	t0, 0
	li	t1, 0
	li	t2, 0
	li	s0, 0
	li	s1, 0
	li	a2, 0
	li	a3, 0
	li	a4, 0
	li	a5, 0
	li	a6, 0
	li	a7, 0
	li	s2, 0
	li	s3, 0
	li	s4, 0
	li	s5, 0
	li	s6, 0
	li	s7, 0
	li	s8, 0
	li	s9, 0
	li	s10, 0
	li	s11, 0
	li	t3, 0
	li	t4, 0
	li	t5, 0
	li	t6, 0
	mret

/* Arms the fix-up for the instructions up to PROBE_END; an exception there continues at label 9. */
	.macro PROBE_BEGIN
	la	t0, 9f
	sd	t0, HART_FIXUP(tp)
	.endm
	.macro PROBE_END
	sd	zero, HART_FIXUP(tp)
	ret
9:	li	a0, -1
	ret
	.endm

	.globl probe_load_byte
probe_load_byte:
	PROBE_BEGIN
	lbu	a0, 0(a0)
	PROBE_END

	.globl probe_store_byte
probe_store_byte:
	PROBE_BEGIN
	sb	a1, 0(a0)
	li	a0, 0
	PROBE_END

/* mstatus.MPP still says S: the trap that brought us here came from there. */
	.globl probe_load_mprv
probe_load_mprv:
	la	t0, 9f
	sd	t0, HART_FIXUP(tp)
	li	t1, 1 << 17
	csrs	mstatus, t1
	ld	a2, 0(a0)
	csrc	mstatus, t1
	sd	a2, 0(a1)
	li	a0, 0
	sd	zero, HART_FIXUP(tp)
	ret
9:	csrc	mstatus, t1
	li	a0, -1
	ret

/*
 * menvcfg.STCE may stick where there is no stimecmp: ask both. By number, for assemblers that lack
 * the names.
 */
	.globl probe_sstc
probe_sstc:
	PROBE_BEGIN
	li	t1, 1
	slli	t1, t1, 63
	csrs	0x30a, t1
	li	t1, -1
	csrw	0x14d, t1
	li	a0, 0
	PROBE_END

/* The three instructions that an emulator or debugger takes for a semihosting call. */
	.globl probe_semihost
	.balign 16
probe_semihost:
	PROBE_BEGIN
	.option push
	.option norvc
	.balign 16
	slli	zero, zero, 0x1f
	ebreak
	srai	zero, zero, 7
	.option pop
	li	a0, 0
	PROBE_END

	.data
	.balign 4
/* In .data, so that a reset puts the zeros back. */
	.globl boot_lottery
boot_lottery:
	.word	0
	.globl boot_done
boot_done:
	.word	0
