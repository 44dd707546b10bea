/* SPDX-License-Identifier: BSD-2-Clause */
/* memcpy, memmove and memset by words, in place of a C library that goes byte by byte. */
#include "core/memcopy.h"

#include <stdint.h>
#include <string.h>

#include "arch/riscv/page.h"
#include "core/compiler.h"

/*
 * The compiler must not recognise these loops as memcpy or memset and call the function it is
 * compiling.
 */
#ifdef __clang__
#define NO_RECURSION __attribute__((no_builtin("memcpy", "memmove", "memset")))
#else
#define NO_RECURSION __attribute__((optimize("no-tree-loop-distribute-patterns")))
#endif

/* Memory of any type, read as words. */
typedef uint64_t __attribute__((may_alias)) word_t;

#define WORD	    sizeof(word_t)
#define OFFSET(ptr) ((uintptr_t)(ptr) % WORD)

NO_RECURSION void page_clear(void *page, size_t pages)
{
	word_t *w = page;
	word_t *end = w + pages * (PAGE_SIZE / WORD);

	for (; w < end; w += 32) {
		w[0] = 0, w[1] = 0, w[2] = 0, w[3] = 0;
		w[4] = 0, w[5] = 0, w[6] = 0, w[7] = 0;
		w[8] = 0, w[9] = 0, w[10] = 0, w[11] = 0;
		w[12] = 0, w[13] = 0, w[14] = 0, w[15] = 0;
		w[16] = 0, w[17] = 0, w[18] = 0, w[19] = 0;
		w[20] = 0, w[21] = 0, w[22] = 0, w[23] = 0;
		w[24] = 0, w[25] = 0, w[26] = 0, w[27] = 0;
		w[28] = 0, w[29] = 0, w[30] = 0, w[31] = 0;
	}
}

NO_RECURSION void *memset(void *dst, int value, size_t n)
{
	unsigned char *d = dst;
	word_t fill = (unsigned char)value * 0x0101010101010101UL;

	if (n >= 2 * WORD) {
		for (; OFFSET(d); n--)
			*d++ = (unsigned char)value;
		for (; n >= 8 * WORD; n -= 8 * WORD, d += 8 * WORD) {
			word_t *w = (word_t *)d;

			w[0] = fill, w[1] = fill, w[2] = fill, w[3] = fill;
			w[4] = fill, w[5] = fill, w[6] = fill, w[7] = fill;
		}
		for (; n >= WORD; n -= WORD, d += WORD)
			*(word_t *)d = fill;
	}
	while (n--)
		*d++ = (unsigned char)value;
	return dst;
}

/*
 * Copies n >= 3 words' worth of bytes upwards to an aligned d from an s that is not, by joining the
 * halves of neighbouring words. The caller has copied the WORD bytes before s already, so the word
 * that s lies in may be read from its start; it stops while the last word read still ends within
 * the source. Returns the bytes copied.
 */
static NO_RECURSION size_t copy_joined(unsigned char *d, const unsigned char *s, size_t n)
{
	unsigned int low = 8 * (unsigned int)OFFSET(s);
	unsigned int high = 64 - low;
	const word_t *from = (const word_t *)(s - OFFSET(s));
	word_t *to = (word_t *)d;
	word_t have = *from++;
	size_t done = 0;

	for (; n - done >= 2 * WORD; done += WORD) {
		word_t next = *from++;

		*to++ = have >> low | next << high;
		have = next;
	}
	return done;
}

static NO_RECURSION void copy_up(unsigned char *d, const unsigned char *s, size_t n)
{
	if (n >= 4 * WORD) {
		for (; OFFSET(d); n--)
			*d++ = *s++;
		if (!OFFSET(s)) {
			for (; n >= 8 * WORD; n -= 8 * WORD, d += 8 * WORD, s += 8 * WORD) {
				word_t *to = (word_t *)d;
				const word_t *from = (const word_t *)s;
				word_t a = from[0], b = from[1], c = from[2], e = from[3];

				to[0] = a, to[1] = b, to[2] = c, to[3] = e;
				a = from[4], b = from[5], c = from[6], e = from[7];
				to[4] = a, to[5] = b, to[6] = c, to[7] = e;
			}
			for (; n >= WORD; n -= WORD, d += WORD, s += WORD)
				*(word_t *)d = *(const word_t *)s;
		} else {
			size_t done;

			for (unsigned int i = 0; i < WORD; i++)
				d[i] = s[i];
			done = WORD + copy_joined(d + WORD, s + WORD, n - WORD);
			d += done;
			s += done;
			n -= done;
		}
	}
	while (n--)
		*d++ = *s++;
}

/* From the end downwards, for a destination that overlaps the source from above. */
static NO_RECURSION void copy_down(unsigned char *d, const unsigned char *s, size_t n)
{
	d += n;
	s += n;
	if (n >= 2 * WORD && OFFSET(d) == OFFSET(s)) {
		for (; OFFSET(d); n--)
			*--d = *--s;
		for (; n >= WORD; n -= WORD) {
			d -= WORD;
			s -= WORD;
			*(word_t *)d = *(const word_t *)s;
		}
	}
	while (n--)
		*--d = *--s;
}

NO_RECURSION void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	copy_up(dst, src, n);
	return dst;
}

NO_RECURSION void *memmove(void *dst, const void *src, size_t n)
{
	/* One comparison for both: when dst is below src the difference wraps to a large number. */
	if ((uintptr_t)dst - (uintptr_t)src >= n)
		copy_up(dst, src, n);
	else
		copy_down(dst, src, n);
	return dst;
}
