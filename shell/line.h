/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line editor as a state machine: bytes of a terminal go in, rows to display and finished lines
 * come out.
 */
#ifndef SHELL_LINE_H
#define SHELL_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/console.h"

#define LINE_TEXT_MAX 255 /* bytes; a longer line is refused with a bell */
#define LINE_HISTORY  16

enum line_event {
	LINE_MORE,   /* nothing to do yet */
	LINE_DONE,   /* Enter: line_text() is the line */
	LINE_CANCEL, /* ctrl-c */
	LINE_END,    /* ctrl-d on an empty line */
};

/* How the editor reaches a terminal and the words that can be completed; arg is the owner's. */
struct line_ops {
	/* Displays a row in place of the last one. */
	void (*show)(void *arg, const struct console_line *row);
	/* Sends a control sequence ("\a", clear screen), then draws the row again if redraw. */
	void (*control)(void *arg, const char *sequence, bool redraw);
	/* Prints a line of text above the row. */
	void (*print)(void *arg, const char *text);
	/* The index-th word that may stand at byte start of line; NULL at the end. */
	const char *(*candidate)(void *arg, const char *line, size_t start, size_t index);
};

struct line {
	const struct line_ops *ops;
	void *arg;
	const char *prompt;
	unsigned int columns;

	/* Always whole UTF-8 sequences; first is the byte the visible part begins with. */
	char text[LINE_TEXT_MAX + 1];
	size_t len, cursor, first;
	char killed[LINE_TEXT_MAX + 1];

	char history[LINE_HISTORY][LINE_TEXT_MAX + 1];
	size_t history_count; /* lines ever added; the last LINE_HISTORY are there */
	size_t history_at;    /* steps back from the newest; 0: the line being written */
	char draft[LINE_TEXT_MAX + 1];

	/* Bytes that are not complete yet: a UTF-8 sequence, an escape sequence. */
	unsigned char pending[4];
	size_t pending_len, pending_want;
	int escape; /* enum in line.c */
	unsigned int params[2];
	unsigned int nr_params;
	bool after_cr;
};

/* prompt is ASCII and at most half of columns wide, or it is cut at display. */
void line_init(struct line *l, const struct line_ops *ops, void *arg, const char *prompt,
	       unsigned int columns);

/* Begins an empty line and shows it. */
void line_start(struct line *l);

/* One byte from the terminal. After anything but LINE_MORE call line_start() for the next line. */
enum line_event line_input(struct line *l, unsigned char byte);

/* The text so far, NUL at its end; the caller may change it after LINE_DONE. */
char *line_text(struct line *l);

/* Remembers a line for the up key; empty lines and a repetition of the newest are not kept. */
void line_remember(struct line *l, const char *text);

#endif
