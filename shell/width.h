/* SPDX-License-Identifier: BSD-2-Clause */
/* How many columns of a terminal a character takes. */
#ifndef SHELL_WIDTH_H
#define SHELL_WIDTH_H

#include <stdint.h>

#include "core/compiler.h"

/*
 * 0, 1 or 2, for the ranges that terminals agree on: combining marks and joiners, East Asian Wide
 * (UAX #11). Others count as 1.
 */
static inline unsigned int char_width(uint32_t code)
{
	static const struct {
		uint32_t first, last;
		unsigned int width;
	} odd[] = {
		{0x300, 0x36f, 0},     {0x1100, 0x115f, 2},   {0x200b, 0x200f, 0},
		{0x20d0, 0x20ff, 0},   {0x2e80, 0x303e, 2},   {0x3041, 0xa4cf, 2},
		{0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},   {0xfe00, 0xfe0f, 0},
		{0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},
		{0x1f300, 0x1f64f, 2}, {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2},
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(odd); i++) {
		if (code >= odd[i].first && code <= odd[i].last)
			return odd[i].width;
	}
	return 1;
}

#endif
