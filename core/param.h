/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel parameters: name=value words of the boot arguments, set before anything is allocated. */
#ifndef CORE_PARAM_H
#define CORE_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/compiler.h"
#include "core/table.h"

/*
 * Syntax, as in Linux: words parted by blanks; name=value, name="value with blanks", "name=value
 * with blanks"; "-" and "_" are equal in names; a lone "--" ends the parameters. A word without "="
 * sets a bool to true; other kinds need a value. The last of several wins, with a notice; a
 * parameter of kind PARAM_FUNC is called for each. A word that no row knows, or a value that its
 * row does not take, is named by one pr_warn with the reason, and is ignored.
 */

/* Longer command lines are cut at the last blank before this many bytes, with a pr_warn. */
#define PARAM_LINE_MAX 2048

enum param_kind { PARAM_KIND_UINT, PARAM_KIND_BOOL, PARAM_KIND_STRING, PARAM_KIND_FUNC };

struct param {
	const char *name;
	const char *help; /* one line for people */
	enum param_kind kind;
	union {
		struct {
			void *var;
			unsigned int size; /* sizeof the variable: 1, 2, 4 or 8 */
			uint64_t min, max;
		} u;
		bool *b;
		struct {
			char *buf;
			size_t size;
		} s;
		int (*fn)(const char *value);
	};
};
TABLE_DECLARE(struct param, params);

#define __PARAM_NAME2(line) param_##line
#define __PARAM_NAME(line)  __PARAM_NAME2(line)
#define __PARAM                                                              \
	static const struct param __PARAM_NAME(__LINE__) TABLE_ENTRY(params) \
		__aligned(_Alignof(struct param))

/*
 * At file scope, one line each; name is a string without blanks or "=".
 *
 * PARAM_UINT: var is an unsigned variable of any width; values are decimal, 0x hex or 0 octal, with
 * an optional suffix k, M or G (times 1024, ...), from min to max inclusive.
 *
 * PARAM_BOOL: var is a bool; 1 y yes on true, 0 n no off false, in any letter case; no value means
 * true.
 *
 * PARAM_STRING: buf is a char array; a value that does not fit with its end is refused.
 *
 * PARAM_FUNC: fn gets the value ("" for name=, NULL without "="), and returns 0 or a negative
 * errno, which is reported. It is called before memory is managed: it may print and set variables,
 * not allocate, and must copy what it keeps.
 */
#define PARAM_UINT(n, var, lo, hi, text)    \
	__PARAM = {.name = (n),             \
		   .help = (text),          \
		   .kind = PARAM_KIND_UINT, \
		   .u = {&(var), sizeof(var), (lo), (hi)}}
#define PARAM_BOOL(n, var, text) \
	__PARAM = {.name = (n), .help = (text), .kind = PARAM_KIND_BOOL, .b = &(var)}
#define PARAM_STRING(n, buf_, text)           \
	__PARAM = {.name = (n),               \
		   .help = (text),            \
		   .kind = PARAM_KIND_STRING, \
		   .s = {(buf_), sizeof(buf_)}}
#define PARAM_FUNC(n, f, text) \
	__PARAM = {.name = (n), .help = (text), .kind = PARAM_KIND_FUNC, .fn = (f)}

/*
 * Sets parameters from a command line (NULL is an empty one). Returns the number of words that were
 * refused. Boot hart, once, right after the device tree is read; allocates nothing.
 */
unsigned int params_parse(const char *line);

/*
 * Calls fn for every parameter in the order of names; value is its present value as text ("" for
 * PARAM_FUNC), valid during the call. Hart context.
 */
void params_for_each(void (*fn)(const struct param *p, const char *value, void *arg), void *arg);

/* True if the two names are equal, "-" and "_" counting as one. Any context. */
bool param_name_equal(const char *a, const char *b);

#endif
