/* SPDX-License-Identifier: BSD-2-Clause */
/* Names for addresses, on a table as scripts/ksyms.py makes it. */
#include "tests/host/host.h"

#include <stdio.h>
#include <string.h>

#include "core/symbols.h"

/*
 * Forty functions of 16 bytes each, from offset 16 on: more than two marks, and a gap before the
 * first.
 */
#define COUNT	  40
#define OFFSET(i) (16u * ((i) + 1))

const char _image_start[4096];
uint32_t ksyms_count = COUNT;
uint32_t ksyms_offsets[COUNT + 1];
uint32_t ksyms_marks[COUNT / 16 + 1];
char ksyms_names[COUNT * 16];

static int make_table(void **state)
{
	char *at = ksyms_names;

	(void)state;
	for (unsigned int i = 0; i < COUNT; i++) {
		ksyms_offsets[i] = OFFSET(i);
		if (i % 16 == 0)
			ksyms_marks[i / 16] = (uint32_t)(at - ksyms_names);
		at += sprintf(at, "function%u", i) + 1;
	}
	ksyms_offsets[COUNT] = OFFSET(COUNT);
	ksyms_count = COUNT;
	return 0;
}

static unsigned long address(unsigned int offset)
{
	return (unsigned long)_image_start + offset;
}

static void test_every_address(void **state)
{
	char text[SYMBOL_TEXT_MAX], want[SYMBOL_TEXT_MAX];

	(void)state;
	for (unsigned int at = OFFSET(0); at < OFFSET(COUNT); at++) {
		snprintf(want, sizeof(want), "function%u+0x%x/0x10", at / 16 - 1, at % 16);
		assert_true(symbol_lookup(address(at), text, sizeof(text)));
		assert_string_equal(text, want);
	}
}

static void check_unknown(unsigned long addr)
{
	char text[SYMBOL_TEXT_MAX], want[SYMBOL_TEXT_MAX];

	snprintf(want, sizeof(want), "0x%lx", addr);
	assert_false(symbol_lookup(addr, text, sizeof(text)));
	assert_string_equal(text, want);
}

static void test_what_is_no_text(void **state)
{
	(void)state;
	check_unknown(address(OFFSET(0)) - 1);
	check_unknown(address(OFFSET(COUNT)));
	check_unknown(address(0) - 1);
	check_unknown(0);
	check_unknown(~0UL);
	ksyms_count = 0;
	check_unknown(address(OFFSET(0)));
	ksyms_count = COUNT;
}

static void test_short_buffers(void **state)
{
	char text[10] = "untouched";

	(void)state;
	assert_true(symbol_lookup(address(OFFSET(1)), text, 5));
	assert_string_equal(text, "func");
	assert_string_equal(text + 5, "ched");
}

static void test_by_name(void **state)
{
	(void)state;
	assert_int_equal(symbol_by_name("function0"), address(OFFSET(0)));
	assert_int_equal(symbol_by_name("function17"), address(OFFSET(17)));
	assert_int_equal(symbol_by_name("function39"), address(OFFSET(39)));
	assert_int_equal(symbol_by_name("function40"), 0);
	assert_int_equal(symbol_by_name("function"), 0);
	assert_int_equal(symbol_by_name(""), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(test_every_address, make_table),
	cmocka_unit_test(test_what_is_no_text),
	cmocka_unit_test(test_short_buffers),
	cmocka_unit_test(test_by_name),
};

HOST_MAIN(tests)
