/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of the road: say why, stop the other harts, leave with a failing status. */
#ifndef CORE_PANIC_H
#define CORE_PANIC_H

#include <stdbool.h>

#include "core/compiler.h"

/*
 * Prints the message, the cpu and a backtrace, stops the other harts (bounded wait, the deaf ones
 * are named), flushes the console, prints "muster: exit 1" and powers off with that status, or
 * stays parked where the platform cannot. Any context, any hart; a second hart that panics
 * meanwhile is parked; a panic inside panic is cut short.
 */
__noreturn __cold __printf(1, 2) void panic(const char *fmt, ...);

/* True from the first panic on: locks are broken instead of waited for. Any context. */
bool panic_in_progress(void);

/* Always compiled in; the text of the condition and the place are part of the message. */
#define ASSERT(cond)                                                        \
	do {                                                                \
		if (unlikely(!(cond)))                                      \
			assert_failed(#cond, __FILE__, __LINE__, __func__); \
	} while (0)

#define BUG_ON(cond) ASSERT(!(cond))

__noreturn __cold void assert_failed(const char *cond, const char *file, int line,
				     const char *func);

/*
 * How panic reaches layers above core: the one who can do it registers once at init.
 * stop_others: makes all other online harts stop; returns how many did not within the deadline.
 * power_off: ends the machine with status; returns only if it cannot.
 */
struct panic_ops {
	unsigned int (*stop_others)(void);
	void (*power_off)(int status);
};
extern struct panic_ops panic_ops;

/*
 * The clean way out: flushes the console, prints "muster: exit N", powers off, parks if that fails.
 */
__noreturn void machine_exit(int status);

#endif
