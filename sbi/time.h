/* SPDX-License-Identifier: BSD-2-Clause */
/* TIME: the hart's timer where Sstc is absent. */
#ifndef SBI_TIME_H
#define SBI_TIME_H

#include <stdint.h>

#include "sbi/ecall.h"

/*
 * Sets this hart's next timer interrupt to absolute time CSR value when, and clears a pending one
 * (SBI 2.0, section 6.1). UINT64_MAX: none. Any context.
 */
struct sbiret sbi_set_timer(uint64_t when);

#endif
