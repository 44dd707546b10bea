/* SPDX-License-Identifier: BSD-2-Clause */
/* Where each hart's interrupt file lies: pure arithmetic, also compiled for the host's tests. */
#include <errno.h>

#include "drivers/imsic_addr.h"

#define ADDRESS_BITS	56
#define HART_INDEX_BITS 14

static uint64_t field(phys_addr_t addr, unsigned int shift, unsigned int bits)
{
	return addr >> shift & ((1ULL << bits) - 1);
}

int imsic_geometry_check(const struct imsic_geometry *g)
{
	/* Each on its own first, or the sums could wrap. */
	if (g->guest_bits > HART_INDEX_BITS || g->hart_bits > HART_INDEX_BITS ||
	    g->group_bits > HART_INDEX_BITS || g->group_shift > ADDRESS_BITS)
		return -EINVAL;
	if (g->hart_bits + g->group_bits > HART_INDEX_BITS)
		return -EINVAL;
	if (IMSIC_FILE_SHIFT + g->guest_bits + g->hart_bits > ADDRESS_BITS)
		return -EINVAL;
	if (g->group_bits && (g->group_shift < IMSIC_FILE_SHIFT + g->guest_bits + g->hart_bits ||
			      g->group_shift + g->group_bits > ADDRESS_BITS))
		return -EINVAL;
	return 0;
}

unsigned int imsic_default_hart_bits(unsigned int n)
{
	unsigned int bits = 0;

	while (n > 1U << bits)
		bits++;
	return bits;
}

int imsic_file_address(const struct imsic_geometry *g, const struct imsic_region *regions,
		       unsigned int n, unsigned int index, phys_addr_t *addr)
{
	unsigned int stride_shift = IMSIC_FILE_SHIFT + g->guest_bits;
	uint64_t left = index;

	for (unsigned int i = 0; i < n; i++) {
		/* The last hart's guest files may be missing: a started stride counts. */
		uint64_t whole = regions[i].size >> stride_shift;
		uint64_t rest = regions[i].size - (whole << stride_shift);
		uint64_t files = whole + (rest >= 1U << IMSIC_FILE_SHIFT);

		if (left < files) {
			*addr = regions[i].start + (left << stride_shift);
			return 0;
		}
		left -= files;
	}
	return -ENOENT;
}

uint32_t imsic_hart_index(const struct imsic_geometry *g, phys_addr_t addr)
{
	uint64_t hart = field(addr, IMSIC_FILE_SHIFT + g->guest_bits, g->hart_bits);
	uint64_t group = g->group_bits ? field(addr, g->group_shift, g->group_bits) : 0;

	return (uint32_t)(group << g->hart_bits | hart);
}
