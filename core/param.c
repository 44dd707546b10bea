/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel parameters: cuts the command line into words and hands each to the row that knows it. */
#define pr_fmt(fmt) "param: " fmt

#include "core/param.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/panic.h"
#include "core/printk.h"

/* Rows that can be told from one another when a parameter is given twice. */
#define PARAM_MAX 256

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool param_name_equal(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b))
			return false;
	}
	return *a == *b;
}

/* 0, or what is wrong with it. */
static const char *parse_uint(const char *value, uint64_t min, uint64_t max, uint64_t *result)
{
	unsigned int shift = 0;
	char *end;

	/* strtoull would take blanks and signs. */
	if (*value < '0' || *value > '9')
		return "is not a number";
	errno = 0;
	*result = strtoull(value, &end, 0);
	if (errno == ERANGE)
		return "is too large";
	switch (*end) {
	case 'k':
	case 'K':
		shift = 10;
		break;
	case 'm':
	case 'M':
		shift = 20;
		break;
	case 'g':
	case 'G':
		shift = 30;
		break;
	default:
		break;
	}
	if (end[shift != 0])
		return "is not a number";
	if (*result > UINT64_MAX >> shift)
		return "is too large";
	*result <<= shift;
	if (*result < min)
		return "is too small";
	if (*result > max)
		return "is too large";
	return NULL;
}

static uint64_t load_uint(const struct param *p)
{
	switch (p->u.size) {
	case 1:
		return *(uint8_t *)p->u.var;
	case 2:
		return *(uint16_t *)p->u.var;
	case 4:
		return *(uint32_t *)p->u.var;
	default:
		return *(uint64_t *)p->u.var;
	}
}

static void store_uint(const struct param *p, uint64_t value)
{
	switch (p->u.size) {
	case 1:
		*(uint8_t *)p->u.var = value;
		break;
	case 2:
		*(uint16_t *)p->u.var = value;
		break;
	case 4:
		*(uint32_t *)p->u.var = value;
		break;
	default:
		*(uint64_t *)p->u.var = value;
		break;
	}
}

static bool equal_ignoring_case(const char *s, const char *lower)
{
	for (; *s && *lower; s++, lower++) {
		if ((*s >= 'A' && *s <= 'Z' ? *s | 0x20 : *s) != *lower)
			return false;
	}
	return *s == *lower;
}

static const char *set_bool(const struct param *p, const char *value)
{
	static const char *const words[][5] = {{"0", "n", "no", "off", "false"},
					       {"1", "y", "yes", "on", "true"}};

	if (!value) {
		*p->b = true;
		return NULL;
	}
	for (int truth = 0; truth < 2; truth++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(words[0]); i++) {
			if (equal_ignoring_case(value, words[truth][i])) {
				*p->b = truth;
				return NULL;
			}
		}
	}
	return "is neither true nor false";
}

/* Gives a value (NULL: there was no "=") to a row. NULL, or what is wrong with it. */
static const char *set(const struct param *p, const char *value)
{
	static char text[32];
	const char *why;
	uint64_t number;
	int err;

	if (p->kind == PARAM_KIND_BOOL)
		return set_bool(p, value);
	if (p->kind == PARAM_KIND_FUNC) {
		err = p->fn(value);
		if (!err)
			return NULL;
		snprintf(text, sizeof(text), "was refused with error %d", err);
		return text;
	}
	if (!value)
		return "needs a value";
	if (p->kind == PARAM_KIND_UINT) {
		why = parse_uint(value, p->u.min, p->u.max, &number);
		if (!why)
			store_uint(p, number);
		return why;
	}
	if (strlen(value) >= p->s.size)
		return "is too long";
	memcpy(p->s.buf, value, strlen(value) + 1);
	return NULL;
}

/*
 * Cuts the next word off *at, quotes removed in place. NULL at the end. *closed is false if a quote
 * has no partner.
 */
static char *next_word(char **at, bool *closed)
{
	char *s = *at, *word, *to;
	bool quoted = false;

	while (blank(*s))
		s++;
	if (!*s)
		return NULL;
	for (word = to = s; *s && (quoted || !blank(*s)); s++) {
		if (*s == '"')
			quoted = !quoted;
		else
			*to++ = *s;
	}
	*at = *s ? s + 1 : s;
	*to = '\0';
	*closed = !quoted;
	return word;
}

static const struct param *find(const char *name)
{
	TABLE_FOREACH (struct param, p, params) {
		if (param_name_equal(p->name, name))
			return p;
	}
	return NULL;
}

/* True if the word was taken. seen has a bit for each row that has a value already. */
static bool take_word(char *word, bool closed, uint64_t *seen)
{
	char *value = strchr(word, '=');
	const struct param *p;
	const char *why;
	unsigned int row;

	if (!closed) {
		pr_warn("\"%s\": quote without an end, ignored", word);
		return false;
	}
	if (value)
		*value++ = '\0';
	p = find(word);
	if (!p) {
		pr_warn("\"%s\" is %s, ignored", word, *word ? "unknown" : "no name");
		return false;
	}
	why = set(p, value);
	if (why) {
		pr_warn("%s: \"%s\" %s, ignored", p->name, value ? value : "", why);
		return false;
	}
	row = p - __table_params_start;
	if (p->kind != PARAM_KIND_FUNC && seen[row / 64] >> row % 64 & 1)
		pr_notice("%s is given more than once, the last wins", p->name);
	seen[row / 64] |= 1ULL << row % 64;
	return true;
}

unsigned int params_parse(const char *line)
{
	static char copy[PARAM_LINE_MAX];
	uint64_t seen[PARAM_MAX / 64] = {0};
	unsigned int refused = 0;
	char *at = copy, *word;
	bool closed;
	size_t n;

	ASSERT(TABLE_COUNT(params) <= PARAM_MAX);
	if (!line)
		return 0;
	n = strnlen(line, sizeof(copy));
	if (n == sizeof(copy)) {
		for (n--; n && !blank(line[n]);)
			n--;
		pr_warn("command line of more than %u bytes, cut after %zu", PARAM_LINE_MAX - 1, n);
	}
	memcpy(copy, line, n);
	copy[n] = '\0';
	while ((word = next_word(&at, &closed))) {
		if (!strcmp(word, "--"))
			break;
		refused += !take_word(word, closed, seen);
	}
	return refused;
}

/* The row that follows prev (NULL: the first) in the order of names; NULL at the end. */
static const struct param *next_by_name(const struct param *prev)
{
	const struct param *next = NULL;

	TABLE_FOREACH (struct param, p, params) {
		if (prev && strcmp(p->name, prev->name) <= 0)
			continue;
		if (!next || strcmp(p->name, next->name) < 0)
			next = p;
	}
	return next;
}

void params_for_each(void (*fn)(const struct param *p, const char *value, void *arg), void *arg)
{
	const struct param *p = NULL;

	while ((p = next_by_name(p))) {
		char number[24];
		const char *value = "";

		if (p->kind == PARAM_KIND_UINT) {
			snprintf(number, sizeof(number), "%" PRIu64, load_uint(p));
			value = number;
		} else if (p->kind == PARAM_KIND_BOOL) {
			value = *p->b ? "1" : "0";
		} else if (p->kind == PARAM_KIND_STRING) {
			value = p->s.buf;
		}
		fn(p, value, arg);
	}
}
