/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: a terminal with the few sequences that a line editor sends (ECMA-48: CUF, EL, ED, CUP). */
#include "tests/host/screen.h"

#include <stdio.h>
#include <string.h>

#include "shell/width.h"

enum { TEXT, ESCAPE, CSI };

static void clear_cells(char cells[][SCREEN_CELL], unsigned int n)
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

static void place(struct screen *s, unsigned int code)
{
	unsigned int width = char_width(code);

	if (!width) {
		/* It belongs to the character before. */
		unsigned int at = s->wrap || !s->column ? s->column : s->column - 1;
		char *cell = s->cells[s->row][at];

		if (strlen(cell) + s->pending_len < sizeof(s->cells[0][0]))
			strcat(cell, s->pending);
		return;
	}
	if (s->wrap || s->column + width > s->columns) {
		line_feed(s);
		s->column = 0;
	}
	strcpy(s->cells[s->row][s->column], s->pending);
	if (width == 2)
		s->cells[s->row][s->column + 1][0] = '\0';
	s->wrap = s->column + width == s->columns;
	s->column += s->wrap ? width - 1 : width;
}

/* Bytes of a character; it is placed when it is whole. */
static void put(struct screen *s, unsigned char c)
{
	if ((c & 0xc0) != 0x80) {
		s->strange += s->pending_want > 0;
		s->pending_len = 0;
		s->pending_want = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
		s->code = c < 0x80 ? c : c & (0x7f >> s->pending_want);
	} else if (!s->pending_want) {
		s->strange++;
		return;
	} else {
		s->code = s->code << 6 | (c & 0x3f);
	}
	s->pending[s->pending_len++] = (char)c;
	s->pending[s->pending_len] = '\0';
	if (s->pending_len == s->pending_want) {
		s->pending_want = 0;
		place(s, s->code);
	}
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
	static char text[SCREEN_COLUMNS_MAX * SCREEN_CELL];
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
