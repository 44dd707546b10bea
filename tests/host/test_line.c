/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line editor, from keys to what a person sees: editor, console and a model of a terminal
 * together.
 */
#include "tests/host/host.h"

#include <stdio.h>
#include <string.h>

#include "core/console.h"
#include "core/printk.h"
#include "shell/line.h"
#include "tests/host/screen.h"

static struct screen screen;
static struct line line;

static void to_screen(struct console *con, const char *buf, size_t n)
{
	(void)con;
	screen_write(&screen, buf, n);
}

static struct console device = {.name = "screen", .rating = 1, .write = to_screen};

static void show(void *arg, const struct console_line *row)
{
	(void)arg;
	/* What the console is promised: one row, no control characters. */
	assert_true(row->columns < line.columns);
	assert_true(row->cursor <= row->columns);
	assert_true(row->len <= CONSOLE_ROW_MAX);
	for (size_t i = 0; i < row->len; i++)
		assert_true((unsigned char)row->text[i] >= ' ' && row->text[i] != 0x7f);
	console_prompt_set(row);
}

static void control(void *arg, const char *sequence, bool redraw)
{
	(void)arg;
	console_control(sequence, redraw);
}

static void print(void *arg, const char *text)
{
	(void)arg;
	printk_raw("%s", text);
}

static const char *candidate(void *arg, const char *text, size_t start, size_t index)
{
	static const char *const commands[] = {"dmesg", "fault", "harts", "help", "hello"};
	static const char *const kinds[] = {"load", "stack", "store", "stones"};

	(void)arg;
	if (!start)
		return index < 5 ? commands[index] : NULL;
	return !strncmp(text, "fault ", 6) && index < 4 ? kinds[index] : NULL;
}

static const struct line_ops ops = {
	.show = show, .control = control, .print = print, .candidate = candidate};

static int setup(void **state)
{
	(void)state;
	console_prompt_end();
	screen_init(&screen, 80);
	line_init(&line, &ops, NULL, "> ", 80);
	line_start(&line);
	return 0;
}

/* Feeds keys; returns what the last one meant. */
static enum line_event keys_n(const char *keys, size_t n)
{
	enum line_event event = LINE_MORE;

	for (size_t i = 0; i < n; i++)
		event = line_input(&line, (unsigned char)keys[i]);
	return event;
}

static enum line_event keys(const char *s)
{
	return keys_n(s, strlen(s));
}

/* Text, cursor and screen; '|' in want marks the cursor. */
static void check(const char *want)
{
	char text[512], row[520];
	size_t cursor = strcspn(want, "|");

	snprintf(text, sizeof(text), "%.*s%s", (int)cursor, want, want + cursor + 1);
	assert_string_equal(line_text(&line), text);
	assert_int_equal(line.cursor, cursor);
	snprintf(row, sizeof(row), "> %s", text);
	while (strlen(row) && row[strlen(row) - 1] == ' ')
		row[strlen(row) - 1] = '\0';
	assert_string_equal(screen_cursor_row(&screen), row);
	assert_int_equal(screen.column, 2 + cursor);
	assert_int_equal(screen.strange, 0);
}

#define LEFT	"\033[D"
#define RIGHT	"\033[C"
#define UP	"\033[A"
#define DOWN	"\033[B"
#define CTRL(c) ((char[]){(c) & 0x1f, '\0'})

static void test_typing(void **state)
{
	(void)state;
	check("|");
	keys("harts");
	check("harts|");
	keys(LEFT LEFT);
	check("har|ts");
}

static void test_insert_and_delete(void **state)
{
	(void)state;
	keys("abc" LEFT LEFT "X");
	check("aX|bc");
	keys("\b");
	check("a|bc");
	keys("\x7f");
	check("|bc");
	keys("\b");
	check("|bc");
	assert_int_equal(screen.bells, 1);
	keys("\x04");
	check("|c");
	keys(RIGHT);
	check("c|");
	keys("\x04");
	check("c|");
	assert_int_equal(screen.bells, 2);
	keys("\033[3~" LEFT "\033[3~");
	check("|");
	keys("\033[3~");
	check("|");
}

static void test_moves(void **state)
{
	(void)state;
	keys("one two  three");
	keys(CTRL('a'));
	check("|one two  three");
	keys(CTRL('b'));
	check("|one two  three");
	keys(CTRL('f'));
	check("o|ne two  three");
	keys("\033f");
	check("one| two  three");
	keys("\033[1;5C");
	check("one two|  three");
	keys("\033f\033f");
	check("one two  three|");
	keys("\033b");
	check("one two  |three");
	keys("\033[1;3D");
	check("one |two  three");
	keys(CTRL('e'));
	check("one two  three|");
	keys("\033[H");
	check("|one two  three");
	keys("\033[F");
	check("one two  three|");
	keys("\033[1~");
	check("|one two  three");
	keys("\033OF");
	check("one two  three|");
	keys("\033[7~" RIGHT "\033OC\033OD");
	check("o|ne two  three");
}

static void test_kill_and_yank(void **state)
{
	(void)state;
	keys("one two three" LEFT LEFT);
	keys(CTRL('w'));
	check("one two |ee");
	keys(CTRL('w'));
	check("one |ee");
	keys(CTRL('y'));
	check("one two |ee");
	keys(CTRL('k'));
	check("one two |");
	keys(CTRL('y'));
	keys(CTRL('y'));
	check("one two eeee|");
	keys(LEFT);
	keys(CTRL('u'));
	check("|e");
	keys(CTRL('e'));
	keys(CTRL('y'));
	check("eone two eee|");
	keys("\033[H\033d");
	check("| two eee");
	keys("\033d");
	check("| eee");
	keys("\033[F\033\x7f");
	check(" |");
}

static void test_transpose(void **state)
{
	(void)state;
	keys(CTRL('t'));
	check("|");
	keys("ab");
	keys(CTRL('t'));
	check("ba|");
	keys("c" LEFT);
	keys(CTRL('t'));
	check("bca|");
	keys(CTRL('a'));
	keys(CTRL('t'));
	check("|bca");
}

static void test_ends(void **state)
{
	(void)state;
	assert_int_equal(keys("one\r"), LINE_DONE);
	assert_string_equal(line_text(&line), "one");
	line_start(&line);
	/* The second half of \r\n is no line of its own, also when it comes late. */
	assert_int_equal(keys("\n"), LINE_MORE);
	assert_int_equal(keys("two\n"), LINE_DONE);
	assert_string_equal(line_text(&line), "two");
	line_start(&line);
	assert_int_equal(keys("\n"), LINE_DONE);
	line_start(&line);
	assert_int_equal(keys("\r"), LINE_DONE);
	line_start(&line);
	assert_int_equal(keys("\r"), LINE_DONE);
	line_start(&line);
	assert_int_equal(keys("x\x03"), LINE_CANCEL);
	line_start(&line);
	assert_int_equal(keys("\x04"), LINE_END);
	line_start(&line);
	/* Enter in the middle leaves the cursor behind the text, where the newline belongs. */
	assert_int_equal(keys("three" LEFT LEFT "\r"), LINE_DONE);
	assert_int_equal(screen.column, 7);
}

static void test_history(void **state)
{
	(void)state;
	keys(UP);
	check("|");
	line_remember(&line, "first");
	line_remember(&line, "second");
	line_remember(&line, "second");
	line_remember(&line, "");
	keys("draft" UP);
	check("second|");
	keys(CTRL('p'));
	check("first|");
	keys(UP);
	check("first|");
	keys("X");
	check("firstX|");
	keys(DOWN);
	check("second|");
	keys(CTRL('n'));
	check("draft|");
	keys(DOWN);
	check("draft|");
	for (int i = 0; i < 3 * LINE_HISTORY; i++) {
		char text[24];

		snprintf(text, sizeof(text), "entry %d", i);
		line_remember(&line, text);
	}
	line_start(&line);
	for (int i = 0; i < LINE_HISTORY + 5; i++)
		keys(UP);
	check("entry 32|");
}

static void test_completion(void **state)
{
	(void)state;
	keys("d\t");
	check("dmesg |");
	keys(CTRL('u'));
	keys("ha\t");
	check("harts |");
	keys(CTRL('u'));
	keys("h\t");
	check("h|");
	assert_string_equal(screen_row(&screen, screen.row - 1), "harts  help   hello");
	keys("e\t");
	check("hel|");
	keys("x\t");
	check("helx|");
	keys(CTRL('u'));
	keys("fault st\t");
	check("fault st|");
	assert_string_equal(screen_row(&screen, screen.row - 1), "stack   store   stones");
	keys("o\t");
	check("fault sto|");
	keys("r\t");
	check("fault store |");
	keys("\t");
	check("fault store |");
	assert_string_equal(screen_row(&screen, screen.row - 1), "load    stack   store   stones");
	/* In the middle of a word: what is behind the cursor stays. */
	keys(CTRL('a'));
	keys(RIGHT RIGHT "\t");
	check("fault |ult store ");
}

static void test_long_lines_are_refused(void **state)
{
	(void)state;
	for (int i = 0; i < LINE_TEXT_MAX + 10; i++)
		keys("x");
	assert_int_equal(strlen(line_text(&line)), LINE_TEXT_MAX);
	assert_int_equal(screen.bells, 10);
	keys(CTRL('y'));
	assert_int_equal(keys("\r"), LINE_DONE);
	assert_int_equal(strlen(line_text(&line)), LINE_TEXT_MAX);
}

static void test_scrolling(void **state)
{
	const char *row;
	unsigned int rows = screen.row;

	(void)state;
	line.columns = 20;
	screen_init(&screen, 20);
	rows = screen.row;
	for (int i = 0; i < 100; i++)
		keys((char[]){(char)('a' + i % 26), '\0'});
	row = screen_cursor_row(&screen);
	assert_memory_equal(row, "> <", 3);
	/* The end is seen, the cursor behind it. */
	assert_int_equal(row[strlen(row) - 1], 'a' + 99 % 26);
	assert_int_equal(screen.column, strlen(row));
	keys(CTRL('a'));
	assert_string_equal(screen_cursor_row(&screen), "> abcdefghijklmnop>");
	assert_int_equal(screen.column, 2);
	for (int i = 0; i < 50; i++)
		keys(RIGHT);
	row = screen_cursor_row(&screen);
	assert_memory_equal(row, "> <", 3);
	assert_int_equal(row[strlen(row) - 1], '>');
	assert_int_equal(row[screen.column], 'a' + 50 % 26);
	keys("|");
	row = screen_cursor_row(&screen);
	assert_int_equal(row[screen.column - 1], '|');
	/* It has never used a second row. */
	assert_int_equal(screen.row, rows);
	printk_raw("output");
	assert_int_equal(screen.row, rows + 1);
	assert_string_equal(screen_row(&screen, rows), "output");
}

static void test_utf8(void **state)
{
	(void)state;
	keys("a\xc3\xa4\xe2\x82\xac\xf0\x9d\x84\x9e"
	     "b");
	assert_string_equal(line_text(&line), "a\xc3\xa4\xe2\x82\xac\xf0\x9d\x84\x9e"
					      "b");
	assert_string_equal(screen_cursor_row(&screen), "> a\xc3\xa4\xe2\x82\xac\xf0\x9d\x84\x9e"
							"b");
	assert_int_equal(screen.column, 7);
	keys(LEFT LEFT LEFT);
	assert_int_equal(screen.column, 4);
	keys("\x7f");
	assert_string_equal(line_text(&line), "a\xe2\x82\xac\xf0\x9d\x84\x9e"
					      "b");
	keys("\x04");
	assert_string_equal(line_text(&line), "a\xf0\x9d\x84\x9e"
					      "b");
	keys(RIGHT);
	keys(CTRL('t'));
	assert_string_equal(line_text(&line), "ab\xf0\x9d\x84\x9e");
	assert_int_equal(screen.column, 5);
}

static void test_wide_and_combining(void **state)
{
	(void)state;
	/* Two columns each, then a mark over the letter before it. */
	keys("\xe4\xbd\xa0\xe5\xa5\xbd"
	     "e\xcc\x81x");
	assert_int_equal(screen.column, 2 + 2 + 2 + 1 + 1);
	keys(LEFT LEFT LEFT);
	assert_int_equal(screen.column, 6);
	line.columns = 20;
	screen_init(&screen, 20);
	for (int i = 0; i < 30; i++) {
		keys("\xe4\xbd\xa0");
		assert_int_equal(screen.row, 0);
	}
	printk_raw("output");
	assert_int_equal(screen.row, 1);
	assert_string_equal(screen_row(&screen, 0), "output");
}

/*
 * Line noise never reaches the text, and never eats the key behind it for longer than one sequence.
 */
static void test_noise(void **state)
{
	(void)state;
	keys_n("\0\0a\0", 4);
	check("a|");
	keys("\xff\xfe\x80\xc0\xc1\xf5"
	     "b");
	check("ab|");
	keys("\xe2\x82"
	     "c");
	check("abc|");
	keys("\xe2\x82\xe2\x82\xac\x7f");
	check("abc|");
	keys("\033[999;999;999;999Zd");
	check("abcd|");
	keys("\033[12345678901234567890~e");
	check("abcde|");
	keys("\033\033\033[Df");
	check("abcdf|e");
	/* Half an escape sequence does not eat Enter. */
	assert_int_equal(keys("\033[1\r"), LINE_DONE);
	line_start(&line);
	assert_int_equal(keys("\033\r"), LINE_DONE);
	line_start(&line);
	assert_int_equal(keys("\033O\x03"), LINE_CANCEL);
}

static void test_clear_screen(void **state)
{
	(void)state;
	printk_raw("old");
	keys("abc" LEFT);
	keys(CTRL('l'));
	check("ab|c");
	assert_int_equal(screen.row, 0);
}

/* Random keys against a second, much simpler editor; log lines in between. */
static void test_random_keys(void **state)
{
	uint64_t seed = host_seed();
	char text[LINE_TEXT_MAX + 2] = "";
	size_t len = 0, cursor = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		unsigned int pick = (unsigned int)(host_random(&seed) % 40);

		if (pick < 20) {
			char c = (char)('a' + pick);

			if (len < LINE_TEXT_MAX) {
				memmove(text + cursor + 1, text + cursor, len - cursor + 1);
				text[cursor++] = c;
				len++;
			}
			keys_n(&c, 1);
		} else if (pick < 24) {
			cursor -= cursor > 0;
			keys(LEFT);
		} else if (pick < 27) {
			cursor += cursor < len;
			keys(RIGHT);
		} else if (pick < 30) {
			if (cursor) {
				memmove(text + cursor - 1, text + cursor, len - cursor + 1);
				cursor--;
				len--;
			}
			keys("\x7f");
		} else if (pick < 32) {
			if (cursor < len)
				memmove(text + cursor, text + cursor + 1, len-- - cursor);
			keys("\033[3~");
		} else if (pick == 32) {
			cursor = 0;
			keys(CTRL('a'));
		} else if (pick == 33) {
			cursor = len;
			keys(CTRL('e'));
		} else if (pick == 34 && host_random(&seed) % 8 == 0) {
			len = cursor;
			text[len] = '\0';
			keys(CTRL('k'));
		} else {
			printk_raw("line %d", i);
			assert_true(screen.row > 0);
			char want[32];

			snprintf(want, sizeof(want), "line %d", i);
			assert_string_equal(screen_row(&screen, screen.row - 1), want);
		}
		assert_string_equal(line_text(&line), text);
		assert_int_equal(line.cursor, cursor);
		assert_int_equal(screen.strange, 0);
		if (len + 3 < line.columns) {
			char want[300];

			snprintf(want, sizeof(want), "> %s", text);
			want[1] = len ? ' ' : '\0';
			assert_string_equal(screen_cursor_row(&screen), want);
			assert_int_equal(screen.column, cursor + 2);
		} else {
			/* The character under the cursor, and its neighbour. */
			const char *row = screen_cursor_row(&screen);

			if (cursor < len)
				assert_int_equal(row[screen.column], text[cursor]);
			if (cursor)
				assert_int_equal(row[screen.column - 1], text[cursor - 1]);
		}
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(test_typing, setup),
	cmocka_unit_test_setup(test_insert_and_delete, setup),
	cmocka_unit_test_setup(test_moves, setup),
	cmocka_unit_test_setup(test_kill_and_yank, setup),
	cmocka_unit_test_setup(test_transpose, setup),
	cmocka_unit_test_setup(test_ends, setup),
	cmocka_unit_test_setup(test_history, setup),
	cmocka_unit_test_setup(test_completion, setup),
	cmocka_unit_test_setup(test_long_lines_are_refused, setup),
	cmocka_unit_test_setup(test_scrolling, setup),
	cmocka_unit_test_setup(test_utf8, setup),
	cmocka_unit_test_setup(test_wide_and_combining, setup),
	cmocka_unit_test_setup(test_noise, setup),
	cmocka_unit_test_setup(test_clear_screen, setup),
	cmocka_unit_test_setup(test_random_keys, setup),
};

int main(void)
{
	console_register(&device);
	console_start();
	return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
