/* SPDX-License-Identifier: BSD-2-Clause */
/* Walking the frames of a stack. */
#ifndef ARCH_RISCV_BACKTRACE_H
#define ARCH_RISCV_BACKTRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/riscv/trap.h"

/*
 * Calls each(pc, arg) for every return address saved in the frames from frame pointer fp on,
 * innermost first, until the chain ends or leaves the stacks, at most BACKTRACE_MAX times. If the
 * innermost function is a leaf, its own return address is in no frame but in register ra, and is
 * not among them. Reads only mapped stacks; any context, cannot fault.
 */
#define BACKTRACE_MAX 512
void backtrace_walk(unsigned long fp, void (*each)(unsigned long pc, void *arg), void *arg);

/* True for an address in the kernel's text. */
bool is_kernel_text(unsigned long addr);

#endif
