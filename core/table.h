/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables that grow by a line: each TABLE_ENTRY lands in a section that the linker lays out in
 * order.
 */
#ifndef CORE_TABLE_H
#define CORE_TABLE_H

#include "core/compiler.h"

/*
 * static const struct row my_row TABLE_ENTRY(rows) = { ... };
 * TABLE_ENTRY_SORTED orders rows by key (two digits) first, by link order next.
 * Rows keep their natural alignment, so that the linker packs them like an array.
 */
#define TABLE_ENTRY(table)	       __table_row __section(".table." #table ".50")
#define TABLE_ENTRY_SORTED(table, key) __table_row __section(".table." #table "." #key)

/* On the host clang's address sanitizer would part the rows by redzones. */
#ifdef __clang__
#define __table_row __used __attribute__((no_sanitize("address")))
#else
#define __table_row __used
#endif

/* At file scope, before TABLE_FOREACH or TABLE_COUNT on that table. */
#define TABLE_DECLARE(type, table)                   \
	extern const type __table_##table##_start[]; \
	extern const type __table_##table##_end[]

#define TABLE_FOREACH(type, it, table) \
	for (const type *it = __table_##table##_start; it < __table_##table##_end; it++)

#define TABLE_COUNT(table) ((size_t)(__table_##table##_end - __table_##table##_start))

#endif
