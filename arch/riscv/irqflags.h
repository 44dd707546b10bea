/* SPDX-License-Identifier: BSD-2-Clause */
/* This hart's interrupt enable, sstatus.SIE. */
#ifndef ARCH_RISCV_IRQFLAGS_H
#define ARCH_RISCV_IRQFLAGS_H

#include <stdbool.h>

#include "arch/riscv/csr.h"

/*
 * Turns interrupts off; returns what local_irq_restore wants. The "memory" clobbers keep accesses
 * inside.
 */
static inline unsigned long local_irq_save(void)
{
	return csr_read_clear(CSR_SSTATUS, SR_SIE) & SR_SIE;
}

static inline void local_irq_restore(unsigned long flags)
{
	csr_set(CSR_SSTATUS, flags & SR_SIE);
}

static inline void local_irq_enable(void)
{
	csr_set(CSR_SSTATUS, SR_SIE);
}

static inline void local_irq_disable(void)
{
	csr_clear(CSR_SSTATUS, SR_SIE);
}

static inline bool irqs_disabled(void)
{
	return !(csr_read(CSR_SSTATUS) & SR_SIE);
}

#endif
