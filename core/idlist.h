/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of 64-bit ids as people write them: "1,3-5". */
#ifndef CORE_IDLIST_H
#define CORE_IDLIST_H

#include <stddef.h>
#include <stdint.h>

/*
 * Calls fn for each item of the list with its first and last id (equal for a single one), in the
 * order written. Ids are decimal or 0x hexadecimal, 0 to 2^64-1; no spaces; an item's second id is
 * not below its first. The items before a bad one have been handed out when the error is found:
 * parse once with fn NULL to check first.
 *
 * Returns 0; -EINVAL for bad text or an empty list, -ERANGE for a number above 2^64-1; or what fn
 * returned when that was not 0, which ends the walk. On a failure *where is the index in text of
 * the character that is wrong, or of the number that is out of range, or of the item that fn
 * refused. Any context.
 */
int idlist_parse(const char *text, int (*fn)(uint64_t first, uint64_t last, void *arg), void *arg,
		 size_t *where);

#endif
