/* SPDX-License-Identifier: BSD-2-Clause */
/* SSE: software events, which reach a hart also where it has interrupts off. */
#ifndef SBI_SSE_H
#define SBI_SSE_H

#include "sbi/ecall.h"

/* Injected by software, one for each hart (SBI 3.0, section 17.2). */
#define SBI_SSE_EVENT_LOCAL_SOFTWARE 0xffff0000UL

/*
 * All but inject are for the calling hart. The handler is entered at pc with interrupts off, a6 the
 * hart id, a7 arg, sepc the place that was interrupted, and everything else as it was; it ends by
 * COMPLETE, at which the firmware puts back a6, a7, sepc and sstatus (section 17.5). Any context.
 */
struct sbiret sbi_sse_register(unsigned long event, unsigned long pc,
			       unsigned long arg);     /* section 17.9 */
struct sbiret sbi_sse_unregister(unsigned long event); /* section 17.10 */
struct sbiret sbi_sse_enable(unsigned long event);     /* section 17.11 */
struct sbiret sbi_sse_disable(unsigned long event);    /* section 17.12 */
struct sbiret sbi_sse_hart_unmask(void);	       /* section 17.15 */
struct sbiret sbi_sse_hart_mask(void);		       /* section 17.16 */

/*
 * Makes event pending on a hart, which takes it at once if it is registered, enabled and not masked
 * there (section 17.14).
 */
struct sbiret sbi_sse_inject(unsigned long event, unsigned long hartid);

#endif
