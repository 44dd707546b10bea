/* SPDX-License-Identifier: BSD-2-Clause */
/* Comma-separated lists of names. */
#include "tests/list.h"

#include <string.h>

#include "core/printk.h"

bool list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	if (!strcmp(list, "all"))
		return true;
	for (;;) {
		size_t item = strcspn(list, ",");

		if (item == len && !strncmp(list, word, len))
			return true;
		if (!list[item])
			return false;
		list += item + 1;
	}
}

unsigned int list_unknown(const char *list, bool (*known)(const char *word, size_t len),
			  const char *kind)
{
	unsigned int unknown = 0;

	if (!strcmp(list, "all"))
		return 0;
	for (;;) {
		size_t item = strcspn(list, ",");

		if (!known(list, item)) {
			printk_raw("# no %s '%.*s'", kind, (int)item, list);
			unknown++;
		}
		if (!list[item])
			return unknown;
		list += item + 1;
	}
}
