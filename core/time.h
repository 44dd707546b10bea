/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock (time CSR), waits, and the one compare register that a hart has (Sstc stimecmp, or SBI
 * TIME).
 */
#ifndef CORE_TIME_H
#define CORE_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* Ticks of the time CSR per second, from /cpus/timebase-frequency. Constant after INIT_MEMORY. */
extern uint64_t timebase_hz;

/* Ticks since the platform's reset. Any context. */
uint64_t time_now(void);
/* Nanoseconds since the platform's reset. Any context. */
uint64_t time_now_ns(void);

/* Exact to a tick, no overflow for any 64-bit tick count that stays below 584 years. */
uint64_t ticks_to_ns(uint64_t ticks);
uint64_t ns_to_ticks(uint64_t ns);

/* time_now() plus ms milliseconds. */
uint64_t deadline_ms(uint64_t ms);

/* Spins for at least us microseconds. Any context. */
void udelay(uint64_t us);

/*
 * Sleeps this hart (wfi) until cond(arg) is true or the deadline (ticks) has passed; returns the
 * last cond(arg). Whoever makes cond true must also interrupt this hart (an IPI or a device). Hart
 * context with interrupts on or off: they are taken while it waits, and restored. A hart that is
 * not online has no timer, and spins.
 */
bool wait_until(bool (*cond)(void *), void *arg, uint64_t deadline);

/*
 * How wait_until sleeps, interrupts off: until an interrupt is pending, or others have run. Set by
 * the scheduler.
 */
extern void (*wait_or_yield)(void);

/*
 * The same where nobody interrupts this hart: it sleeps, and looks each POLL_US. Not a spin: an
 * emulator that runs harts in turn would let the one waited for run only when this one's turn is
 * over, up to 100 ms later.
 */
#define POLL_US 50
bool poll_until(bool (*cond)(void *), void *arg, uint64_t deadline);

/*
 * Sets this hart's compare register: it interrupts at time when or, with random_turns, earlier;
 * UINT64_MAX: never. For core/timer.c, which knows the earliest timer. Interrupts off.
 */
void timer_compare_set(uint64_t when);

#endif
