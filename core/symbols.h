/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of the kernel's functions, for reports; the table is made by scripts/ksyms.py between two
 * links. */
#ifndef CORE_SYMBOLS_H
#define CORE_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Writes "name+0xoffset/0xsize" for an address in the kernel's text. False, and buf holds the bare
 * address ("0x..."), if it is not one or the image has no table. buf always ends in NUL. Any
 * context, also in panic: no locks, no memory.
 */
bool symbol_lookup(unsigned long addr, char *buf, size_t size);

/* Room for the longest name that the table holds and its numbers. */
#define SYMBOL_TEXT_MAX 96

/* Address of a function of that name (the first of several), 0 if there is none. Any context. */
unsigned long symbol_by_name(const char *name);

#endif
