/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host: the C library's clocks, without its timer_delete: the kernel has one of its own. No guard:
 * it is the other's.
 */
#define timer_delete posix_timer_delete
#include_next <time.h>
#undef timer_delete
