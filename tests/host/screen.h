/* SPDX-License-Identifier: BSD-2-Clause */
/* A tiny terminal for host tests: what a person would see after the bytes that a console sent. */
#ifndef TESTS_HOST_SCREEN_H
#define TESTS_HOST_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#define SCREEN_COLUMNS_MAX 240
#define SCREEN_ROWS	   24

/*
 * A cell holds a character with the marks that combine with it, in UTF-8; behind a wide one comes
 * an empty cell.
 */
#define SCREEN_CELL 16

struct screen {
	unsigned int columns;
	unsigned int row, column; /* of the cursor */
	bool wrap; /* a character stands in the last column: the next one begins a new row */
	unsigned int bells;
	unsigned int strange; /* bytes and sequences that it does not know */
	char cells[SCREEN_ROWS][SCREEN_COLUMNS_MAX][SCREEN_CELL];
	/* Of a sequence that has begun. */
	int state;
	unsigned int number;
	bool have_number;
	/* Of a character that has begun. */
	char pending[5];
	unsigned int pending_len, pending_want, code;
};

void screen_init(struct screen *s, unsigned int columns);
void screen_write(struct screen *s, const char *bytes, size_t n);

/* Text of a row without blanks at its end; valid until the next call. */
const char *screen_row(const struct screen *s, unsigned int row);

/* The row the cursor is in. */
const char *screen_cursor_row(const struct screen *s);

#endif
