/* SPDX-License-Identifier: BSD-2-Clause */
/* Page geometry and the direct map: where each byte of RAM is seen by the kernel. */
#ifndef ARCH_RISCV_PAGE_H
#define ARCH_RISCV_PAGE_H

#ifdef __ASSEMBLER__
#define _UL(x) x
#else
#define _UL(x) x##UL
#endif

#define PAGE_SHIFT 12
#define PAGE_SIZE  (_UL(1) << PAGE_SHIFT)
#define MEGA_SHIFT 21
#define MEGA_SIZE  (_UL(1) << MEGA_SHIFT)
#define GIGA_SHIFT 30
#define GIGA_SIZE  (_UL(1) << GIGA_SHIFT)

/*
 * Sv39 address space, upper half; nothing is ever mapped in the lower half.
 *
 *   0xffffffc000000000  direct map of RAM, 128 GiB from the lowest DRAM address on, which is
 *                       rounded down to 1 GiB
 *   0xffffffe000000000  mapped stacks, each above a hole of its own size
 *   0xfffffff000000000  device registers
 *   0xffffffff00000000  the device tree, read only
 *   0xffffffff80200000  the kernel image, in the top 2 GiB: medany code reaches
 *                       address 0 from there, where per-cpu variables are linked
 */
#define DIRECT_MAP_BASE _UL(0xffffffc000000000)
#define DIRECT_MAP_SIZE (_UL(128) << GIGA_SHIFT)
#define STACK_MAP_BASE	_UL(0xffffffe000000000)
#define STACK_MAP_SIZE	(_UL(64) << GIGA_SHIFT)
#define IO_MAP_BASE	_UL(0xfffffff000000000)
#define IO_MAP_SIZE	(_UL(32) << GIGA_SHIFT)
#define FDT_MAP_BASE	_UL(0xffffffff00000000)
#define FDT_MAP_SIZE	(2 * MEGA_SIZE)
#define KERNEL_BASE	_UL(0xffffffff80200000)

/*
 * A stack is STACK_SIZE bytes in a slot of twice that, aligned to the slot: the lower half is
 * unmapped, so that one bit of sp tells the trap entry that the stack has run over. All suites and
 * torture reach 2.7 KiB, by gcc, clang and with the costly checks.
 */
#define STACK_SHIFT	13
#define STACK_SIZE	(_UL(1) << STACK_SHIFT)
#define STACK_SLOT_SIZE (2 * STACK_SIZE)

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stdint.h>

#include "core/compiler.h"

extern unsigned long direct_map_offset; /* virtual minus physical address of RAM */

/* For addresses in the direct map only. */
static inline void *phys_to_virt(phys_addr_t pa)
{
	return (void *)(pa + direct_map_offset);
}

/* For addresses in the direct map or in the kernel image. */
phys_addr_t virt_to_phys(const void *va);

#endif /* __ASSEMBLER__ */
#endif
