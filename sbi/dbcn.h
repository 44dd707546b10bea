/* SPDX-License-Identifier: BSD-2-Clause */
/* DBCN: the firmware's console. */
#ifndef SBI_DBCN_H
#define SBI_DBCN_H

#include "core/compiler.h"
#include "sbi/ecall.h"

/*
 * Writes up to n bytes of physically contiguous memory at pa; value: how many were written, which
 * may be less (SBI 2.0, section 12.1). Any context.
 */
struct sbiret sbi_debug_console_write(phys_addr_t pa, unsigned long n);

/* Reads up to n bytes to physical address pa without waiting; value: how many (SBI 2.0,
 * section 12.2). Any context. */
struct sbiret sbi_debug_console_read(phys_addr_t pa, unsigned long n);

#endif
