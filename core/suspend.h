/* SPDX-License-Identifier: BSD-2-Clause */
/* Sleep that is deeper than wfi: of a hart, and of the whole machine. */
#ifndef CORE_SUSPEND_H
#define CORE_SUSPEND_H

#include <stdint.h>

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
 * hart is the last one online, and all others are stopped. 0: it slept; this hart's part of the
 * interrupt controllers may have been lost (irq_cpu_resume), other harts are as they were, stopped.
 * -EBUSY: another hart is online; -EOPNOTSUPP: the firmware does not have it; another negative
 * errno: it did not sleep. Interrupts off, and still off at the return.
 */
int system_suspend(void);

#endif
