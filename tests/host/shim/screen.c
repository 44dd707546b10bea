/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: a terminal with the few sequences that a line editor sends (ECMA-48: CUF, EL, ED, CUP). */
#include "tests/host/screen.h"

#include <stdio.h>
#include <string.h>

enum { TEXT, ESCAPE, CSI };

static void clear_cells(char cells[][5], unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		strcpy(cells[i], " ");
}

void screen_init(struct screen *s, unsigned int columns)
{
	memset(s, 0, sizeof(*s));
	s->columns = columns;
	for (unsigned int row = 0; row < SCREEN_ROWS; row++)
		clear_cells(s->cells[row], SCREEN_COLUMNS_MAX);
}

static void line_feed(struct screen *s)
{
	s->wrap = false;
	if (s->row + 1 < SCREEN_ROWS) {
		s->row++;
		return;
	}
	memmove(s->cells[0], s->cells[1], sizeof(s->cells[0]) * (SCREEN_ROWS - 1));
	clear_cells(s->cells[SCREEN_ROWS - 1], SCREEN_COLUMNS_MAX);
}

static void put(struct screen *s, unsigned char c)
{
	if ((c & 0xc0) == 0x80) {
		/* The rest of a sequence: it belongs to the cell that was written last. */
		unsigned int at = s->wrap ? s->column : s->column - 1;

		if (s->column && strlen(s->cells[s->row][at]) < 4)
			strncat(s->cells[s->row][at], (char[]){(char)c, '\0'}, 1);
		else
			s->strange++;
		return;
	}
	if (s->wrap) {
		line_feed(s);
		s->column = 0;
	}
	s->cells[s->row][s->column][0] = (char)c;
	s->cells[s->row][s->column][1] = '\0';
	if (s->column + 1 < s->columns)
		s->column++;
	else
		s->wrap = true;
}

static void final_byte(struct screen *s, unsigned char c)
{
	unsigned int n = s->have_number ? s->number : 0;

	s->state = TEXT;
	s->wrap = false;
	switch (c) {
	case 'C':
		n = n ? n : 1;
		s->column = s->column + n < s->columns ? s->column + n : s->columns - 1;
		break;
	case 'H':
		s->row = 0;
		s->column = 0;
		break;
	case 'J':
		if (n != 2)
			s->strange++;
		for (unsigned int row = 0; row < SCREEN_ROWS; row++)
			clear_cells(s->cells[row], SCREEN_COLUMNS_MAX);
		break;
	case 'K':
		if (n)
			s->strange++;
		clear_cells(s->cells[s->row] + s->column, SCREEN_COLUMNS_MAX - s->column);
		break;
	default:
		s->strange++;
	}
}

static void control(struct screen *s, unsigned char c)
{
	switch (c) {
	case '\r':
		s->column = 0;
		s->wrap = false;
		break;
	case '\n':
		line_feed(s);
		break;
	case '\a':
		s->bells++;
		break;
	case 033:
		s->state = ESCAPE;
		break;
	default:
		s->strange++;
	}
}

void screen_write(struct screen *s, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (s->state == TEXT) {
			if (c < ' ' || c == 0x7f)
				control(s, c);
			else
				put(s, c);
		} else if (s->state == ESCAPE) {
			s->state = c == '[' ? CSI : TEXT;
			s->strange += c != '[';
			s->number = 0;
			s->have_number = false;
		} else if (c >= '0' && c <= '9') {
			s->number = s->number * 10 + (c - '0');
			s->have_number = true;
		} else {
			final_byte(s, c);
		}
	}
}

const char *screen_row(const struct screen *s, unsigned int row)
{
	static char text[SCREEN_COLUMNS_MAX * 4 + 1];
	size_t n = 0;

	for (unsigned int i = 0; i < s->columns; i++) {
		size_t len = strlen(s->cells[row][i]);

		memcpy(text + n, s->cells[row][i], len);
		n += len;
	}
	while (n && text[n - 1] == ' ')
		n--;
	text[n] = '\0';
	return text;
}

const char *screen_cursor_row(const struct screen *s)
{
	return screen_row(s, s->row);
}
