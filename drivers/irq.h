/* SPDX-License-Identifier: BSD-2-Clause */
/* External interrupts: from a node's "interrupts" property to a handler. */
#ifndef DRIVERS_IRQ_H
#define DRIVERS_IRQ_H

#include <stdbool.h>
#include <stdint.h>

#include "core/compiler.h"
#include "core/fdt.h"
#include "core/spinlock.h"

/*
 * Called on the hart that the interrupt is routed to (shortly after a move also on the previous
 * one), interrupts off. False: the device had nothing to say; IRQ_IDLE_MAX of those in a row mask
 * the interrupt for good.
 */
typedef bool (*irq_handler_t)(void *arg);
#define IRQ_IDLE_MAX 10000

/*
 * Routes interrupt index of dev to the calling hart, or, if its controller does not reach that one,
 * to the first online hart that it reaches, and enables it. arg and name must stay. Returns the
 * interrupt's number (from 1), which counts requests and means nothing to hardware. -ENOENT or
 * -EINVAL: the node has none, or a broken one; -ENXIO: its controller was not probed, or reaches no
 * online hart; -EBUSY: the source has a handler; -ENOSPC: the controller is full; -ENOMEM. Hart
 * context, from INIT_DRIVERS on, after the controllers' stages.
 */
int irq_request(const struct fdt_device *dev, unsigned int index, irq_handler_t handler, void *arg,
		const char *name);

/*
 * Moves an interrupt to an online hart. The handler may still run, or start, once on the previous
 * hart. -ENOENT: no such interrupt; -ENXIO: the hart is offline, or its controller does not reach
 * it; -ETIMEDOUT: that hart did not run irq_cpu_init within 100 ms of being asked to. Hart context.
 */
int irq_set_affinity(int irq, unsigned int cpu);

/* Masks an interrupt for good; its handler may still be running on another hart. -ENOENT. Any
 * context. */
int irq_disable(int irq);

struct irq_info {
	const char *name;
	const char *controller;
	unsigned int hwirq;
	unsigned int cpu;
	unsigned long count; /* times taken, on all harts */
	bool masked;
};

/* State of interrupt irq: 0, or -ENOENT. Numbers run from 1 without gaps. Any context. */
int irq_get_info(int irq, struct irq_info *info);

/* External interrupts on cpu with no source behind them. Any context. */
unsigned long irq_spurious(unsigned int cpu);

/*
 * Lets the calling hart take external interrupts: sie.SEIE and its part of every controller found
 * so far. Cheap, may be called again, does no harm where there is no controller. To be run by every
 * hart that comes up, interrupts off; the boot hart runs it for each controller it finds, harts
 * that were up before that are asked by irq_kick_cpu when one is to be routed there.
 */
void irq_cpu_init(void);

/*
 * The opposite, on a hart that goes down: interrupts off, after it has left the online mask, before
 * its queue of calls is closed. Each interrupt routed here moves to an online hart that its
 * controller reaches, what is pending here is handled here, now, and this hart's part of every
 * controller is closed. What no other hart can take stays, and comes when this hart is up again;
 * that is told.
 */
void irq_migrate_all_off_this_cpu(void);

/*
 * Makes another online hart run irq_cpu_init soon; need not wait. Registered by the layer that can
 * reach harts, before INIT_DRIVERS; NULL until then.
 */
extern void (*irq_kick_cpu)(unsigned int cpu);

/* For controllers. */

/* Trigger types as device trees write them; 0 if the controller has no choice. */
#define IRQ_EDGE_RISING	 1
#define IRQ_EDGE_FALLING 2
#define IRQ_LEVEL_HIGH	 4
#define IRQ_LEVEL_LOW	 8

struct irq;
struct irq_domain;

/* Called with the domain's lock held, interrupts off, except where noted. */
struct irq_domain_ops {
	/* Reads a specifier; needs no lock. 0, or -EINVAL. */
	int (*translate)(struct irq_domain *d, const struct fdt_irq *spec, unsigned int *hwirq,
			 unsigned int *trigger);
	/* True if sources can be routed to cpu; needs no lock. */
	bool (*reaches)(struct irq_domain *d, unsigned int cpu);
	/*
	 * Sets up, routes to cpu and enables a source, also one that is started already: after a
	 * sleep. 0 or a negative errno.
	 */
	int (*start)(struct irq_domain *d, unsigned int hwirq, unsigned int trigger,
		     unsigned int cpu);
	/* Moves a started source. */
	void (*route)(struct irq_domain *d, unsigned int hwirq, unsigned int from, unsigned int to);
	/* Keeps a source silent from here on; also for one that was never started. */
	void (*mask)(struct irq_domain *d, unsigned int hwirq);
	/*
	 * Returns when what was sent to the calling hart before, by sources that have moved, has
	 * arrived here. NULL where nothing is ever under way. Interrupts off, without the lock.
	 */
	void (*settle)(struct irq_domain *d);
	/*
	 * Silent as after the probe, if a sleep of the machine has taken what it was told; what is
	 * pending of a controller that kept all of it stays pending.
	 */
	void (*resume)(struct irq_domain *d);
};

/* Sources 1..nr-1 of one controller. Set up to priv before irq_domain_add. */
struct irq_domain {
	const char *name;
	uint32_t phandle;
	unsigned int nr;
	const struct irq_domain_ops *ops;
	void *priv;

	/* The irq core's. */
	spinlock_t lock;
	struct irq *_Atomic *irqs; /* by source */
	struct irq_domain *next;
};

/* Makes the controller known. -ENOMEM. Boot hart, in a probe. */
int irq_domain_add(struct irq_domain *d);

/* A controller's root calls this for each source it took. Interrupts off. */
void irq_domain_handle(struct irq_domain *d, unsigned int hwirq);

/* What stands at a hart's external interrupt line. */
struct irq_root {
	/* Takes and handles all that is pending on this hart; returns how many. Interrupts off. */
	unsigned int (*handle)(struct irq_root *root);
	/*
	 * Sets up the calling hart's part, and closes it: nothing interrupts by way of it from then
	 * on. Interrupts off.
	 */
	void (*cpu_init)(struct irq_root *root);
	void (*cpu_exit)(struct irq_root *root);
	void *priv;
	struct irq_root *next; /* the irq core's */
};

/* Adds a root and sets up the calling hart. Boot hart, in a probe. */
void irq_root_add(struct irq_root *root);

/*
 * The cpu whose S-mode external interrupt an entry of a controller's interrupts-extended is: its
 * number, or -ENOENT for other lines, other parents and harts that are not possible cpus. Any hart,
 * after INIT_PERCPU.
 */
int irq_entry_to_cpu(const struct fdt_irq *entry);

#endif
