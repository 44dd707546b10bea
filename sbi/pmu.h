/* SPDX-License-Identifier: BSD-2-Clause */
/* PMU: what the firmware itself counts, hart by hart. */
#ifndef SBI_PMU_H
#define SBI_PMU_H

#include <stdint.h>

#include "sbi/ecall.h"

/*
 * Firmware events (SBI 2.0, section 11.7) that the kernel has a use for. OpenSBI counts an IPI for
 * each hart that it is sent to, its own for remote fences too; from 1.6 on a hart's IPIs to itself
 * are neither sent nor received.
 */
enum sbi_fw_event {
	SBI_FW_SET_TIMER = 5,
	SBI_FW_IPI_SENT = 6,
	SBI_FW_IPI_RECEIVED = 7,
	SBI_FW_FENCE_I_SENT = 8,
	SBI_FW_FENCE_I_RECEIVED = 9,
	SBI_FW_SFENCE_VMA_SENT = 10,
	SBI_FW_SFENCE_VMA_RECEIVED = 11,
};

/*
 * Takes one of the calling hart's firmware counters, sets it to 0 and lets it count event there.
 * Returns its number, for the two functions below, on the same hart. -EOPNOTSUPP: the firmware has
 * no PMU extension, or does not count that; or what its error is as an errno. A hart that is
 * stopped loses its counters. Interrupts or preemption off, or bound to the hart, from here to the
 * stop.
 */
int sbi_fw_counter_start(enum sbi_fw_event event);

/* Its value: 0, or a negative errno. */
int sbi_fw_counter_read(unsigned int counter, uint64_t *value);

/* Stops it and gives it back: 0, or a negative errno. */
int sbi_fw_counter_stop(unsigned int counter);

#endif
