/* SPDX-License-Identifier: BSD-2-Clause */
/* Page tables after boot: mapping ranges, stacks and device registers. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "arch/riscv/boot.h"
#include "arch/riscv/early_map.h"
#include "arch/riscv/io.h"
#include "arch/riscv/mmu.h"
#include "arch/riscv/pgtable.h"

unsigned long direct_map_offset;
void (*kernel_mapping_changed)(unsigned long va, uint64_t size);

/*
 * The first range of RAM is mapped before there is an allocator, and has two ends: at each at most
 * a table of 2 MiB pages and one of 4 KiB pages.
 */
#define EARLY_TABLES 4
static pte_t early_tables[EARLY_TABLES][PTES_PER_TABLE] __aligned(PAGE_SIZE) __section(".noinit");
static unsigned int early_tables_used;

static void *early_table(void)
{
	if (early_tables_used == EARLY_TABLES)
		return NULL;
	return memset(early_tables[early_tables_used++], 0, PAGE_SIZE);
}

void *(*pgtable_page_source)(void) = early_table;

phys_addr_t virt_to_phys(const void *va)
{
	unsigned long addr = (unsigned long)va;

	if (addr >= KERNEL_BASE)
		return addr - KERNEL_BASE + image_phys;
	return addr - direct_map_offset;
}

/* Tables come from the image before there is an allocator, from the direct map since. */
static pte_t *table_of(pte_t pte)
{
	phys_addr_t pa = pte_phys(pte);

	if (pa - image_phys < image_size())
		return (pte_t *)(pa - image_phys + KERNEL_BASE);
	return phys_to_virt(pa);
}

/*
 * Fills neighbouring entries with leaves; returns how many bytes, or 0 where something is mapped
 * already.
 */
static uint64_t map_leaves(pte_t *table, unsigned int level, unsigned long va, phys_addr_t pa,
			   uint64_t size, uint64_t flags)
{
	unsigned int shift = PAGE_SHIFT + 9 * level;
	pte_t *pte = &table[pte_index(va, level)];
	pte_t *end = MIN(pte + (size >> shift), table + PTES_PER_TABLE), *first = pte;
	pte_t value = pte_make(pa, flags), step = pte_make(1UL << shift, 0);

	for (; pte < end; pte++, value += step) {
		if (*pte & PTE_V)
			return 0;
		*pte = value;
	}
	return (uint64_t)(end - first) << shift;
}

static int map_level(pte_t *table, unsigned int level, unsigned long va, phys_addr_t pa,
		     uint64_t size, uint64_t flags)
{
	uint64_t span = 1UL << (PAGE_SHIFT + 9 * level), part;

	for (; size; va += part, pa += part, size -= part) {
		pte_t *pte = &table[pte_index(va, level)];
		int err;

		if (!((va | pa) & (span - 1)) && size >= span) {
			part = map_leaves(table, level, va, pa, size, flags);
			if (!part)
				return -EEXIST;
			continue;
		}
		if (!(*pte & PTE_V)) {
			void *next = pgtable_page_source();

			if (!next)
				return -ENOMEM;
			*pte = pte_make(virt_to_phys(next), PTE_TABLE);
		} else if (*pte & PTE_LEAF) {
			return -EEXIST;
		}
		part = MIN(span - (va & (span - 1)), size);
		err = map_level(table_of(*pte), level - 1, va, pa, part, flags);
		if (err)
			return err;
	}
	return 0;
}

/* A hart may remember what was mapped here, or that nothing was. */
static void mapping_changed(unsigned long va, uint64_t size)
{
	__asm__ __volatile__("sfence.vma" : : : "memory");
	if (kernel_mapping_changed)
		kernel_mapping_changed(va, size);
}

int map_range(unsigned long va, phys_addr_t pa, uint64_t size, uint64_t flags)
{
	int err;

	if ((va | pa | size) & (PAGE_SIZE - 1))
		return -EINVAL;
	err = map_level(kernel_page_table(), 2, va, pa, size, flags);
	mapping_changed(va, size);
	return err;
}

static pte_t *leaf_of(unsigned long va)
{
	pte_t *table = kernel_page_table();

	for (unsigned int level = 2; level; level--) {
		pte_t pte = table[pte_index(va, level)];

		if (!(pte & PTE_V) || pte & PTE_LEAF)
			return NULL;
		table = table_of(pte);
	}
	return &table[pte_index(va, 0)];
}

int unmap_range(unsigned long va, uint64_t size)
{
	unsigned long at = va;
	int err = 0;

	if ((va | size) & (PAGE_SIZE - 1))
		return -EINVAL;
	for (; at < va + size && !err; at += PAGE_SIZE) {
		pte_t *pte = leaf_of(at);
		unsigned int level;

		if (pte && *pte & PTE_V)
			*pte = 0;
		else
			err = pte_lookup(at, &level) ? -EINVAL : -ENOENT;
	}
	mapping_changed(va, at - va);
	return err;
}

pte_t pte_lookup(unsigned long va, unsigned int *level)
{
	pte_t *table = kernel_page_table();

	/* Addresses that are no sign extension of bit 38 are no addresses. */
	if (va >> 38 != (1UL << 26) - 1)
		return 0;
	for (unsigned int l = 2;; l--) {
		pte_t pte = table[pte_index(va, l)];

		if (!(pte & PTE_V))
			return 0;
		if (pte & PTE_LEAF) {
			*level = l;
			return pte;
		}
		if (!l)
			return 0;
		table = table_of(pte);
	}
}

unsigned long kernel_satp(void)
{
	return SATP_MODE_SV39 | virt_to_phys(kernel_page_table()) >> PAGE_SHIFT;
}

void *stack_map(phys_addr_t pages, uint64_t size)
{
	static unsigned long slots_used = EARLY_STACK_SLOTS;
	unsigned long top = STACK_MAP_BASE + (slots_used + 1) * STACK_SLOT_SIZE;

	if (top > STACK_MAP_BASE + STACK_MAP_SIZE)
		return NULL;
	if (map_range(top - size, pages, size, PTE_DATA))
		return NULL;
	slots_used++;
	return (void *)top;
}

bool stack_readable(unsigned long va)
{
	unsigned int level;

	return !(va & 7) && va - STACK_MAP_BASE < STACK_MAP_SIZE && pte_lookup(va, &level);
}

volatile void __iomem *ioremap(phys_addr_t phys, uint64_t size)
{
	static unsigned long next = IO_MAP_BASE;
	phys_addr_t first = ALIGN_DOWN(phys, PAGE_SIZE);
	uint64_t span = ALIGN_UP(phys + size, PAGE_SIZE) - first;
	unsigned long va;

	if (!size || phys + size < phys || (phys + size) >> 56 || span > IO_MAP_SIZE)
		return NULL;
	/* Large register files get large pages where both addresses allow it. */
	va = span >= MEGA_SIZE ? ALIGN_UP(next, MEGA_SIZE) + (first & (MEGA_SIZE - 1)) : next;
	if (va + span > IO_MAP_BASE + IO_MAP_SIZE || map_range(va, first, span, PTE_DATA))
		return NULL;
	next = va + span;
	return (volatile void __iomem __force *)(va + (phys - first));
}

int direct_map_add(phys_addr_t start, phys_addr_t end)
{
	/*
	 * The image has its own mapping with its own permissions; a writable alias of its text
	 * would undo them.
	 */
	phys_addr_t image_end = image_phys + image_size();
	int err = 0;

	if (start < image_phys)
		err = map_range(start + direct_map_offset, start, MIN(end, image_phys) - start,
				PTE_DATA);
	if (!err && end > image_end) {
		start = MAX(start, image_end);
		err = map_range(start + direct_map_offset, start, end - start, PTE_DATA);
	}
	return err;
}

void direct_map_init(phys_addr_t lowest)
{
	direct_map_offset = DIRECT_MAP_BASE - ALIGN_DOWN(lowest, GIGA_SIZE);
}
