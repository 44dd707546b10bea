/* SPDX-License-Identifier: BSD-2-Clause */
/* Does a hart have an ISA extension: the list form and the string form. */
#include <string.h>

#include "core/fdt.h"

/* Names hold letters, digits, commas and dots; locale does not matter. */
static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The n letters at s are name, letter case aside. */
static bool same(const char *s, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!name[i] || lower(s[i]) != name[i])
			return false;
	}
	return name[n] == '\0';
}

/*
 * Length of a name without its version, "2p0" or "2" at the end: no name ends in a digit, or in a
 * digit and a p.
 */
static size_t without_version(const char *s, size_t n)
{
	size_t m = n;

	while (m && digit(s[m - 1]))
		m--;
	if (m == n || m < 2 || lower(s[m - 1]) != 'p' || !digit(s[m - 2]))
		return m;
	for (m--; m && digit(s[m - 1]);)
		m--;
	return m;
}

/* Steps over a version that follows a single letter. */
static const char *skip_version(const char *s)
{
	if (!digit(*s))
		return s;
	while (digit(*s))
		s++;
	if (lower(*s) == 'p' && digit(s[1])) {
		for (s++; digit(*s);)
			s++;
	}
	return s;
}

static bool general(const char *extension)
{
	return (strchr("imafd", extension[0]) && !extension[1]) || !strcmp(extension, "zicsr") ||
	       !strcmp(extension, "zifencei");
}

/*
 * The single letters come first; a z, s or x among them starts the first long name, which runs to
 * the next underscore. Old QEMU wrote the modes S and U as letters ("rv64imafdcsu"): those are no
 * extension.
 */
static bool in_string(const char *isa, const char *extension)
{
	bool letters = true, long_name = extension[1] != '\0';
	size_t n;

	for (n = 0; n < 4; n++) {
		if (!isa[n])
			return false;
	}
	for (const char *s = isa + 4; *s; s += n) {
		char c = lower(*s);

		n = 1;
		if (c == '_')
			continue;
		if (letters && c != 'z' && c != 's' && c != 'x') {
			if ((c == extension[0] && !long_name) || (c == 'g' && general(extension)))
				return true;
			n = skip_version(s + 1) - s;
			continue;
		}
		while (s[n] && s[n] != '_')
			n++;
		if (letters && c == 's' && (n == 1 || (n == 2 && lower(s[1]) == 'u')))
			continue;
		letters = false;
		/* The second letter tells most names apart before the version is looked for. */
		if (long_name && lower(s[1]) == extension[1] &&
		    same(s, without_version(s, n), extension))
			return true;
	}
	return false;
}

bool fdt_cpu_has_isa(const struct fdt_cpu *cpu, const char *extension)
{
	const char *at = cpu->isa_ext, *end;
	size_t n;

	if (!extension[0])
		return false;
	if (!at)
		return cpu->isa && in_string(cpu->isa, extension);
	for (end = at + cpu->isa_ext_len; at < end; at += n + 1) {
		n = strnlen(at, end - at);
		if (same(at, without_version(at, n), extension) || same(at, n, extension))
			return true;
	}
	return false;
}

/*
 * Text of two properties: data of a property is aligned to 4 (5.4.2), so most of it can be compared
 * by words.
 */
static bool same_text(const char *a, const char *b)
{
	if (!a || !b || ((uintptr_t)a | (uintptr_t)b) & 3)
		return a == b;
	for (;; a += 4, b += 4) {
		uint32_t x = *(const uint32_t *)a;

		/* A word with a zero byte, or none that is equal: the rest is for strcmp. */
		if (x != *(const uint32_t *)b || ((x - 0x01010101) & ~x & 0x80808080))
			return !strcmp(a, b);
	}
}

static bool same_bytes(const char *a, const char *b, size_t n)
{
	if (((uintptr_t)a | (uintptr_t)b) & 3)
		return !memcmp(a, b, n);
	for (; n >= 4 && *(const uint32_t *)a == *(const uint32_t *)b; n -= 4, a += 4, b += 4)
		;
	return !n || (n < 4 && !memcmp(a, b, n));
}

bool fdt_cpu_same_isa(const struct fdt_cpu *a, const struct fdt_cpu *b)
{
	/* The list decides where there is one: the string need not be looked at. */
	if (a->isa_ext && b->isa_ext)
		return a->isa_ext_len == b->isa_ext_len &&
		       same_bytes(a->isa_ext, b->isa_ext, a->isa_ext_len);
	return !a->isa_ext && !b->isa_ext && same_text(a->isa, b->isa);
}
