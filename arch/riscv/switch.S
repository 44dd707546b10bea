/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * struct context *switch_context(struct context *prev, struct context *next): a0 prev, a1 next, ra
 * the caller. At exit a0 is still prev, and ra, sp and s0 to s11 are what was saved in next.
 */
#include "arch/riscv/entry.inc"
#include "asm-offsets.h"

	.section .text.hot, "ax"
	.balign	4
	.globl switch_context
switch_context:
	sd	ra, CTX_RA(a0)
	sd	sp, CTX_SP(a0)
	each_s	sd, CTX_S, a0
	ld	ra, CTX_RA(a1)
	ld	sp, CTX_SP(a1)
	each_s	ld, CTX_S, a1
	ret
