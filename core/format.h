/* SPDX-License-Identifier: BSD-2-Clause */
/* printf for the log: what messages are made of is done here, the rare rest by the C library. */
#ifndef CORE_FORMAT_H
#define CORE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

#include "core/compiler.h"

/*
 * As vsnprintf, for d i u x X o c s p % with flags, widths, precisions and lengths (p: none of them); no floating point, no n.
 * size is at least 1; the text is cut to it, NUL included. Returns the length of the whole text without the NUL.
 * Any context.
 */
size_t format(char *buf, size_t size, const char *fmt, va_list args) __printf(3, 0);

#endif
