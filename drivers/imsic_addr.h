/* SPDX-License-Identifier: BSD-2-Clause */
/* Where each hart's interrupt file lies, and what an APLIC calls that hart: pure arithmetic. */
#ifndef DRIVERS_IMSIC_ADDR_H
#define DRIVERS_IMSIC_ADDR_H

#include <stdint.h>

#include "core/compiler.h"

#define IMSIC_FILE_SHIFT 12 /* each interrupt file is a page */

/*
 * Bits of an interrupt file's address, low to high (binding riscv,imsics):
 *
 *    ... | group_bits at group_shift | ... | hart_bits | guest_bits | 12 bits within the file
 */
struct imsic_geometry {
	unsigned int guest_bits;
	unsigned int hart_bits;
	unsigned int group_bits;
	unsigned int group_shift;
};

struct imsic_region {
	phys_addr_t start;
	uint64_t size; /* bytes */
};

/*
 * 0, or -EINVAL: fields overlap, or reach beyond what an APLIC's target register names (14 bits of
 * hart and group), or beyond a 56-bit address.
 */
int imsic_geometry_check(const struct imsic_geometry *g);

/* Bits that number n harts: the binding's default for hart_bits. */
unsigned int imsic_default_hart_bits(unsigned int n);

/*
 * Address of the supervisor-level file of entry index of interrupts-extended: the files fill the n
 * regions in order, each with room for the guest files behind it. 0, or -ENOENT when the regions
 * end before it.
 */
int imsic_file_address(const struct imsic_geometry *g, const struct imsic_region *regions,
		       unsigned int n, unsigned int index, phys_addr_t *addr);

/* What an APLIC writes as hart index into a target register for that file (AIA 1.0, 4.9.1). */
uint32_t imsic_hart_index(const struct imsic_geometry *g, phys_addr_t addr);

#endif
