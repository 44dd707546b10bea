/* SPDX-License-Identifier: BSD-2-Clause */
/* Holding all harts for a function that does nothing. */
#include <errno.h>
#include <stdio.h>

#include "core/cpu.h"
#include "ipi/backend.h"
#include "tests/bench/bench.h"
#include "threads/stop_machine.h"

#define SAMPLES 500

static uint64_t samples[SAMPLES] __section(".noinit");

static int nothing(void *data)
{
	(void)data;
	return 0;
}

static int bench_stop_machine(void)
{
	char extra[64];
	/* Where harts take turns, each stage that all wait for takes a turn of each. */
	unsigned int n = deterministic ? SAMPLES : SAMPLES / 10;
	int err = 0;

	if (num_online_cpus() < 2)
		return -ENODEV;
	for (unsigned int i = 0; i < n && !err; i++) {
		uint64_t start;

		bench_settle();
		start = bench_clock();
		err = stop_machine(nothing, NULL, NULL);
		samples[i] = bench_clock() - start;
	}
	if (err)
		return err;
	snprintf(extra, sizeof(extra), " ipi=%s max_irqoff_ns=%lu", ipi_backend()->name,
		 ticks_to_ns(stop_machine_max_irqoff()));
	bench_report("stop_machine", samples, n, extra);
	return 0;
}
BENCH(stop_machine, bench_stop_machine);
