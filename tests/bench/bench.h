/* SPDX-License-Identifier: BSD-2-Clause */
/* Benchmarks: a line registers one, results are BENCH lines on the console. */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdint.h>

#include "arch/riscv/processor.h"
#include "core/table.h"
#include "core/time.h"

struct bench {
	const char *name;
	int (*fn)(void); /* 0, or a negative errno: nothing was measured */
};
TABLE_DECLARE(struct bench, benches);

#define BENCH(n, f) \
	static const struct bench bench_row_##n TABLE_ENTRY(benches) = {.name = #n, .fn = (f)}

/* The clock of this boot: instructions of all harts in deterministic mode, ticks otherwise. */
static inline uint64_t bench_clock(void)
{
	return deterministic ? rdinstret() : rdtime();
}

/* A difference of the clock in the unit that is printed: instructions, or nanoseconds. */
static inline uint64_t bench_unit(uint64_t difference)
{
	return deterministic ? difference : ticks_to_ns(difference);
}

/*
 * Prints "BENCH name=... harts=... n=... min=.. median=.. p99=.. max=.. unit=insn|ns" and extra,
 * which is "" or begins with a blank. samples are clock differences, and are sorted in place. n >
 * 0.
 */
void bench_report(const char *name, uint64_t *samples, unsigned int n, const char *extra);

void bench_sort(uint64_t *samples, unsigned int n);

/* Returns when the other harts sleep, and are past watching their queues. */
void bench_settle(void);

/*
 * Clock difference from a ring of the back end in use to the answer in memory, the kernel left out;
 * see bench_floor.c.
 */
uint64_t bench_ipi_floor(void);

/*
 * Runs the benchmarks of a list, or "all". The number that failed; unknown names are named and
 * count, and so does an empty run.
 */
unsigned int bench_run(const char *list);

#endif
