/* SPDX-License-Identifier: BSD-2-Clause */
/* SRST: turning the machine off, and on again. */
#ifndef SBI_SRST_H
#define SBI_SRST_H

#include <stdint.h>

#include "sbi/ecall.h"

enum srst_type { SRST_SHUTDOWN, SRST_COLD_REBOOT, SRST_WARM_REBOOT };
enum srst_reason { SRST_NO_REASON, SRST_SYSTEM_FAILURE };

/*
 * Resets the whole machine (SBI 2.0, section 10.1). Comes back only with an error:
 * ERR_NOT_SUPPORTED for a type the platform lacks, ERR_INVALID_PARAM, ERR_FAILED. Any context.
 */
struct sbiret sbi_system_reset(enum srst_type type, enum srst_reason reason);

#endif
