/* SPDX-License-Identifier: BSD-2-Clause */
/* Page geometry and the direct map: where each byte of RAM is seen by the kernel. */
#ifndef ARCH_RISCV_PAGE_H
#define ARCH_RISCV_PAGE_H

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1UL << PAGE_SHIFT)
#define MEGA_SHIFT 21
#define MEGA_SIZE  (1UL << MEGA_SHIFT)
#define GIGA_SHIFT 30
#define GIGA_SIZE  (1UL << GIGA_SHIFT)

/*
 * Sv39 address space, upper half; nothing is ever mapped in the lower half.
 *
 *   0xffffffc000000000  direct map of RAM, 128 GiB from the lowest DRAM address, rounded down to 1 GiB
 *   0xffffffe000000000  mapped stacks, each below a hole of its own size
 *   0xfffffff000000000  device registers
 *   0xffffffff00000000  the device tree, read only
 *   0xffffffff80000000  the kernel image; the top 2 GiB, where medany code can also reach address 0
 */
#define DIRECT_MAP_BASE 0xffffffc000000000UL
#define DIRECT_MAP_SIZE (128UL << 30)
#define STACK_MAP_BASE	0xffffffe000000000UL
#define IO_MAP_BASE	0xfffffff000000000UL
#define IO_MAP_SIZE	(32UL << 30)
#define FDT_MAP_BASE	0xffffffff00000000UL
#define KERNEL_BASE	0xffffffff80000000UL

/*
 * A stack is STACK_SIZE bytes in a slot of twice that, aligned to the slot: the lower half is unmapped, so that one bit
 * of sp tells the trap entry that the stack has run over.
 */
#define STACK_SHIFT 14
#define STACK_SIZE  (1UL << STACK_SHIFT)

#ifndef __ASSEMBLER__

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
