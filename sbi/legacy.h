/* SPDX-License-Identifier: BSD-2-Clause */
/* The extensions of SBI 0.1, for firmware that has nothing newer (SBI 2.0, chapter 5). */
#ifndef SBI_LEGACY_H
#define SBI_LEGACY_H

#include <stdint.h>

/*
 * These answer in a0 alone: 0 or an implementation's own negative number, which is not one of
 * SBI_ERR_*. a1 is preserved by newer firmware and anything by older.
 */

/* As sbi_set_timer (SBI 2.0, section 5.1). Any context. */
long sbi_legacy_set_timer(uint64_t when);

/* Writes one byte, waiting for room (SBI 2.0, section 5.2). Any context. */
long sbi_legacy_console_putchar(uint8_t byte);

/* One byte 0..255, or a negative number when there is none (SBI 2.0, section 5.3). Any context. */
long sbi_legacy_console_getchar(void);

/*
 * Raises the software interrupt on each hart whose bit is set in the vector at VIRTUAL address mask
 * (bit = hart id; words up to the highest hart id of the machine are read) (SBI 2.0, section 5.5).
 * The firmware reads it through the caller's page table: it must be mapped and readable. Any
 * context.
 */
long sbi_legacy_send_ipi(const unsigned long *mask);

/* Turns the machine off; comes back only if it cannot (SBI 2.0, section 5.9). Any context. */
long sbi_legacy_shutdown(void);

#endif
