/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frame pointer walk (RISC-V psABI, "frame pointer convention": saved ra at fp - 8, saved fp at fp
 * - 16).
 */
#include "arch/riscv/backtrace.h"
#include "arch/riscv/pgtable.h"

extern char _image_start[], _text_end[];

bool is_kernel_text(unsigned long addr)
{
	return addr >= (unsigned long)_image_start && addr < (unsigned long)_text_end;
}

void backtrace_walk(unsigned long fp, void (*each)(unsigned long pc, void *arg), void *arg)
{
	for (unsigned int n = 0; n < BACKTRACE_MAX; n++) {
		unsigned long word, next;

		if (!stack_readable(fp - 8))
			return;
		word = *(unsigned long *)(fp - 8);
		if (is_kernel_text(word)) {
			if (!stack_readable(fp - 16))
				return;
			each(word, arg);
			next = *(unsigned long *)(fp - 16);
		} else if (!n || (word > fp && stack_readable(word - 8))) {
			/*
			 * A leaf function saves no ra: its only word is the caller's frame pointer.
			 * It is the innermost one, or was interrupted.
			 */
			next = word;
		} else {
			return;
		}
		/* Frames lead to higher addresses, but for the step off an overflow stack. */
		if (next == fp)
			return;
		fp = next;
	}
}
