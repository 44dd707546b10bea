/* SPDX-License-Identifier: BSD-2-Clause */
/* Sleep that is deeper than wfi: of a hart, and of the whole machine. */
#ifndef CORE_SUSPEND_H
#define CORE_SUSPEND_H

#include <stdint.h>

#include "core/table.h"

/*
 * Suspends this hart (SBI 2.0, section 9.4) until an interrupt that is enabled in sie is pending;
 * one that is pending already, or becomes so in any window on the way down or up, ends it at once
 * and is there at the return. type: HSM_SUSPEND_RETENTIVE, HSM_SUSPEND_NON_RETENTIVE or a
 * platform's own (the device tree's riscv,sbi-suspend-param). 0: it slept, or needed not to.
 * -EOPNOTSUPP: the firmware does not have the type, do not ask again; another negative errno: it
 * did not sleep this time. Interrupts off, and still off at the return.
 */
int hart_suspend(uint32_t type);

/*
 * Suspends the machine to memory (SBI 2.0, chapter 13) until a wake-up event of the platform. This
 * hart is the last one online, and all others are stopped. 0: it slept, devices are set up anew
 * (SYSTEM_RESUME), other harts are as they were, stopped.
 * -EBUSY: another hart is online; -EOPNOTSUPP: the firmware does not have it; another negative
 * errno: it did not sleep. Interrupts off, and still off at the return.
 */
int system_suspend(void);

/*
 * A sleep of the machine keeps memory; what it takes of devices the specification leaves to the
 * platform. Rows that set them up anew, whether or not anything was lost: in order of two digits,
 * the console first, which the others may print on. On the hart that woke, interrupts off.
 */
struct system_resume {
	void (*fn)(void);
};
TABLE_DECLARE(struct system_resume, resumes);
#define RESUME_CONSOLE		10
#define RESUME_INTERRUPTS	20
#define SYSTEM_RESUME(order, f) __SYSTEM_RESUME_ROW(order, f)
#define __SYSTEM_RESUME_ROW(order, f) \
	static const struct system_resume resume_##f TABLE_ENTRY_SORTED(resumes, order) = {(f)}

/* Runs them: what system_suspend does last; for tests. Interrupts off. */
void system_resume(void);

#endif
