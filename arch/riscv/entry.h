/* SPDX-License-Identifier: BSD-2-Clause */
/* What the assembly files share: how a hart arrives, and registers by the dozen. */
#ifndef ARCH_RISCV_ENTRY_H
#define ARCH_RISCV_ENTRY_H

/*
 * A hart as the firmware hands it over, from whom nothing is believed: all that could disturb is
 * off, and an access that faults, as the address that it came with may, ends as a stray. Clobbers
 * t0.
 */
	.macro	arrive
	csrw	CSR_SIE, zero
	csrw	CSR_SATP, zero
	lla	t0, stray_hart
	csrw	CSR_STVEC, t0
	li	t0, SR_FS | SR_VS | SR_SUM | SR_SIE
	csrc	CSR_SSTATUS, t0
	.endm

/*
 * From physical to linked addresses, which are higher by offset; satp is to be written. Without an
 * identity map: stvec holds the linked address of the next instruction when satp is written, the
 * fetch that follows faults because the lower half maps nothing, and the trap lands there (a hart
 * that fetches ahead through the old translation arrives just the same). Sets gp and stvec as they
 * stay. Clobbers t0.
 */
	.macro	to_linked satp, offset
	lla	t0, .Llinked\@
	add	t0, t0, \offset
	csrw	CSR_STVEC, t0
	sfence.vma
	csrw	CSR_SATP, \satp
	.balign	4
.Llinked\@:
	.option push
	.option norelax
	lla	gp, __global_pointer$
	.option pop
	lla	t0, trap_entry
	csrw	CSR_STVEC, t0
	.endm

/* Loads (ld) or stores (sd) s0 to s11, from so many bytes behind base on. */
	.macro	each_s op, offset, base
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	\op	s\n, (\offset + \n * 8)(\base)
	.endr
	.endm

#endif
