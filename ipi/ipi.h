/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inter-processor interrupts: reasons, kept as bits of a per-cpu word, and the line that announces
 * them.
 */
#ifndef IPI_IPI_H
#define IPI_IPI_H

#include "core/cpumask.h"

/* Why a hart is interrupted. */
enum ipi_reason {
	IPI_STOP,      /* panic elsewhere: stop for ever */
	IPI_IRQ_SETUP, /* external interrupts will be routed here */
	IPI_REASONS,
};

/*
 * Interrupts every cpu of the mask but this one for a reason; cpus that are not online are passed
 * over. The line is raised only where no reason was pending yet. Any context. Returns the number of
 * cpus whose line the firmware refused to raise (named once each).
 */
unsigned int ipi_send(const struct cpumask *mask, enum ipi_reason reason);

/* What is called for a reason, interrupts off. Registered once, before INIT_SMP. */
void ipi_register(enum ipi_reason reason, void (*handler)(void));

#endif
