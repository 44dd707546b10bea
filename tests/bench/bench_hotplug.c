/* SPDX-License-Identifier: BSD-2-Clause */
/* One hart goes down and comes up: each way by itself, and both together. */
#include <errno.h>

#include "core/cpu.h"
#include "tests/bench/bench.h"
#include "threads/cpuhp.h"

#define CYCLES 200

static uint64_t samples[CYCLES] __section(".noinit");

enum part { OFFLINE, ONLINE, CYCLE };

static int one_cycle(unsigned int cpu, enum part part, uint64_t *sample)
{
	uint64_t start, down;
	int err;

	bench_settle();
	start = bench_clock();
	err = cpu_down(cpu);
	down = bench_clock() - start;
	if (err)
		return err;
	/* Alone the way up begins when all is quiet; in a cycle it follows at once. */
	if (part == ONLINE)
		bench_settle();
	if (part != CYCLE)
		start = bench_clock();
	err = cpu_up(cpu);
	*sample = part == OFFLINE ? down : bench_clock() - start;
	return err;
}

static int time_hotplug(const char *name, enum part part)
{
	unsigned int last = nr_cpu_ids, cpu;

	for_each_online_cpu (cpu)
		last = cpu;
	if (num_online_cpus() < 2)
		return -ENODEV;
	for (unsigned int i = 0; i < CYCLES; i++) {
		int err = one_cycle(last, part, &samples[i]);

		if (err)
			return err;
	}
	bench_report(name, samples, CYCLES, "");
	return 0;
}

static int bench_offline(void)
{
	return time_hotplug("offline", OFFLINE);
}
BENCH(offline, bench_offline);

static int bench_online(void)
{
	return time_hotplug("online", ONLINE);
}
BENCH(online, bench_online);

static int bench_cycle(void)
{
	return time_hotplug("hotplug_cycle", CYCLE);
}
BENCH(hotplug_cycle, bench_cycle);
