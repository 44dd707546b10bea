/* SPDX-License-Identifier: BSD-2-Clause */
/* Building the direct map at boot. */
#ifndef ARCH_RISCV_MMU_H
#define ARCH_RISCV_MMU_H

#include "arch/riscv/page.h"

/*
 * Fixes the direct map's offset from the lowest RAM address. Boot hart, before the first
 * direct_map_add().
 */
void direct_map_init(phys_addr_t lowest);

/*
 * Maps RAM [start, end), page aligned, ranges not overlapping; the image's own pages are left out.
 * 0, -ENOMEM (see pgtable_page_source), -EEXIST where something is mapped already. Boot hart.
 */
int direct_map_add(phys_addr_t start, phys_addr_t end);

#endif
