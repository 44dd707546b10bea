/* SPDX-License-Identifier: BSD-2-Clause */
/* Words, numbers and commands of the shell. */
#include "tests/host/host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/console.h"
#include "shell/shell.h"

static char sent[4096];
static size_t sent_len;

static void keep(struct console *con, const char *buf, size_t n)
{
	(void)con;
	assert_true(sent_len + n < sizeof(sent));
	memcpy(sent + sent_len, buf, n);
	sent_len += n;
	sent[sent_len] = '\0';
}

static struct console device = {.name = "device", .rating = 1, .write = keep};

static int forget(void **state)
{
	(void)state;
	sent_len = 0;
	sent[0] = '\0';
	return 0;
}

/* Splits, and puts the words together again as [a][b]. */
static const char *split(const char *text)
{
	static char copy[256], result[512];
	char *argv[SHELL_ARGS_MAX + 1];
	int argc;

	strcpy(copy, text);
	argc = shell_split(copy, argv);
	if (argc < 0)
		return argc == -EINVAL ? "EINVAL" : argc == -E2BIG ? "E2BIG" : "?";
	assert_null(argv[argc]);
	result[0] = '\0';
	for (int i = 0; i < argc; i++)
		sprintf(result + strlen(result), "[%s]", argv[i]);
	return result;
}

static void test_words(void **state)
{
	(void)state;
	assert_string_equal(split(""), "");
	assert_string_equal(split("  \t "), "");
	assert_string_equal(split("one"), "[one]");
	assert_string_equal(split(" one  two\tthree "), "[one][two][three]");
	assert_string_equal(split("'one two'  \"three  four\""), "[one two][three  four]");
	assert_string_equal(split("a'b c'd"), "[ab cd]");
	assert_string_equal(split("'' \"\""), "[][]");
	assert_string_equal(split("\"it's\" 'say \"x\"'"), "[it's][say \"x\"]");
	assert_string_equal(split("a\\ b \\'c \\\\ \"\\\"\" '\\'"), "[a b]['c][\\][\"][\\]");
	/* A backslash at the end stands for itself. */
	assert_string_equal(split("a\\"), "[a\\]");
	assert_string_equal(split("'open"), "EINVAL");
	assert_string_equal(split("\"open'"), "EINVAL");
	assert_string_equal(split("\"open\\\""), "EINVAL");
	assert_string_equal(split("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"),
			    "[1][2][3][4][5][6][7][8][9][10][11][12][13][14][15][16]");
	assert_string_equal(split("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"), "E2BIG");
}

static void check_number(const char *word, unsigned long max, long want)
{
	unsigned long value = 4711;

	forget(NULL);
	if (want < 0) {
		char text[128];

		assert_int_equal(shell_number("cmd", word, max, &value), -EINVAL);
		assert_int_equal(value, 4711);
		snprintf(text, sizeof(text), "cmd: '%s' is not a number up to %lu\r\n", word, max);
		assert_string_equal(sent, text);
		return;
	}
	assert_int_equal(shell_number("cmd", word, max, &value), 0);
	assert_int_equal(value, want);
	assert_string_equal(sent, "");
}

static void test_numbers(void **state)
{
	(void)state;
	check_number("0", 10, 0);
	check_number("10", 10, 10);
	check_number("11", 10, -1);
	check_number("010", 10, 10);
	check_number("0x1f", 100, 31);
	check_number("0X1F", 100, 31);
	check_number("", 10, -1);
	check_number("-1", -1UL, -1);
	check_number("+1", 10, -1);
	check_number(" 1", 10, -1);
	check_number("1 ", 10, -1);
	check_number("1x", 10, -1);
	check_number("0x", 10, -1);
	check_number("0xg", 10, -1);
	check_number("99999999999999999999", -1UL, -1);
}

static int seen_argc;
static char seen[64];
static int answer;

static int cmd_probe(int argc, char **argv)
{
	seen_argc = argc;
	snprintf(seen, sizeof(seen), "%s", argc > 1 ? argv[1] : "");
	return answer;
}
SHELL_COMMAND(probe, "[x]", "looks at its arguments", cmd_probe);
SHELL_COMMAND(a_first, "", "sorts before all others", cmd_probe);

static int run(const char *text)
{
	char copy[256];

	strcpy(copy, text);
	forget(NULL);
	return shell_run(copy);
}

static void test_commands(void **state)
{
	(void)state;
	assert_int_equal(run("probe 'a b'"), 0);
	assert_int_equal(seen_argc, 2);
	assert_string_equal(seen, "a b");
	assert_string_equal(sent, "");
	assert_int_equal(run("   "), 0);
	assert_string_equal(sent, "");

	answer = -EINVAL;
	assert_int_equal(run("probe"), -EINVAL);
	assert_string_equal(sent, "usage: probe [x]\r\n");
	answer = -EBUSY;
	assert_int_equal(run("probe"), -EBUSY);
	assert_string_equal(sent, "probe: failed, error -16\r\n");
	answer = 0;

	assert_int_equal(run("prob"), -ENOENT);
	assert_string_equal(sent, "prob: no such command; try help\r\n");
	assert_int_equal(run("probes"), -ENOENT);
	assert_int_equal(run("probe 'x"), -EINVAL);
	assert_string_equal(sent, "a quote is not closed\r\n");
	assert_int_equal(run("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"), -E2BIG);
	assert_string_equal(sent, "more than 16 words\r\n");
}

static void test_help(void **state)
{
	(void)state;
	assert_int_equal(run("help"), 0);
	assert_string_equal(sent,
			    "a_first                          sorts before all others\r\n"
			    "help      [command]              what there is to type, or about one "
			    "command\r\n"
			    "probe     [x]                    looks at its arguments\r\n");
	assert_int_equal(run("help probe"), 0);
	assert_string_equal(sent, "probe [x]\r\n  looks at its arguments\r\n");
	assert_int_equal(run("help nothing"), -EINVAL);
	assert_string_equal(sent, "help: 'nothing' is not a command\r\nusage: help [command]\r\n");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_words),
	cmocka_unit_test(test_numbers),
	cmocka_unit_test(test_commands),
	cmocka_unit_test(test_help),
};

int main(void)
{
	console_register(&device);
	console_start();
	return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
