/* SPDX-License-Identifier: BSD-2-Clause */
/* The first page tables, built before translation is on: image, device tree, boot stack. */
#include "arch/riscv/early_map.h"

extern char _image_start[], _text_end[], _rodata_end[], _image_end[];

static pte_t kernel_root[PTES_PER_TABLE] __aligned(PAGE_SIZE);
static pte_t image_l1[PTES_PER_TABLE] __aligned(PAGE_SIZE);
static pte_t image_l0[PTES_PER_TABLE] __aligned(PAGE_SIZE);
static pte_t fdt_l1[PTES_PER_TABLE] __aligned(PAGE_SIZE);
static pte_t stack_l1[PTES_PER_TABLE] __aligned(PAGE_SIZE);
static pte_t stack_l0[PTES_PER_TABLE] __aligned(PAGE_SIZE);

char boot_stack[STACK_SIZE] __aligned(PAGE_SIZE) __section(".noinit");
char boot_overflow_stack[OVERFLOW_STACK_SIZE] __aligned(PAGE_SIZE) __section(".noinit");

/*
 * pc-relative addresses are physical here: symbols are compared and subtracted, never stored as
 * linked pointers.
 */
static void link_table(pte_t *table, unsigned int index, const pte_t *next)
{
	table[index] = pte_make((phys_addr_t)next, PTE_TABLE);
}

static void map_pages(unsigned long first_page, const char *from, const char *to, uint64_t flags)
{
	for (; from < to; from += PAGE_SIZE)
		image_l0[first_page++] = pte_make((phys_addr_t)from, flags);
}

static void map_stack(unsigned long top, const char *stack, unsigned long size)
{
	for (unsigned long off = 0; off < size; off += PAGE_SIZE)
		stack_l0[pte_index(top - size + off, 0)] =
			pte_make((phys_addr_t)stack + off, PTE_DATA);
}

unsigned long early_map(const char *image, phys_addr_t fdt)
{
	phys_addr_t fdt_mega = ALIGN_DOWN(fdt, MEGA_SIZE);

	link_table(kernel_root, pte_index(KERNEL_BASE, 2), image_l1);
	link_table(image_l1, pte_index(KERNEL_BASE, 1), image_l0);
	map_pages(0, image, _text_end, PTE_TEXT);
	map_pages((unsigned long)(_text_end - image) >> PAGE_SHIFT, _text_end, _rodata_end,
		  PTE_RODATA);
	map_pages((unsigned long)(_rodata_end - image) >> PAGE_SHIFT, _rodata_end, _image_end,
		  PTE_DATA);

	/* A tree is 2 MiB at most, and may lie across a boundary. */
	link_table(kernel_root, pte_index(FDT_MAP_BASE, 2), fdt_l1);
	fdt_l1[0] = pte_make(fdt_mega, PTE_RODATA);
	fdt_l1[1] = pte_make(fdt_mega + MEGA_SIZE, PTE_RODATA);

	link_table(kernel_root, pte_index(STACK_MAP_BASE, 2), stack_l1);
	link_table(stack_l1, pte_index(STACK_MAP_BASE, 1), stack_l0);
	map_stack(STACK_MAP_BASE + STACK_SLOT_SIZE, boot_stack, STACK_SIZE);
	map_stack(STACK_MAP_BASE + 2 * STACK_SLOT_SIZE, boot_overflow_stack, OVERFLOW_STACK_SIZE);

	return SATP_MODE_SV39 | (unsigned long)kernel_root >> PAGE_SHIFT;
}

pte_t *kernel_page_table(void)
{
	return kernel_root;
}
