/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Line editing: a text with a cursor, a history, completion, and the part of it that fits one row.
 */
#include <stdint.h>
#include <string.h>

#include "core/compiler.h"
#include "shell/line.h"
#include "shell/width.h"

#define CTRL(c) ((c) & 0x1f)

/*
 *                ESC              [
 *   ESC_NONE ---------> ESC_SEEN ---> ESC_CSI (digits and ';' stay) --- final byte ---> ESC_NONE
 *      ^                  |   '--- O ---> ESC_SS3 --- any byte ---> ESC_NONE
 *      '--- any other ----'
 * A control character inside a sequence ends it and counts as itself: half of a key must not eat
 * Enter.
 */
enum { ESC_NONE, ESC_SEEN, ESC_CSI, ESC_SS3 };

/* Bytes of the sequence that begins with c; 0 if c cannot begin one. */
static size_t sequence_length(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c < 0xe0)
		return 2;
	if (c >= 0xe0 && c < 0xf0)
		return 3;
	if (c >= 0xf0 && c < 0xf5)
		return 4;
	return 0;
}

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t next_char(const struct line *l, size_t at)
{
	if (at < l->len)
		at++;
	while (at < l->len && continues(l->text[at]))
		at++;
	return at;
}

static size_t prev_char(const struct line *l, size_t at)
{
	if (at)
		at--;
	while (at && continues(l->text[at]))
		at--;
	return at;
}

static unsigned int width_at(const char *s)
{
	const unsigned char *b = (const unsigned char *)s;
	size_t n = sequence_length(b[0]);
	uint32_t code = n == 1 ? b[0] : b[0] & (0x7f >> n);

	for (size_t i = 1; i < n; i++)
		code = code << 6 | (b[i] & 0x3f);
	return char_width(code);
}

static unsigned int text_width(const struct line *l, size_t from, size_t to)
{
	unsigned int width = 0;

	for (size_t at = from; at < to; at = next_char(l, at))
		width += width_at(l->text + at);
	return width;
}

/*
 * Picks the first visible byte: the cursor must be seen, with the marks that tell that text goes on
 * left or right of it. Moves by half a row at once, so that most keys only add to the row.
 */
static void scroll(struct line *l, unsigned int room)
{
	size_t at;
	unsigned int back = 0;

	if (text_width(l, 0, l->len) <= room) {
		l->first = 0;
		return;
	}
	if (l->first <= l->cursor && (l->first == 0 || l->first < l->cursor) &&
	    text_width(l, l->first, l->cursor) + (l->first ? 1 : 0) < room - 1)
		return;
	at = l->cursor;
	while (at && back < room / 2) {
		at = prev_char(l, at);
		back += width_at(l->text + at);
	}
	l->first = at;
}

static void show(struct line *l)
{
	char row[CONSOLE_ROW_MAX];
	struct console_line shown = {.text = row};
	size_t n = MIN(strlen(l->prompt), (size_t)l->columns / 2);
	/* The last column stays free: a cursor behind it would make some terminals wrap. */
	unsigned int room = l->columns - 1 - (unsigned int)n;
	unsigned int width = 0, left;
	size_t at;

	scroll(l, room);
	memcpy(row, l->prompt, n);
	left = (unsigned int)n;
	shown.cursor = left;
	if (l->first) {
		row[n++] = '<';
		width++;
	}
	for (at = l->first; at < l->len;) {
		size_t next = next_char(l, at);
		unsigned int w = width_at(l->text + at);
		bool last = next == l->len;

		if (at == l->cursor)
			shown.cursor = left + width;
		if (width + w + (last ? 0 : 1) > room || n + (next - at) + 1 > sizeof(row)) {
			row[n++] = '>';
			width++;
			break;
		}
		memcpy(row + n, l->text + at, next - at);
		n += next - at;
		width += w;
		at = next;
	}
	shown.len = n;
	shown.columns = left + width;
	if (l->cursor == l->len && at == l->len)
		shown.cursor = shown.columns;
	l->ops->show(l->arg, &shown);
}

static void bell(struct line *l)
{
	l->ops->control(l->arg, "\a", false);
}

static bool insert(struct line *l, const char *s, size_t n)
{
	if (l->len + n > LINE_TEXT_MAX) {
		bell(l);
		return false;
	}
	memmove(l->text + l->cursor + n, l->text + l->cursor, l->len - l->cursor);
	memcpy(l->text + l->cursor, s, n);
	l->len += n;
	l->cursor += n;
	l->text[l->len] = '\0';
	return true;
}

/* Removes bytes from..to, and keeps them for ctrl-y if keep. */
static void cut(struct line *l, size_t from, size_t to, bool keep)
{
	if (from == to) {
		bell(l);
		return;
	}
	if (keep) {
		memcpy(l->killed, l->text + from, to - from);
		l->killed[to - from] = '\0';
	}
	memmove(l->text + from, l->text + to, l->len - to);
	l->len -= to - from;
	l->text[l->len] = '\0';
	l->cursor = from;
}

static size_t word_left(const struct line *l)
{
	size_t at = l->cursor;

	while (at && l->text[at - 1] == ' ')
		at--;
	while (at && l->text[at - 1] != ' ')
		at--;
	return at;
}

static size_t word_right(const struct line *l)
{
	size_t at = l->cursor;

	while (at < l->len && l->text[at] == ' ')
		at++;
	while (at < l->len && l->text[at] != ' ')
		at++;
	return at;
}

/* Exchanges the two characters around the cursor, or the last two at the end. */
static void transpose(struct line *l)
{
	size_t middle, from, to;
	char first[4];
	size_t n;

	middle = l->cursor == l->len ? prev_char(l, l->len) : l->cursor;
	from = prev_char(l, middle);
	to = next_char(l, middle);
	if (from == middle || middle == to) {
		bell(l);
		return;
	}
	n = middle - from;
	memcpy(first, l->text + from, n);
	memmove(l->text + from, l->text + middle, to - middle);
	memcpy(l->text + to - n, first, n);
	l->cursor = to;
}

static void set_text(struct line *l, const char *text)
{
	l->len = strlen(text);
	memcpy(l->text, text, l->len + 1);
	l->cursor = l->len;
	l->first = 0;
}

static void history_move(struct line *l, bool older)
{
	size_t there = MIN(l->history_count, (size_t)LINE_HISTORY);

	if (older ? l->history_at == there : l->history_at == 0) {
		bell(l);
		return;
	}
	if (l->history_at == 0)
		memcpy(l->draft, l->text, l->len + 1);
	l->history_at += older ? 1 : (size_t)-1;
	set_text(l, l->history_at ? l->history[(l->history_count - l->history_at) % LINE_HISTORY]
				  : l->draft);
}

/* Lists all words with the given beginning in columns. */
static void list_candidates(struct line *l, size_t start, size_t typed)
{
	char out[128];
	size_t used = 0, widest = 0;
	size_t limit = MIN(sizeof(out) - 1, (size_t)l->columns - 1);
	const char *word;

	for (size_t i = 0; (word = l->ops->candidate(l->arg, l->text, start, i)); i++) {
		if (!strncmp(word, l->text + start, typed))
			widest = MAX(widest, strlen(word));
	}
	for (size_t i = 0; (word = l->ops->candidate(l->arg, l->text, start, i)); i++) {
		size_t n = MIN(strlen(word), limit);

		if (strncmp(word, l->text + start, typed))
			continue;
		if (used && used + widest > limit) {
			out[used] = '\0';
			l->ops->print(l->arg, out);
			used = 0;
		}
		memcpy(out + used, word, n);
		used += n;
		while (used < limit && n++ < widest + 2)
			out[used++] = ' ';
	}
	while (used && out[used - 1] == ' ')
		used--;
	out[used] = '\0';
	l->ops->print(l->arg, out);
}

/*
 * Completes the word before the cursor as far as all candidates agree; shows them when that is no
 * further.
 */
static void complete(struct line *l)
{
	size_t start = l->cursor;
	size_t typed, same = 0, found = 0;
	const char *word, *match = NULL;

	while (start && l->text[start - 1] != ' ')
		start--;
	typed = l->cursor - start;
	for (size_t i = 0; (word = l->ops->candidate(l->arg, l->text, start, i)); i++) {
		size_t n = 0;

		if (strncmp(word, l->text + start, typed))
			continue;
		if (found++ == 0) {
			match = word;
			same = strlen(word);
		}
		while (n < same && word[n] == match[n])
			n++;
		same = n;
	}
	if (!found) {
		bell(l);
		return;
	}
	if (same > typed && !insert(l, match + typed, same - typed))
		return;
	if (found == 1)
		insert(l, " ", 1);
	else if (same == typed)
		list_candidates(l, start, typed);
}

static void move(struct line *l, size_t to)
{
	if (to == l->cursor)
		bell(l);
	l->cursor = to;
}

static void control(struct line *l, unsigned char c)
{
	switch (c) {
	case CTRL('a'):
		l->cursor = 0;
		break;
	case CTRL('b'):
		move(l, prev_char(l, l->cursor));
		break;
	case CTRL('d'):
		cut(l, l->cursor, next_char(l, l->cursor), false);
		break;
	case CTRL('e'):
		l->cursor = l->len;
		break;
	case CTRL('f'):
		move(l, next_char(l, l->cursor));
		break;
	case CTRL('h'):
	case 0x7f:
		cut(l, prev_char(l, l->cursor), l->cursor, false);
		break;
	case CTRL('i'):
		complete(l);
		break;
	case CTRL('k'):
		cut(l, l->cursor, l->len, true);
		break;
	case CTRL('l'):
		l->ops->control(l->arg, "\033[H\033[2J", true);
		break;
	case CTRL('n'):
		history_move(l, false);
		break;
	case CTRL('p'):
		history_move(l, true);
		break;
	case CTRL('t'):
		transpose(l);
		break;
	case CTRL('u'):
		cut(l, 0, l->cursor, true);
		break;
	case CTRL('w'):
		cut(l, word_left(l), l->cursor, true);
		break;
	case CTRL('y'):
		insert(l, l->killed, strlen(l->killed));
		break;
	default:
		/* NUL is what a serial break looks like; the others have no meaning here. */
		return;
	}
	show(l);
}

/* A key that came as ESC and one more byte: alt with a letter. */
static void alt_key(struct line *l, unsigned char c)
{
	switch (c) {
	case 'b':
		move(l, word_left(l));
		break;
	case 'd':
		cut(l, l->cursor, word_right(l), true);
		break;
	case 'f':
		move(l, word_right(l));
		break;
	default:
		return;
	}
	show(l);
}

/* The last byte of ESC [ ... or ESC O: cursor keys by letter, others by number and '~'. */
static void final_key(struct line *l, unsigned char c)
{
	bool by_word = l->nr_params == 2 && l->params[1] > 1;
	unsigned char key = 0;

	if (c == '~') {
		static const unsigned char keys[] = {
			[1] = CTRL('a'), [3] = CTRL('d'), [4] = CTRL('e'),
			[7] = CTRL('a'), [8] = CTRL('e'),
		};

		if (l->nr_params && l->params[0] < sizeof(keys))
			key = keys[l->params[0]];
		/* Unlike ctrl-d, the delete key never means the end. */
	} else {
		switch (c) {
		case 'A':
			key = CTRL('p');
			break;
		case 'B':
			key = CTRL('n');
			break;
		case 'C':
			key = CTRL('f');
			break;
		case 'D':
			key = CTRL('b');
			break;
		case 'H':
			key = CTRL('a');
			break;
		case 'F':
			key = CTRL('e');
			break;
		}
	}
	if (by_word && (c == 'C' || c == 'D'))
		alt_key(l, c == 'C' ? 'f' : 'b');
	else if (key)
		control(l, key);
}

static void escape(struct line *l, unsigned char c)
{
	switch (l->escape) {
	case ESC_SEEN:
		l->escape = c == '[' ? ESC_CSI : c == 'O' ? ESC_SS3 : ESC_NONE;
		l->nr_params = 0;
		l->params[0] = 0;
		l->params[1] = 0;
		if (l->escape == ESC_NONE) {
			if (c == 0x7f) {
				cut(l, word_left(l), l->cursor, true);
				show(l);
			} else {
				alt_key(l, c);
			}
		}
		break;
	case ESC_CSI:
		if (c >= '0' && c <= '9') {
			if (l->nr_params == 0)
				l->nr_params = 1;
			if (l->nr_params <= 2 && l->params[l->nr_params - 1] < 1000)
				l->params[l->nr_params - 1] =
					l->params[l->nr_params - 1] * 10 + (c - '0');
		} else if (c == ';') {
			l->nr_params = MIN(MAX(l->nr_params, 1u) + 1, 3u);
		} else if (c >= 0x40) {
			l->escape = ESC_NONE;
			final_key(l, c);
		}
		break;
	case ESC_SS3:
		l->escape = ESC_NONE;
		final_key(l, c);
		break;
	}
}

/* Bytes of a printable character; it enters the text only when it is whole. */
static void printable(struct line *l, unsigned char c)
{
	if (l->pending_len && !continues((char)c))
		l->pending_len = 0;
	if (!l->pending_len) {
		l->pending_want = sequence_length(c);
		/* Line noise, or the rest of a sequence whose begin was lost. */
		if (!l->pending_want)
			return;
	}
	l->pending[l->pending_len++] = c;
	if (l->pending_len < l->pending_want)
		return;
	l->pending_len = 0;
	if (insert(l, (const char *)l->pending, l->pending_want))
		show(l);
}

enum line_event line_input(struct line *l, unsigned char c)
{
	bool after_cr = l->after_cr;

	l->after_cr = c == '\r';
	if (c == '\n' && after_cr)
		return LINE_MORE;
	if (c < ' ') {
		l->escape = ESC_NONE;
		l->pending_len = 0;
	}
	if (c == 033) {
		l->escape = ESC_SEEN;
	} else if (l->escape != ESC_NONE) {
		escape(l, c);
	} else if (c == '\r' || c == '\n') {
		l->cursor = l->len;
		show(l);
		return LINE_DONE;
	} else if (c == CTRL('c')) {
		return LINE_CANCEL;
	} else if (c == CTRL('d') && !l->len) {
		return LINE_END;
	} else if (c < ' ' || c == 0x7f) {
		control(l, c);
	} else {
		printable(l, c);
	}
	return LINE_MORE;
}

void line_init(struct line *l, const struct line_ops *ops, void *arg, const char *prompt,
	       unsigned int columns)
{
	memset(l, 0, sizeof(*l));
	l->ops = ops;
	l->arg = arg;
	l->prompt = prompt;
	l->columns = MAX(columns, 20u);
}

void line_start(struct line *l)
{
	set_text(l, "");
	l->history_at = 0;
	l->pending_len = 0;
	l->escape = ESC_NONE;
	show(l);
}

char *line_text(struct line *l)
{
	return l->text;
}

void line_remember(struct line *l, const char *text)
{
	const char *newest = l->history[(l->history_count + LINE_HISTORY - 1) % LINE_HISTORY];
	size_t n = MIN(strlen(text), (size_t)LINE_TEXT_MAX);
	char *slot = l->history[l->history_count % LINE_HISTORY];

	if (!n || (l->history_count && !strcmp(newest, text)))
		return;
	memcpy(slot, text, n);
	slot[n] = '\0';
	l->history_count++;
}
