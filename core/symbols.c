/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks up function names in the table that scripts/ksyms.py made; its layout is described there.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/symbols.h"

extern const uint32_t ksyms_count;
extern const uint32_t ksyms_offsets[];
extern const uint32_t ksyms_marks[];
extern const char ksyms_names[];
extern const char _image_start[];

#define MARK 16

static const char *name_of(uint32_t index)
{
	const char *name = ksyms_names + ksyms_marks[index / MARK];

	for (uint32_t i = index % MARK; i; i--)
		name += strlen(name) + 1;
	return name;
}

bool symbol_lookup(unsigned long addr, char *buf, size_t size)
{
	uint32_t count = ksyms_count;
	unsigned long offset = addr - (unsigned long)_image_start;
	uint32_t low = 0, high = count;

	if (!count || offset < ksyms_offsets[0] || offset >= ksyms_offsets[count]) {
		snprintf(buf, size, "0x%lx", addr);
		return false;
	}
	/* offsets[low] <= offset < offsets[high] all along. */
	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;

		if (ksyms_offsets[mid] <= offset)
			low = mid;
		else
			high = mid;
	}
	snprintf(buf, size, "%s+0x%lx/0x%lx", name_of(low), offset - ksyms_offsets[low],
		 (unsigned long)(ksyms_offsets[low + 1] - ksyms_offsets[low]));
	return true;
}

unsigned long symbol_by_name(const char *name)
{
	const char *at = ksyms_names;

	for (uint32_t i = 0; i < ksyms_count; i++) {
		if (!strcmp(at, name))
			return (unsigned long)_image_start + ksyms_offsets[i];
		at += strlen(at) + 1;
	}
	return 0;
}
