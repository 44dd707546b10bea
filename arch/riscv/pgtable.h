/* SPDX-License-Identifier: BSD-2-Clause */
/* Sv39 page tables (Privileged Architecture 1.12, section 4.4). */
#ifndef ARCH_RISCV_PGTABLE_H
#define ARCH_RISCV_PGTABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/riscv/page.h"

typedef uint64_t pte_t;

#define PTE_V (1UL << 0)
#define PTE_R (1UL << 1)
#define PTE_W (1UL << 2)
#define PTE_X (1UL << 3)
#define PTE_G (1UL << 5)
#define PTE_A (1UL << 6)
#define PTE_D (1UL << 7)

/* A and D are set from the start: harts without Svadu fault where they are clear. */
#define PTE_TABLE  PTE_V
#define PTE_TEXT   (PTE_V | PTE_R | PTE_X | PTE_G | PTE_A)
#define PTE_RODATA (PTE_V | PTE_R | PTE_G | PTE_A)
#define PTE_DATA   (PTE_V | PTE_R | PTE_W | PTE_G | PTE_A | PTE_D)
#define PTE_LEAF   (PTE_R | PTE_W | PTE_X)

#define PTES_PER_TABLE (PAGE_SIZE / sizeof(pte_t))

static inline pte_t pte_make(phys_addr_t pa, uint64_t flags)
{
	return (pa >> PAGE_SHIFT) << 10 | flags;
}

static inline phys_addr_t pte_phys(pte_t pte)
{
	return (pte >> 10 & ((1UL << 44) - 1)) << PAGE_SHIFT;
}

/* Index of va in the table of a level: 2 is the root, 0 holds 4 KiB pages. */
static inline unsigned int pte_index(unsigned long va, unsigned int level)
{
	return va >> (PAGE_SHIFT + 9 * level) & (PTES_PER_TABLE - 1);
}

/*
 * Where page-table pages come from: a zeroed page, by its kernel address, or NULL. The arch layer
 * is above memory management, which registers itself here; until then a few static pages serve.
 */
extern void *(*pgtable_page_source)(void);

/*
 * Maps [pa, pa + size) at va with flags, by the largest pages that fit. Everything page aligned,
 * nothing mapped there before (panics: a second mapping is a bug). -ENOMEM when no table page was
 * to be had; what was mapped until then stays. Boot hart.
 */
int map_range(unsigned long va, phys_addr_t pa, uint64_t size, uint64_t flags);

/*
 * Takes away the mapping of [va, va + size): -EINVAL where it is not made of whole 4 KiB pages,
 * -ENOENT where a page is not mapped; what comes before that is taken away. No hart knows it any
 * more when this returns. Page tables stay. Boot hart.
 */
int unmap_range(unsigned long va, uint64_t size);

/*
 * Called after the kernel's mappings have changed, and this hart has fenced: makes all others
 * fence, too. Registered by the layer that can reach them, before the first of them is started;
 * NULL until then.
 */
extern void (*kernel_mapping_changed)(unsigned long va, uint64_t size);

/* The leaf entry that maps va, or 0. level receives its size class. Any context. */
pte_t pte_lookup(unsigned long va, unsigned int *level);

/* satp of the kernel's one address space. */
unsigned long kernel_satp(void);

/*
 * Takes the next stack slot and maps pages (physical address, size bytes, at most STACK_SIZE) at
 * its top; the rest of the slot stays a hole. Returns the top of the stack, or NULL when page
 * tables or the area are exhausted. Boot hart.
 */
void *stack_map(phys_addr_t pages, uint64_t size);

/* True if the 8 bytes at va lie on a mapped stack. Any context, cannot fault. */
bool stack_readable(unsigned long va);

#endif
