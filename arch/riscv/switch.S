/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * struct context *switch_context(struct context *prev, struct context *next): a0 prev, a1 next, ra
 * the caller. At exit a0 is still prev, and ra, sp and s0 to s11 are what was saved in next.
 */
#include "asm-offsets.h"

	.section .text.hot, "ax"
	.balign	4
	.globl switch_context
switch_context:
	sd	ra, CTX_RA(a0)
	sd	sp, CTX_SP(a0)
	sd	s0, CTX_S+0*8(a0)
	sd	s1, CTX_S+1*8(a0)
	sd	s2, CTX_S+2*8(a0)
	sd	s3, CTX_S+3*8(a0)
	sd	s4, CTX_S+4*8(a0)
	sd	s5, CTX_S+5*8(a0)
	sd	s6, CTX_S+6*8(a0)
	sd	s7, CTX_S+7*8(a0)
	sd	s8, CTX_S+8*8(a0)
	sd	s9, CTX_S+9*8(a0)
	sd	s10, CTX_S+10*8(a0)
	sd	s11, CTX_S+11*8(a0)
	ld	ra, CTX_RA(a1)
	ld	sp, CTX_SP(a1)
	ld	s0, CTX_S+0*8(a1)
	ld	s1, CTX_S+1*8(a1)
	ld	s2, CTX_S+2*8(a1)
	ld	s3, CTX_S+3*8(a1)
	ld	s4, CTX_S+4*8(a1)
	ld	s5, CTX_S+5*8(a1)
	ld	s6, CTX_S+6*8(a1)
	ld	s7, CTX_S+7*8(a1)
	ld	s8, CTX_S+8*8(a1)
	ld	s9, CTX_S+9*8(a1)
	ld	s10, CTX_S+10*8(a1)
	ld	s11, CTX_S+11*8(a1)
	ret
