/* SPDX-License-Identifier: BSD-2-Clause */
/* Filling and copying memory by words. */
#ifndef CORE_MEMCOPY_H
#define CORE_MEMCOPY_H

#include <stddef.h>

/*
 * memcopy.c also defines memcpy, memmove and memset as <string.h> declares them, so that these,
 * called by name or by the compiler, replace the C library's byte loops. They never access memory
 * outside the given ranges and never make a misaligned access, which may trap to the firmware. For
 * RAM only: on device registers use arch/riscv/io.h. Any context.
 */

/* Zeroes whole pages; page is page-aligned. About 550 instructions a page. */
void page_clear(void *page, size_t pages);

#endif
