/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's memcpy, memmove and memset, under other names, against the host's. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/host.h"

void *kernel_memcpy(void *restrict dst, const void *restrict src, size_t n);
void *kernel_memmove(void *dst, const void *src, size_t n);
void *kernel_memset(void *dst, int value, size_t n);

#include "core/memcopy.h"
#include "arch/riscv/page.h"

#define MAX_OFFSET 16
#define MAX_SIZE   200

static void random_bytes(unsigned char *p, size_t n, uint64_t *seed)
{
	while (n--)
		*p++ = (unsigned char)host_random(seed);
}

/*
 * n bytes at that offset from a multiple of 16, the last of their allocation: the sanitizer sees
 * any access behind.
 */
static unsigned char *buffer(size_t n, size_t offset)
{
	unsigned char *start = malloc(offset + n);

	assert_non_null(start);
	return start + offset;
}

static void copies(void **state)
{
	uint64_t seed = host_seed();

	(void)state;
	for (size_t n = 0; n <= MAX_SIZE; n += n < 80 ? 1 : 7) {
		for (size_t from = 0; from < MAX_OFFSET; from++) {
			for (size_t to = 0; to < MAX_OFFSET; to++) {
				unsigned char *src = buffer(n, from), *dst = buffer(n, to);
				unsigned char before[MAX_OFFSET];

				random_bytes(src - from, from + n, &seed);
				random_bytes(dst - to, to + n, &seed);
				memcpy(before, dst - to, to);
				assert_ptr_equal(kernel_memcpy(dst, src, n), dst);
				assert_memory_equal(dst, src, n);
				assert_memory_equal(dst - to, before, to);
				free(src - from);
				free(dst - to);
			}
		}
	}
}

static void moves(void **state)
{
	unsigned char is[512], want[512];
	uint64_t seed = host_seed();

	(void)state;
	for (size_t n = 0; n <= MAX_SIZE; n += n < 80 ? 1 : 7) {
		for (size_t from = 0; from < 96; from += 1 + from / 40 * 3) {
			for (size_t to = 0; to < 96; to += 1 + to / 40 * 3) {
				random_bytes(is, 300, &seed);
				memcpy(want, is, 300);
				memmove(want + to, want + from, n);
				assert_ptr_equal(kernel_memmove(is + to, is + from, n), is + to);
				assert_memory_equal(is, want, 300);
			}
		}
	}
}

static void sets(void **state)
{
	(void)state;
	for (size_t n = 0; n <= MAX_SIZE; n++) {
		for (size_t to = 0; to < MAX_OFFSET; to++) {
			/* Bits above the byte do not count. */
			static const int values[] = {0, 1, 0x80, 0xff, 0x1a5, -1};
			unsigned char *dst = buffer(n, to);

			for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
				memset(dst - to, 0x3c, to + n);
				assert_ptr_equal(kernel_memset(dst, values[v], n), dst);
				for (size_t i = 0; i < to; i++)
					assert_int_equal(dst[(long)i - (long)to], 0x3c);
				for (size_t i = 0; i < n; i++)
					assert_int_equal(dst[i], (unsigned char)values[v]);
			}
			free(dst - to);
		}
	}
}

static void pages(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 3; n++) {
		unsigned char *p = aligned_alloc(PAGE_SIZE, 4 * PAGE_SIZE);

		memset(p, 0x77, 4 * PAGE_SIZE);
		page_clear(p, n);
		for (size_t i = 0; i < 4 * PAGE_SIZE; i++)
			assert_int_equal(p[i], i < n * PAGE_SIZE ? 0 : 0x77);
		free(p);
	}
}

static void large(void **state)
{
	size_t n = 1 << 20;
	unsigned char *a = malloc(n + 8), *b = malloc(n + 8);
	uint64_t seed = host_seed();

	(void)state;
	random_bytes(a, n + 8, &seed);
	for (size_t offset = 0; offset < 8; offset++) {
		memset(b, 0, n + 8);
		kernel_memcpy(b + offset / 3, a + offset, n);
		assert_memory_equal(b + offset / 3, a + offset, n);
	}
	free(a);
	free(b);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(copies), cmocka_unit_test(moves), cmocka_unit_test(sets),
	cmocka_unit_test(pages),  cmocka_unit_test(large),
};
HOST_MAIN(tests)
