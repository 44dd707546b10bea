/* SPDX-License-Identifier: BSD-2-Clause */
/* The image's table of names tells the truth about the image. */
#include <stdlib.h>
#include <string.h>

#include "core/compiler.h"
#include "core/init.h"
#include "core/symbols.h"
#include "tests/kernel/ktest.h"

__noinline static int a_function_of_this_file(int x)
{
	__asm__ __volatile__("" : "+r"(x));
	return x + 1;
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

__noinline static unsigned long caller(void)
{
	return (unsigned long)__builtin_return_address(0);
}

KTEST(symbols, lookup)
{
	unsigned long fn = (unsigned long)a_function_of_this_file;
	char text[SYMBOL_TEXT_MAX];

	KTEST_EXPECT(a_function_of_this_file(1) == 2);
	KTEST_EXPECT(symbol_lookup(fn, text, sizeof(text)));
	KTEST_EXPECT(begins(text, "a_function_of_this_file+0x0/0x"));
	KTEST_EXPECT(symbol_lookup(fn + 2, text, sizeof(text)));
	KTEST_EXPECT(begins(text, "a_function_of_this_file+0x2/0x"));
	KTEST_EXPECT(symbol_lookup((unsigned long)start_kernel, text, sizeof(text)));
	KTEST_EXPECT(begins(text, "start_kernel+0x0/0x"));
	KTEST_EXPECT(symbol_lookup(caller(), text, sizeof(text)));
	KTEST_EXPECT(begins(text, "ktest_symbols_lookup+0x"));
}

KTEST(symbols, by_name)
{
	KTEST_EXPECT_EQ(symbol_by_name("start_kernel"), start_kernel);
	KTEST_EXPECT_EQ(symbol_by_name("a_function_of_this_file"), a_function_of_this_file);
	KTEST_EXPECT_EQ(symbol_by_name("no such function"), 0);
}

/* Names and addresses agree in both directions, over the whole text. */
KTEST(symbols, round_trip)
{
	static const int data;
	unsigned long at = symbol_by_name("_start");
	char text[SYMBOL_TEXT_MAX];
	unsigned int n = 0;

	while (symbol_lookup(at, text, sizeof(text))) {
		unsigned long size, offset;
		char *plus = strchr(text, '+'), *slash, *end;

		if (!KTEST_EXPECT(plus && begins(plus, "+0x")))
			return;
		offset = strtoul(plus, &slash, 16);
		if (!KTEST_EXPECT(begins(slash, "/0x")))
			return;
		size = strtoul(slash + 1, &end, 16);
		if (!KTEST_EXPECT(!*end))
			return;
		*plus = '\0';
		/* Static functions of one name are found as the first of them. */
		if (!KTEST_EXPECT(offset == 0 && size > 0 && symbol_by_name(text) &&
				  symbol_by_name(text) <= at))
			return;
		at += size;
		n++;
	}
	KTEST_EXPECT(n > 300);
	KTEST_EXPECT(!symbol_lookup(0, text, sizeof(text)));
	KTEST_EXPECT(!symbol_lookup((unsigned long)&data, text, sizeof(text)));
	KTEST_EXPECT(begins(text, "0xffffffff"));
}
