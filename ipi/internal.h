/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of ipi/ share and nobody else may use. */
#ifndef IPI_INTERNAL_H
#define IPI_INTERNAL_H

#include "core/cpu.h"
#include "ipi/call.h"

DECLARE_PER_CPU(struct call_queue, call_queue);

/*
 * Hands a node over to cpu, and rings if that is needed. Counts it as queued or refused. False: the cpu is not online. The caller has made
 * the node ready; cpu < nr_cpu_ids.
 */
bool call_submit(unsigned int cpu, struct call_node *node);

/* The same without the ring: what is to be rung is left to the caller. */
enum call_push call_submit_quietly(unsigned int cpu, struct call_node *node);

/* Runs a csd's function; target side, interrupts off. For kinds that are not plain calls. */
void call_timed_run(struct call_single_data *csd);
void irq_work_run_node(struct call_node *node);

/* What is queued on this cpu's own lists; how many ran. Interrupts off. */
unsigned int irq_work_run_raised(void);

#endif
