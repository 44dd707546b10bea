/* SPDX-License-Identifier: BSD-2-Clause */
/* Incoming MSIs: each hart's supervisor-level interrupt file (AIA 1.0, chapter 3). */
#ifndef DRIVERS_IMSIC_H
#define DRIVERS_IMSIC_H

#include <stdbool.h>
#include <stdint.h>

/* An MSI came in here. Interrupts off. Those of one id that come before the handler are one. */
typedef void (*imsic_handler_t)(unsigned int id, void *arg);

/* True once supervisor-level IMSICs were found. Any context. */
bool imsic_present(void);
/* Phandle of their node, 0 without. */
uint32_t imsic_phandle(void);
/* True if cpu has a file. Any context after INIT_DRIVERS. */
bool imsic_reaches(unsigned int cpu);

/*
 * Takes one interrupt identity, the same on every hart, enabled on those that ran irq_cpu_init
 * since the IMSICs were found. Lower numbers are taken first when several are pending: urgent asks
 * for the lowest free one, else it is the highest. Returns the id (from 1), -ENODEV without IMSICs,
 * -ENOSPC. Ids are never given back. Hart context.
 */
int imsic_alloc_id(imsic_handler_t handler, void *arg, bool urgent);

/*
 * Raises id on cpu by a single store, ordered after all earlier memory accesses. The cpu must have
 * a file (imsic_reaches). Any context.
 */
void imsic_send(unsigned int cpu, unsigned int id);

/*
 * True if id has come in at this hart and was not taken yet. This hart must have a file. Interrupts
 * off.
 */
bool imsic_pending_here(unsigned int id);

/* Runs the handler of an id that the caller has taken off this hart's file. Interrupts off. */
void imsic_dispatch(unsigned int id);

/* The hart index that an APLIC writes into a target register to reach cpu. */
uint32_t imsic_target(unsigned int cpu);

#endif
