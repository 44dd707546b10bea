/* SPDX-License-Identifier: BSD-2-Clause */
/* Arithmetic on the bits of one word, and on how many words hold so many bits. */
#ifndef CORE_BITMAP_H
#define CORE_BITMAP_H

#include <stdint.h>

#include "core/compiler.h"

#define BITS_TO_LONGS(nr) (((nr) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define BIT_WORD(nr)	  ((nr) / BITS_PER_LONG)
#define BIT_MASK(nr)	  (1UL << ((nr) % BITS_PER_LONG))

_Static_assert(sizeof(long) == 8, "a word has 64 bits");

/*
 * The index of the lowest set bit without Zbb, for which the compiler would call a library
 * function: multiplying the isolated bit by a de Bruijn sequence puts a number of its own for each
 * position into the top six bits.
 */
static inline unsigned int bit_first_by_table(unsigned long word)
{
	static const uint8_t position[64] = {
		0,  1,	48, 2,	57, 49, 28, 3,	61, 58, 50, 42, 38, 29, 17, 4,
		62, 55, 59, 36, 53, 51, 43, 22, 45, 39, 33, 30, 24, 18, 12, 5,
		63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21, 44, 32, 23, 11,
		46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,	13, 8,	7,  6,
	};

	return position[((word & -word) * 0x03f79d71b4cb0a89UL) >> 58];
}

/* Index of the lowest set bit of a word that is not 0. */
static inline unsigned int bit_first(unsigned long word)
{
#if defined(__riscv) && !defined(__riscv_zbb)
	return bit_first_by_table(word);
#else
	return (unsigned int)__builtin_ctzl(word);
#endif
}

/* Number of set bits. */
static inline unsigned int bit_count(unsigned long word)
{
	word -= (word >> 1) & 0x5555555555555555UL;
	word = (word & 0x3333333333333333UL) + ((word >> 2) & 0x3333333333333333UL);
	word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fUL;
	return (unsigned int)((word * 0x0101010101010101UL) >> 56);
}

#endif
