/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: each thread has an interrupt enable of its own, which tests may look at. */
#ifndef ARCH_RISCV_IRQFLAGS_H
#define ARCH_RISCV_IRQFLAGS_H

#include <stdbool.h>

extern _Thread_local bool host_irqs_on;

/* Takes what is pending, if interrupts are on. */
void host_take_interrupts(void);

/* See host.h: the last moment with interrupts on, and the first, are windows, too. */
void host_window(void);

static inline unsigned long local_irq_save(void)
{
	bool on = host_irqs_on;

	if (on)
		host_window();
	host_irqs_on = false;
	return on;
}

static inline void local_irq_restore(unsigned long flags)
{
	host_irqs_on |= flags;
	if (host_irqs_on)
		host_window();
}

static inline void local_irq_enable(void)
{
	host_irqs_on = true;
	host_take_interrupts();
}

static inline void local_irq_disable(void)
{
	host_irqs_on = false;
}

static inline bool irqs_disabled(void)
{
	return !host_irqs_on;
}

#endif
