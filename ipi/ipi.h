/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inter-processor interrupts: reasons, kept as bits of a per-cpu word, and the line that announces
 * them and calls.
 */
#ifndef IPI_IPI_H
#define IPI_IPI_H

#include "core/cpumask.h"

/* Why a hart is interrupted, but for calls, which have their queue. */
enum ipi_reason {
	IPI_STOP,      /* panic elsewhere: stop for ever */
	IPI_IRQ_SETUP, /* external interrupts will be routed here */
	IPI_BACKTRACE, /* say where you are */
	IPI_TIMER,     /* your earliest timer has changed */
	/* Another thread should run; last, as its handler may come back on another cpu. */
	IPI_RESCHEDULE,
	IPI_REASONS,
};

/*
 * Interrupts every cpu of the mask but this one for a reason; cpus that are not online are passed
 * over. The line is raised only where no reason was pending yet; one that the firmware refuses to
 * raise is reported. Any context.
 */
void ipi_send(const struct cpumask *mask, enum ipi_reason reason);

/* The same for one cpu. */
void ipi_send_cpu(unsigned int cpu, enum ipi_reason reason);

/* The same for this cpu, as soon as its interrupts are on. Interrupts off. */
void ipi_raise_self(enum ipi_reason reason);

/* What is called for a reason, interrupts off. Registered once, before INIT_SMP. */
void ipi_register(enum ipi_reason reason, void (*handler)(void));

/*
 * Raises the line of a cpu, or of the n cpus of a mask, for whoever has put work where the handler
 * will find it: all earlier memory accesses are ordered before the interrupt. Any context.
 */
void ipi_ring(unsigned int cpu);
unsigned int ipi_ring_mask(const struct cpumask *mask, unsigned int n);

/* The handler, for back ends: the line has been acknowledged, interrupts are off. */
void ipi_interrupt(void);

#endif
