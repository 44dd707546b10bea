/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to the firmware for fences on other harts, and harts that go down meanwhile.
 *
 * Firmware waits for each hart that it has told to fence, and one that stops meanwhile never
 * answers (OpenSBI, up to 1.6 at least): the caller hangs, for ever. So a hart that goes down lets
 * those finish that may have it in mind, and they look whether it goes after they have said that
 * they are there. Both with a full fence in between: one sees the other.
 */
#ifndef IPI_RFENCE_H
#define IPI_RFENCE_H

#include <stdbool.h>

/*
 * Between the two no hart stops that the caller finds taking calls after rfence_begins. Preemption
 * is off. ends takes what begins has returned. A hart that has to wait longer than csd_timeout_ms
 * (parameter) for the end reports whom it waits for, again at doubling intervals, and panics after
 * CALL_WAIT_FATAL_S: it can neither go, nor stay with what it has given away. Hart context or
 * interrupt context, also one within the other.
 */
bool rfence_begins(void);
void rfence_ends(bool outermost);

/* A possible hart is down, or half-way, or has never come. After rfence_begins. */
bool rfence_any_gone(void);

#endif
