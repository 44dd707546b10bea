/* SPDX-License-Identifier: BSD-2-Clause */
/* Parser for lists of 64-bit ids. */
#include "core/idlist.h"

#include <errno.h>

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* Reads one number at *pos and moves *pos behind it; on an error *pos is where it is. */
static int parse_id(const char *text, size_t *pos, uint64_t *id)
{
	size_t start = *pos, i = start;
	unsigned int base = 10;
	uint64_t value = 0;

	if (text[i] == '0' && (text[i + 1] == 'x' || text[i + 1] == 'X')) {
		base = 16;
		i += 2;
	}
	*pos = i;
	for (;; i++) {
		unsigned int digit = (unsigned int)digit_value(text[i]);

		if (digit >= base)
			break;
		if (value > (UINT64_MAX - digit) / base) {
			*pos = start;
			return -ERANGE;
		}
		value = value * base + digit;
	}
	if (i == *pos)
		return -EINVAL;
	*pos = i;
	*id = value;
	return 0;
}

int idlist_parse(const char *text, int (*fn)(uint64_t first, uint64_t last, void *arg), void *arg,
		 size_t *where)
{
	size_t pos = 0;

	for (;; pos++) {
		size_t item = pos, second;
		uint64_t first, last;
		int ret;

		ret = parse_id(text, &pos, &first);
		last = first;
		if (!ret && text[pos] == '-') {
			second = ++pos;
			ret = parse_id(text, &pos, &last);
			if (!ret && last < first) {
				pos = second;
				ret = -EINVAL;
			}
		}
		if (!ret && text[pos] && text[pos] != ',')
			ret = -EINVAL;
		if (!ret && fn) {
			ret = fn(first, last, arg);
			if (ret)
				pos = item;
		}
		if (ret) {
			*where = pos;
			return ret;
		}
		if (!text[pos])
			return 0;
	}
}
