/* SPDX-License-Identifier: BSD-2-Clause */
/* First instructions of every hart, from physical addresses to the mapped kernel. */
#include "arch/riscv/csr.h"
#include "arch/riscv/entry.inc"
#include "arch/riscv/page.h"
#include "asm-offsets.h"

	.section .head.text, "ax"

/*
 * Boot hart. Entry (boot protocol of the RISC-V Linux Image, SBI 2.0 chapter 9): a0 hart id, a1
 * physical address of the device tree, satp 0, interrupts off. Header: Image format 0.2, so that
 * boot loaders take it for what it is.
 */
	.globl _start
_start:
	.option push
	.option norvc
	j	boot_hart
	nop
	.option pop
	.dword	0x200000		/* text_offset: what loaders add to the base of DRAM */
	.dword	_image_size		/* with .bss */
	.dword	0			/* flags: little endian */
	.word	2			/* version 0.2 */
	.word	0
	.dword	0
	.ascii	"RISCV\0\0\0"
	.word	0x05435352		/* "RSC\5" */
	.word	0

/*
 * s0 hart id, s1 device tree, s2 time at entry, s3 instret at entry, s4 physical address of the
 * image.
 */
	.balign	4
boot_hart:
	csrw	CSR_SIE, zero
	mv	s0, a0
	mv	s1, a1
	/*
	 * A counter that the firmware keeps to itself traps: the trap lands behind it, with 0 as
	 * the value.
	 */
	li	s2, 0
	li	s3, 0
	lla	t0, 1f
	csrw	CSR_STVEC, t0
	csrr	s3, CSR_INSTRET
	.balign	4
1:	lla	t0, 2f
	csrw	CSR_STVEC, t0
	csrr	s2, CSR_TIME
	.balign	4
2:	lla	t0, park
	csrw	CSR_STVEC, t0
	li	t0, SR_FS | SR_VS | SR_SUM | SR_SIE
	csrc	CSR_SSTATUS, t0

	/*
	 * Firmware without HSM may send every hart here: the first is the boot hart, the rest wait
	 * for ever.
	 */
	lla	t0, boot_lottery
	li	t1, 1
	amoadd.w t0, t1, (t0)
	bnez	t0, park

	lla	t0, _bss_start
	lla	t1, _bss_end
1:	sd	zero, 0(t0)
	sd	zero, 8(t0)
	sd	zero, 16(t0)
	sd	zero, 24(t0)
	sd	zero, 32(t0)
	sd	zero, 40(t0)
	sd	zero, 48(t0)
	sd	zero, 56(t0)
	addi	t0, t0, 64
	bltu	t0, t1, 1b

	/*
	 * The per-cpu template has a multiple of 64 bytes; the symbols are links' addresses, so
	 * take its size.
	 */
	lla	t0, __percpu_load
	lla	t1, __percpu_boot
	lla	t2, _data_end
1:	ld	t3, 0(t0)
	sd	t3, 0(t1)
	addi	t0, t0, 8
	addi	t1, t1, 8
	bltu	t0, t2, 1b

	lla	sp, boot_stack + STACK_SIZE
	lla	s4, _start
	mv	a0, s4
	mv	a1, s1
	call	early_map		/* returns satp */

	li	t1, KERNEL_BASE
	sub	t1, t1, s4
	to_linked a0, t1
	lla	tp, __percpu_boot
	li	sp, STACK_MAP_BASE + STACK_SLOT_SIZE
	lla	t0, boot_entry_ticks
	sd	s2, 0(t0)
	lla	t0, boot_entry_insns
	sd	s3, 0(t0)
	mv	a0, s0
	mv	a1, s1
	mv	a2, s4
	li	s0, 0			/* the last frame of every backtrace */
	li	ra, 0
	tail	boot_hart_main

/*
 * A hart started by HSM. Entry (SBI 2.0, section 9.1): a0 hart id, a1 opaque, satp 0, sstatus.SIE
 * 0; all else undefined. opaque is the physical address of its boot record with the start's
 * generation in the low bits. Nothing is believed: not the address, not the hart id, not that the
 * start is still wanted.
 */
	.globl secondary_hart
	.balign	4
secondary_hart:
	arrive
	andi	t5, a1, BOOT_GENERATION_MASK
	sub	t6, a1, t5		/* t6: the boot record */
	ld	t0, BR_MAGIC(t6)
	lla	t1, boot_record_magic
	ld	t1, 0(t1)
	bne	t0, t1, stray_hart
	ld	t0, BR_HARTID(t6)
	bne	t0, a0, stray_hart

	/*
	 * ARMED to TAKEN, or EXPIRED to LATE where the boot hart has given up: one step, and only
	 * of this start's generation. Pairs with boot_record_arm() and boot_record_expire().
	 */
	slli	t5, t5, BR_GENERATION_SHIFT
	ori	t2, t5, BR_STATE_ARMED
	ori	t3, t5, BR_STATE_EXPIRED
	addi	t0, t6, BR_STATE
1:	lr.w.aqrl t1, (t0)
	li	t4, BR_STATE_TAKEN
	beq	t1, t2, 2f
	bne	t1, t3, stray_hart
	li	t4, BR_STATE_LATE
2:	sc.w.aqrl t5, t4, (t0)
	bnez	t5, 1b
	bne	t1, t2, park

	ld	sp, BR_SP(t6)
	ld	tp, BR_TP(t6)
	ld	t2, BR_SATP(t6)
	ld	t1, BR_VIRT_OFFSET(t6)
	to_linked t2, t1
	li	s0, 0
	li	ra, 0
	tail	secondary_hart_main

/* A hart that never left the kernel starts again. a0 is the top of its stack. */
	.globl secondary_hart_again
secondary_hart_again:
	mv	sp, a0
	li	s0, 0
	li	ra, 0
	tail	secondary_hart_main

/* A hart that nobody called, or whose start does not match its record: count it, and park. */
	.globl stray_hart
	.balign	4
stray_hart:
	lla	t0, stray_hartid
	sd	a0, 0(t0)
	lla	t0, stray_harts
	li	t1, 1
	amoadd.w zero, t1, (t0)

/*
 * Interrupts off for ever; physical addresses. Also where a trap before the kernel is mapped ends.
 */
	.globl park
	.balign	4
park:
	lla	t0, park
	csrw	CSR_STVEC, t0
	csrw	CSR_SIE, zero
	/*
	 * HSM hart_stop (SBI 2.0, section 9.2): the firmware may have a use for it. It may refuse,
	 * or not know HSM.
	 */
	li	a7, 0x48534D
	li	a6, 1
	ecall
1:	wfi
	j	1b

	.section .data
	.balign	8
	.globl boot_lottery
boot_lottery:
	.word	0
	.globl stray_harts
stray_harts:
	.word	0
	.balign	8
	.globl stray_hartid
stray_hartid:
	.dword	0
