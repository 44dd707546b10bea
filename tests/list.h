/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists in parameters: "all", or names with commas between. */
#ifndef TESTS_LIST_H
#define TESTS_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a list names a word. */
bool list_has(const char *list, const char *word);

/*
 * Prints "no KIND 'word'" for each word that known() denies; returns how many there were. "all" is
 * always known.
 */
unsigned int list_unknown(const char *list, bool (*known)(const char *word, size_t len),
			  const char *kind);

#endif
