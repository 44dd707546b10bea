/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the prompt with keys: the text stays whole, the row stays one row, and lines of output
 * stay lines.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/console.h"
#include "core/printk.h"
#include "shell/line.h"
#include "shell/shell.h"
#include "tests/host/screen.h"

#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static struct screen screen;
static struct line line;
static unsigned int rows; /* that may have been begun so far */

static void to_screen(struct console *con, const char *buf, size_t n)
{
	(void)con;
	screen_write(&screen, buf, n);
}

static struct console device = {.name = "screen", .rating = 1, .write = to_screen};

static void show(void *arg, const struct console_line *row)
{
	(void)arg;
	MUST(row->columns < line.columns && row->cursor <= row->columns);
	MUST(row->len <= CONSOLE_ROW_MAX);
	for (size_t i = 0; i < row->len; i++)
		MUST((unsigned char)row->text[i] >= ' ' && row->text[i] != 0x7f);
	console_prompt_set(row);
}

static void control(void *arg, const char *sequence, bool redraw)
{
	(void)arg;
	console_control(sequence, redraw);
	if (screen.row == 0)
		rows = 0;
}

static void print(void *arg, const char *text)
{
	(void)arg;
	MUST(strlen(text) < line.columns);
	printk_raw("%s", text);
	rows++;
}

static const char *candidate(void *arg, const char *text, size_t start, size_t index)
{
	static const char *const words[] = {
		"dmesg", "harts", "help", "hello", "a-word-that-is-longer-than-the-whole-row", ""};

	(void)arg;
	MUST(start <= strlen(text));
	return index < 6 ? words[index] : NULL;
}

static const struct line_ops ops = {
	.show = show, .control = control, .print = print, .candidate = candidate};

static void check(void)
{
	size_t at = 0;

	MUST(line.len <= LINE_TEXT_MAX && line.cursor <= line.len && line.first <= line.cursor);
	MUST(strlen(line.text) == line.len);
	/* Whole UTF-8 sequences, and the cursor between two of them. */
	while (at < line.len) {
		unsigned char c = (unsigned char)line.text[at];
		size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

		MUST(c >= ' ' && c != 0x7f && (c < 0x80 || c >= 0xc2) && c < 0xf5);
		MUST(at + n <= line.len && (line.cursor <= at || line.cursor >= at + n));
		for (size_t i = 1; i < n; i++)
			MUST(((unsigned char)line.text[at + i] & 0xc0) == 0x80);
		at += n;
	}
	MUST(screen.strange == 0);
	MUST(screen.row <= rows);
}

static void split(void)
{
	char *argv[SHELL_ARGS_MAX + 1];
	char text[LINE_TEXT_MAX + 1];
	int argc;

	strcpy(text, line_text(&line));
	argc = shell_split(text, argv);
	MUST(argc <= SHELL_ARGS_MAX);
	for (int i = 0; i < argc; i++)
		MUST(argv[i] >= text && argv[i] + strlen(argv[i]) <= text + line.len);
	MUST(argc < 0 || !argv[argc]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	console_prompt_end();
	if (console_register(&device) == 0)
		console_start();
	screen_init(&screen, 40);
	rows = 0;
	line_init(&line, &ops, NULL, "> ", 40);
	line_start(&line);
	for (size_t i = 0; i < size; i++) {
		/* A byte that keyboards do not send stands for a line of output. */
		if (data[i] == 0xff) {
			printk_raw("output");
			rows++;
		}
		if (line_input(&line, data[i]) != LINE_MORE) {
			console_prompt_end();
			rows++;
			line_remember(&line, line_text(&line));
			split();
			line_start(&line);
		}
		check();
	}
	return 0;
}
