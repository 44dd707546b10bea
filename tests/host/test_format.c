/* SPDX-License-Identifier: BSD-2-Clause */
/* The log's printf against the C library's: every combination of what a conversion is made of. */
#include "tests/host/host.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/format.h"

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* Exactly as large as it may be used, so that the address sanitizer sees a byte too many. */
static void check(size_t size, const char *fmt, ...)
{
	char *want = malloc(size), *got = malloc(size);
	va_list args, again;

	va_start(args, fmt);
	va_copy(again, args);
	int want_len = vsnprintf(want, size, fmt, args);
	size_t got_len = format(got, size, fmt, again);
	va_end(again);
	va_end(args);
	if ((size_t)want_len != got_len || strcmp(want, got))
		fail_msg("'%s' size %zu: got %zu '%s', want %d '%s'", fmt, size, got_len, got,
			 want_len, want);
	free(want);
	free(got);
}

static void test_plain(void **state)
{
	(void)state;
	check(100, "%s", "");
	check(100, "text");
	check(100, "a %d b %u c %x d %ld e %lu f %lx g %s h", -1, 2u, 0xabcu, LONG_MIN, ULONG_MAX,
	      0xfedcba9876543210UL, "string");
	check(100, "%d %d %d", 0, INT_MIN, INT_MAX);
	check(100, "%ld %ld", 0L, LONG_MAX);
	check(100, "%%");
	check(100, "100%% of %d%%", 7);
	check(100, "%c%c", 'a', '%');
	check(200, "%s",
	      "a long string, longer than any literal here, for good measure, and then some");
	for (int i = 0; i < 70; i++)
		check(200, "%lu %lx %ld", 1UL << i % 64, 1UL << i % 64, -(1L << i % 63));
}

static void test_cut(void **state)
{
	(void)state;
	for (size_t size = 1; size < 60; size++) {
		check(size, "literal %s %d %lx %5d %-6s| %c end", "string", -123456, 0xffffUL, 42,
		      "ab", 'x');
		check(size, "only a literal");
		check(size, "%s", "only a string");
		check(size, "%030d", 5);
	}
}

static void test_every_integer_conversion(void **state)
{
	static const char *const flags[] = {"",	  "-",	"0",  "+",  " ",  "#",
					    "-+", "-#", "+0", " 0", "#0", "- "};
	static const char *const widths[] = {"", "1", "7", "25"};
	static const char *const precisions[] = {"", ".", ".0", ".3", ".22"};
	static const char *const lengths[] = {"hh", "h", "", "l", "ll", "z", "j", "t"};
	static const long values[] = {0,	1,	  -1,	    42,	      -42,
				      127,	128,	  255,	    256,      32767,
				      32768,	65535,	  65536,    INT_MAX,  INT_MIN,
				      UINT_MAX, LONG_MAX, LONG_MIN, 1L << 40, 0xdeadbeef};
	char fmt[40];

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(flags); f++)
		for (size_t w = 0; w < ARRAY_SIZE(widths); w++)
			for (size_t p = 0; p < ARRAY_SIZE(precisions); p++)
				for (size_t l = 0; l < ARRAY_SIZE(lengths); l++)
					for (const char *t = "diuxXo"; *t; t++)
						for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
							snprintf(fmt, sizeof(fmt), "<%%%s%s%s%s%c>",
								 flags[f], widths[w], precisions[p],
								 lengths[l], *t);
							if (strlen(lengths[l]) &&
							    lengths[l][0] != 'h')
								check(64, fmt, values[v]);
							else
								check(64, fmt, (int)values[v]);
						}
}

static void test_strings_and_stars(void **state)
{
	(void)state;
	check(64, "<%10s><%-10s><%.2s><%10.1s><%-4.3s>", "abc", "abc", "abc", "abc", "abcdef");
	check(64, "<%*d><%-*d><%.*d><%*.*d>", 5, 1, 5, 2, 3, 3, 6, 4, 4);
	check(64, "<%*d><%.*d><%*.*s>", -5, 1, -3, 2, -8, 2, "abc");
	check(64, "<%.*s>", 0, "abc");
	check(64, "<%5c><%-5c>", 'a', 'b');
	/* Not terminated: the precision says how far it may be read. */
	check(64, "<%.3s>", (const char[]){'a', 'b', 'c'});
}

static size_t print(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	size_t n = format(buf, size, fmt, args);
	va_end(args);
	return n;
}

static void test_pointers(void **state)
{
	char got[64];
	const char *null = NULL;

	(void)state;
	/* Libraries differ here. */
	assert_int_equal(print(got, sizeof(got), "%p %p %s %10s", (void *)0xffffffff80200000, NULL,
			       null, null),
			 40);
	assert_string_equal(got, "0xffffffff80200000 0x0 (null)     (null)");
}

/* A compiler would refuse these; a message must not bring the kernel down all the same. */
static void test_nonsense(void **state)
{
	char got[64];

	(void)state;
	print(got, sizeof(got), "a %y b %");
	assert_string_equal(got, "a %y b %");
	print(got, sizeof(got), "%l");
	assert_string_equal(got, "%");
	print(got, sizeof(got), "%0000000000000000000000000000000000000000000000000000000001d", 7);
	assert_true(strlen(got) < sizeof(got));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_plain),
	cmocka_unit_test(test_cut),
	cmocka_unit_test(test_every_integer_conversion),
	cmocka_unit_test(test_strings_and_stars),
	cmocka_unit_test(test_pointers),
	cmocka_unit_test(test_nonsense),
};

HOST_MAIN(tests)
