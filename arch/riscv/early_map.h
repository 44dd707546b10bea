/* SPDX-License-Identifier: BSD-2-Clause */
/* What early_map.c leaves for the rest of the memory code. */
#ifndef ARCH_RISCV_EARLY_MAP_H
#define ARCH_RISCV_EARLY_MAP_H

#include "arch/riscv/csr.h"
#include "arch/riscv/pgtable.h"

/* Room for a report with its formatting: a third of what an ordinary stack has. */
#define OVERFLOW_STACK_SIZE (2 * PAGE_SIZE)

/* Stack slots that early_map() fills: the boot hart's stack and its overflow stack. */
#define EARLY_STACK_SLOTS 2

/*
 * Builds the tables for the image at its physical address and the device tree at fdt, which need
 * not be valid. Returns satp. Runs at physical addresses with translation off: calls nothing that
 * stores or jumps to a linked address.
 */
unsigned long early_map(const char *image, phys_addr_t fdt);

/* The root of the kernel's page table, by its linked address. */
pte_t *kernel_page_table(void);

extern char boot_stack[], boot_overflow_stack[];

#endif
