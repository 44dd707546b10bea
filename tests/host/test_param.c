/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel parameters: every kind, every way to write them wrong; nothing wrong changes a value. */
#include "tests/host/host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/param.h"

static uint8_t byte;
static uint16_t half;
static unsigned int word;
static uint64_t wide;
static bool flag, other_flag;
static char text[8];
static char calls[128];

static int called(const char *value)
{
	snprintf(calls + strlen(calls), sizeof(calls) - strlen(calls), "[%s]", value ? value : "-");
	return value && !strcmp(value, "bad") ? -EINVAL : 0;
}

PARAM_UINT("byte", byte, 0, 255, "one byte");
PARAM_UINT("half", half, 10, 60000, "two bytes");
PARAM_UINT("max-cpus", word, 1, UINT32_MAX, "four bytes");
PARAM_UINT("wide", wide, 0, UINT64_MAX, "eight bytes");
PARAM_BOOL("quiet", flag, "a flag");
PARAM_BOOL("other_flag", other_flag, "another flag");
PARAM_STRING("text", text, "up to seven letters");
PARAM_FUNC("call", called, "a function");

/* Sets all back, parses, expects so many refusals. */
static void parse(const char *line, unsigned int refused)
{
	byte = 1;
	half = 11;
	word = 3;
	wide = 4;
	flag = other_flag = false;
	strcpy(text, "none");
	calls[0] = '\0';
	host_log_clear();
	assert_int_equal(params_parse(line), refused);
}

static void check_said(const char *said)
{
	if (!strstr(host_log(), said))
		fail_msg("no \"%s\" in \"%s\"", said, host_log());
}

static void check_unchanged(void)
{
	assert_int_equal(byte, 1);
	assert_int_equal(half, 11);
	assert_int_equal(word, 3);
	assert_int_equal(wide, 4);
	assert_false(flag);
	assert_false(other_flag);
	assert_string_equal(text, "none");
}

static void test_nothing(void **state)
{
	(void)state;
	parse(NULL, 0);
	check_unchanged();
	parse("", 0);
	parse(" \t\n ", 0);
	check_unchanged();
	assert_string_equal(host_log(), "");
}

static void test_all_kinds(void **state)
{
	(void)state;
	parse("byte=255 half=60000 max-cpus=0x10 wide=18446744073709551615 quiet "
	      "text=seven77 call=a=b",
	      0);
	assert_int_equal(byte, 255);
	assert_int_equal(half, 60000);
	assert_int_equal(word, 16);
	assert_int_equal(wide, UINT64_MAX);
	assert_true(flag);
	assert_false(other_flag);
	assert_string_equal(text, "seven77");
	assert_string_equal(calls, "[a=b]");
	assert_string_equal(host_log(), "");
}

static void test_numbers(void **state)
{
	(void)state;
	parse("wide=010", 0);
	assert_int_equal(wide, 8);
	parse("wide=64k", 0);
	assert_int_equal(wide, 65536);
	parse("wide=3M", 0);
	assert_int_equal(wide, 3 << 20);
	parse("wide=17179869183G", 0);
	assert_int_equal(wide, 17179869183ULL << 30);
	parse("half=1K", 0);
	assert_int_equal(half, 1024);
}

static void test_bad_numbers(void **state)
{
	static const struct {
		const char *word, *said;
	} cases[] = {
		{"byte=256", "byte: \"256\" is too large"},
		{"half=9", "half: \"9\" is too small"},
		{"half=60001", "half: \"60001\" is too large"},
		{"max_cpus=0", "max-cpus: \"0\" is too small"},
		{"max_cpus=4294967296", "is too large"},
		{"wide=18446744073709551616", "is too large"},
		{"wide=17179869184G", "is too large"},
		{"wide=-1", "wide: \"-1\" is not a number"},
		{"wide=+1", "is not a number"},
		{"wide=\" 1\"", "is not a number"},
		{"wide=", "wide: \"\" is not a number"},
		{"wide=0x", "is not a number"},
		{"wide=12x", "is not a number"},
		{"wide=1kk", "is not a number"},
		{"wide=089", "is not a number"},
		{"wide=k", "is not a number"},
		{"wide=1T", "is not a number"},
		{"wide", "wide: \"\" needs a value"},
		{"text", "text: \"\" needs a value"},
		{"text=eightlet", "text: \"eightlet\" is too long"},
		{"quiet=maybe", "quiet: \"maybe\" is neither true nor false"},
		{"quiet=", "is neither true nor false"},
		{"quiet=10", "is neither true nor false"},
		{"unknown=5", "\"unknown\" is unknown, ignored"},
		{"byte.sub=5", "\"byte.sub\" is unknown"},
		{"bytes=5", "\"bytes\" is unknown"},
		{"byt=5", "\"byt\" is unknown"},
		{"Byte=5", "\"Byte\" is unknown"},
		{"=5", "is no name"},
		{"=", "is no name"},
		{"\"\"", "is no name"},
		{"byte=\"5", "\"byte=5\": quote without an end"},
		{"\"byte=5", "quote without an end"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		parse(cases[i].word, 1);
		check_unchanged();
		check_said(cases[i].said);
		check_said("ignored");
	}
}

static void test_bools(void **state)
{
	static const char *const yes[] = {"quiet",     "quiet=1",  "quiet=y",
					  "quiet=YES", "quiet=on", "quiet=True"};
	static const char *const no[] = {"0", "n", "No", "OFF", "false"};
	char line[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		parse(yes[i], 0);
		assert_true(flag);
	}
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		snprintf(line, sizeof(line), "other_flag quiet quiet=%s", no[i]);
		parse(line, 0);
		assert_false(flag);
		assert_true(other_flag);
	}
}

static void test_quotes(void **state)
{
	(void)state;
	parse("text=\"a b\" byte=7", 0);
	assert_string_equal(text, "a b");
	assert_int_equal(byte, 7);
	parse("\"text=c d\"", 0);
	assert_string_equal(text, "c d");
	parse("text=\"\"", 0);
	assert_string_equal(text, "");
	parse("text=a\" \"b", 0);
	assert_string_equal(text, "a b");
	parse("text=\"--\" byte=9", 0);
	assert_string_equal(text, "--");
	assert_int_equal(byte, 9);
}

static void test_dashes(void **state)
{
	(void)state;
	parse("max_cpus=9 other-flag", 0);
	assert_int_equal(word, 9);
	assert_true(other_flag);
	assert_true(param_name_equal("a-b_c", "a_b-c"));
	assert_false(param_name_equal("a-b", "a-b-"));
	assert_false(param_name_equal("", "-"));
	/* What is behind the lone dashes is not ours. */
	parse("byte=5 -- byte=6 nonsense", 0);
	assert_int_equal(byte, 5);
	assert_string_equal(host_log(), "");
	parse("---", 1);
}

static void test_last_wins(void **state)
{
	(void)state;
	parse("byte=5 text=a byte=6", 0);
	assert_int_equal(byte, 6);
	check_said("byte is given more than once, the last wins");
	assert_null(strstr(host_log(), "text is given"));
	/* A refused one does not take the place of a good one. */
	parse("byte=5 byte=300", 1);
	assert_int_equal(byte, 5);
	assert_null(strstr(host_log(), "more than once"));
	/* The next line begins anew. */
	parse("byte=5", 0);
	assert_string_equal(host_log(), "");
}

static void test_function(void **state)
{
	(void)state;
	parse("call=1 call call= call=bad call=2", 1);
	assert_string_equal(calls, "[1][-][][bad][2]");
	check_said("call: \"bad\" was refused with error -22, ignored");
	assert_null(strstr(host_log(), "more than once"));
}

/* Lines at the limit and beyond it: cut between words. */
static void test_cut(void **state)
{
	static const struct {
		size_t at, len;
		uint16_t half;
		bool cut;
	} cases[] = {
		/* "half=777" ends the line just below the limit, at it, and beyond it. */
		{PARAM_LINE_MAX - 9, 9, 777, false},
		{PARAM_LINE_MAX - 8, 9, 11, true},
		{PARAM_LINE_MAX - 4, 9, 11, true},
		/* It ends there, and blanks go on. */
		{PARAM_LINE_MAX - 10, 8, 777, true},
		{PARAM_LINE_MAX - 9, 8, 777, true},
		{PARAM_LINE_MAX - 8, 8, 11, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char line[PARAM_LINE_MAX + 16];

		memset(line, ' ', sizeof(line));
		line[sizeof(line) - 1] = '\0';
		memcpy(line, "byte=5", 6);
		memcpy(line + cases[i].at, "half=777", cases[i].len);
		parse(line, 0);
		assert_int_equal(byte, 5);
		assert_int_equal(half, cases[i].half);
		assert_int_equal(!!strstr(host_log(), "command line of more than 2047 bytes"),
				 cases[i].cut);
	}
}

static void test_one_endless_word(void **state)
{
	size_t room = 100000;
	char *line = malloc(room);

	(void)state;
	assert_non_null(line);
	memset(line, 'x', room);
	line[room - 1] = '\0';
	parse(line, 0);
	check_said("cut after 0");
	free(line);
}

static void list(const struct param *p, const char *value, void *arg)
{
	char *out = arg;

	assert_non_null(p->help);
	sprintf(out + strlen(out), "%s=%s;", p->name, value);
}

static void test_list(void **state)
{
	char out[256] = "";

	(void)state;
	parse("wide=18446744073709551615 quiet text=\"a b\"", 0);
	params_for_each(list, out);
	assert_string_equal(out, "byte=1;call=;half=11;max-cpus=3;other_flag=0;quiet=1;"
				 "text=a b;wide=18446744073709551615;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_all_kinds),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_bad_numbers),
		cmocka_unit_test(test_bools),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_dashes),
		cmocka_unit_test(test_last_wins),
		cmocka_unit_test(test_function),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_one_endless_word),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
