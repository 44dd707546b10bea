/* SPDX-License-Identifier: BSD-2-Clause */
/* Literal text, strings and plain numbers without a call for each character. */
#include "core/format.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct out {
	char *at;
	char *limit; /* of what may be stored, the place of the NUL */
	size_t over; /* bytes that did not fit: counted, not stored */
};

static void put(struct out *o, const char *s, size_t n)
{
	size_t room = (size_t)(o->limit - o->at);
	const char *end = s + (n < room ? n : room);
	char *at = o->at;

	o->over += n < room ? 0 : n - room;
	while (s < end)
		*at++ = *s++;
	o->at = at;
}

/* Up to the next '%' or the end of fmt, which is returned. */
static const char *put_literal(struct out *o, const char *fmt)
{
	char *at = o->at;
	char c;

	while ((c = *fmt) && c != '%' && at < o->limit) {
		*at++ = c;
		fmt++;
	}
	o->at = at;
	for (; *fmt && *fmt != '%'; fmt++)
		o->over++;
	return fmt;
}

static void put_number(struct out *o, unsigned long value, unsigned int base, bool negative)
{
	char digits[24];
	char *at = digits + sizeof(digits);

	if (base == 16) {
		do
			*--at = "0123456789abcdef"[value & 15];
		while (value >>= 4);
	} else {
		do
			*--at = (char)('0' + value % 10);
		while (value /= 10);
	}
	if (negative)
		*--at = '-';
	put(o, at, (size_t)(digits + sizeof(digits) - at));
}

/* The conversions that nearly all messages are made of; NULL, and nothing done, if it is another one. */
static const char *put_plain(struct out *o, const char *fmt, va_list *args)
{
	bool is_long = *fmt == 'l';
	char type = fmt[is_long];

	if (type == 's' && !is_long) {
		const char *text = va_arg(*args, const char *);

		if (!text)
			text = "(null)";
		put(o, text, strlen(text));
	} else if (type == 'd') {
		long value = is_long ? va_arg(*args, long) : va_arg(*args, int);

		put_number(o, value < 0 ? -(unsigned long)value : (unsigned long)value, 10,
			   value < 0);
	} else if (type == 'u' || type == 'x') {
		unsigned long value =
			is_long ? va_arg(*args, unsigned long) : va_arg(*args, unsigned int);

		put_number(o, value, type == 'x' ? 16 : 10, false);
	} else {
		return NULL;
	}
	return fmt + is_long + 1;
}

/* One conversion: "%" spec length type, as it stands in the format. */
struct spec {
	char text[40]; /* '%', flags, width and precision, with '*' replaced by its number */
	size_t len;
	int length; /* -2 hh, -1 h, 0, 1 for all that is 64 bits */
	char type;
};

/* Flags, digits, '.' and '*': all between ' ' and '9'. */
static bool is_modifier(char c)
{
	static const uint32_t set = 1u << (' ' - ' ') | 1u << ('#' - ' ') | 1u << ('*' - ' ') |
				    1u << ('+' - ' ') | 1u << ('-' - ' ') | 1u << ('.' - ' ') |
				    0x3ffu << ('0' - ' ');
	unsigned int bit = (unsigned int)(c - ' ');

	return bit <= '9' - ' ' && (set >> bit & 1);
}

static void add(struct spec *s, char c)
{
	if (s->len < sizeof(s->text) - sizeof("lx"))
		s->text[s->len++] = c;
}

/* Reads behind the '%'; returns behind the type. */
static const char *read_spec(struct spec *s, const char *fmt, va_list *args)
{
	s->len = 0;
	add(s, '%');
	for (; is_modifier(*fmt); fmt++) {
		if (*fmt != '*') {
			add(s, *fmt);
			continue;
		}
		char number[12];
		int value = va_arg(*args, int);

		/* A negative precision counts as none. */
		if (value < 0 && s->text[s->len - 1] == '.') {
			s->len--;
			continue;
		}
		snprintf(number, sizeof(number), "%d", value);
		for (const char *n = number; *n; n++)
			add(s, *n);
	}
	s->length = 0;
	for (;; fmt++) {
		if (*fmt == 'l' || *fmt == 'z' || *fmt == 'j' || *fmt == 't')
			s->length = 1;
		else if (*fmt == 'h')
			s->length--;
		else
			break;
	}
	s->type = *fmt;
	return *fmt ? fmt + 1 : fmt;
}

static unsigned long read_number(const struct spec *s, bool is_signed, va_list *args)
{
	unsigned long value;

	if (s->length > 0)
		return va_arg(*args, unsigned long);
	value = va_arg(*args, unsigned int);
	if (s->length == -1)
		return is_signed ? (unsigned long)(short)value : (unsigned short)value;
	if (s->length < -1)
		return is_signed ? (unsigned long)(signed char)value : (unsigned char)value;
	return is_signed ? (unsigned long)(int)value : value;
}

/* The formats are the caller's, taken apart: the compiler has checked them there. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* By the library, into what room there is; length is "l" or "". */
#define BY_LIBRARY(o, s, length, value)                                                   \
	do {                                                                              \
		size_t __room = (size_t)((o)->limit - (o)->at);                           \
		int __n;                                                                  \
		snprintf((s)->text + (s)->len, sizeof((s)->text) - (s)->len, length "%c", \
			 (s)->type);                                                      \
		__n = snprintf((o)->at, __room + 1, (s)->text, value);                    \
		if (__n > 0) {                                                            \
			(o)->over += (size_t)__n < __room ? 0 : (size_t)__n - __room;     \
			(o)->at += (size_t)__n < __room ? (size_t)__n : __room;           \
		}                                                                         \
	} while (0)

static void convert(struct out *o, struct spec *s, va_list *args)
{
	bool is_signed = s->type == 'd' || s->type == 'i';

	switch (s->type) {
	case 'd':
	case 'i':
	case 'u':
	case 'x':
	case 'X':
	case 'o': {
		unsigned long value = read_number(s, is_signed, args);

		BY_LIBRARY(o, s, "l", value);
		return;
	}
	case 'p':
		/* One notation everywhere; libraries differ in NULL. */
		put(o, "0x", 2);
		put_number(o, va_arg(*args, unsigned long), 16, false);
		return;
	case 's': {
		const char *text = va_arg(*args, const char *);

		if (!text)
			text = "(null)";
		BY_LIBRARY(o, s, "", text);
		return;
	}
	case 'c':
		BY_LIBRARY(o, s, "", va_arg(*args, int));
		return;
	case '%':
		put(o, "%", 1);
		return;
	default:
		/* What its argument is cannot be known: the text tells. */
		put(o, "%", 1);
		put(o, &s->type, s->type ? 1 : 0);
	}
}

size_t format(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out o = {buf, buf + size - 1, 0};
	struct spec spec;
	va_list rest;

	va_copy(rest, args);
	while (*(fmt = put_literal(&o, fmt))) {
		const char *next = put_plain(&o, ++fmt, &rest);

		if (!next) {
			next = read_spec(&spec, fmt, &rest);
			convert(&o, &spec, &rest);
		}
		fmt = next;
	}
	va_end(rest);
	*o.at = '\0';
	return (size_t)(o.at - buf) + o.over;
}
