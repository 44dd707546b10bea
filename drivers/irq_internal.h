/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the two halves of the irq core share: taking interrupts (irq.c), asking for them
 * (irq_request.c).
 */
#ifndef DRIVERS_IRQ_INTERNAL_H
#define DRIVERS_IRQ_INTERNAL_H

#include <stdatomic.h>

#include "drivers/irq.h"

struct irq {
	int number;
	struct irq_domain *domain;
	unsigned int hwirq, trigger;
	unsigned int cpu; /* domain->lock */
	bool masked;	  /* domain->lock */
	irq_handler_t handler;
	void *arg;
	const char *name;
	_Atomic unsigned long count;
	_Atomic unsigned int idle_runs; /* handler had nothing to do, in a row */
	struct irq *_Atomic next;	/* in order of number */
};

/*
 * Lists only grow, at their end, by whoever holds a lock; the release store that links an entry
 * pairs with the acquire load of who walks them without it, in interrupts too.
 */
extern struct irq *_Atomic irq_first;
extern struct irq_domain *irq_domains; /* written by the boot hart only, before other harts look */

/* True if the cpu that arg points to has set up its part of every controller. Any context. */
bool irq_is_prepared(void *arg);

void irq_mask_for_good(struct irq *irq);

/* Routes it to another hart if it is routed to self. domain->lock is held. True: it is not routed to self any more. */
bool irq_move_off(struct irq *irq, unsigned int self);

#endif
