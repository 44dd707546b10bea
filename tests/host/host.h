/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For host tests: cmocka, harts that are threads, expected panics, RAM that is not there, seeded
 * random numbers.
 */
#ifndef TESTS_HOST_HOST_H
#define TESTS_HOST_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/compiler.h"

/*
 * Passes if the statement panics with a message that contains text. It runs in a child process, so
 * that locks held and lists half changed by a panic stay there: nothing it does is seen afterwards.
 * Not while other harts run.
 */
#define expect_panic(statement, text)                                   \
	do {                                                            \
		if (host_panic_begin()) {                               \
			statement;                                      \
			host_panic_missing();                           \
		}                                                       \
		host_panic_end((text), #statement, __FILE__, __LINE__); \
	} while (0)
bool host_panic_begin(void);
__noreturn void host_panic_missing(void);
void host_panic_end(const char *text, const char *statement, const char *file, int line);

/*
 * What panic_in_progress() says: a test sets it to see how code behaves while another hart panics.
 */
extern _Atomic bool host_panicking;

/*
 * Runs fn(cpu, arg) on n threads that are cpus 0..n-1, each with a per-cpu area of its own and
 * interrupts on; sets percpu_base meanwhile. Returns when all have returned. Afterwards the areas
 * are gone.
 */
void host_harts_run(unsigned int n, void (*fn)(unsigned int cpu, void *arg), void *arg);

/*
 * Raises a hart's software interrupt line, from any hart while host_harts_run runs. The hart
 * acknowledges it and calls host_interrupt, interrupts off, when they come on, in cpu_relax, and in
 * each window: before interrupts are turned off, when they are restored, and at each atomic access
 * of code built with noise.h.
 */
void host_raise(unsigned int cpu);
extern void (*host_interrupt)(void);

/* Called on this hart in each window. Or NULL. */
extern _Thread_local void (*host_at_window)(void);

/* The calling hart dawdles at random in windows; 0: not any more. */
void host_noise(uint64_t seed);

/*
 * Ends the process with that text and status 3 in so many seconds, or when HANG_CPU_S (of the
 * environment) seconds of processor time are spent, unless it is called again by then; 0: not any
 * more.
 */
void host_must_end(unsigned int seconds, const char *text);

/*
 * Maps size bytes as RAM at physical address start (a multiple of 1 GiB) in the direct map.
 * Unwritten pages take no memory. Once in a process.
 */
void host_ram_init(uint64_t start, uint64_t size);
/* How many bytes of [start, end), physical, have been touched so far. */
uint64_t host_ram_touched(uint64_t start, uint64_t end);

/* What printk has printed since the last host_log_clear, cut to 64 KiB, without levels. */
const char *host_log(void);
void host_log_clear(void);

/*
 * A number sequence (splitmix64). host_seed is SEED of the environment, or one from the clock;
 * host_seed prints it, so that a failure can be repeated.
 */
uint64_t host_seed(void);
uint64_t host_random(uint64_t *state);

/*
 * Runs the tests of the array, or those that match the pattern ONLY of the environment, with the
 * name of the file as the group's.
 */
#define HOST_MAIN(tests)                                                         \
	int main(void)                                                           \
	{                                                                        \
		cmocka_set_test_filter(getenv("ONLY"));                          \
		return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL); \
	}

#endif
