/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs registered benchmarks and prints their figures. */
#include "tests/bench/bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cpu.h"
#include "core/printk.h"
#include "ipi/call.h"
#include "shell/shell.h"
#include "tests/list.h"

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void bench_settle(void)
{
	unsigned int cpu;

	for (bool polling = true; polling;) {
		if (deterministic)
			cpu_relax();
		else
			udelay(20);
		polling = false;
		for_each_online_cpu (cpu)
			polling |= call_queue_polling(cpu);
	}
	cpu_relax();
}

void bench_sort(uint64_t *samples, unsigned int n)
{
	qsort(samples, n, sizeof(*samples), compare);
}

void bench_report(const char *name, uint64_t *samples, unsigned int n, const char *extra)
{
	bench_sort(samples, n);
	printk_raw("BENCH name=%s harts=%u n=%u min=%lu median=%lu p99=%lu max=%lu unit=%s%s", name,
		   num_online_cpus(), n, bench_unit(samples[0]), bench_unit(samples[n / 2]),
		   bench_unit(samples[(n * 99UL + 99) / 100 - 1]), bench_unit(samples[n - 1]),
		   deterministic ? "insn" : "ns", extra);
}

static bool is_bench(const char *name, size_t len)
{
	TABLE_FOREACH (struct bench, it, benches) {
		if (strlen(it->name) == len && !strncmp(it->name, name, len))
			return true;
	}
	return false;
}

unsigned int bench_run(const char *list)
{
	unsigned int failed = list_unknown(list, is_bench, "benchmark"), ran = 0;

	TABLE_FOREACH (struct bench, it, benches) {
		int err;

		if (!list_has(list, it->name))
			continue;
		ran++;
		err = it->fn();
		if (err) {
			printk_raw("# benchmark %s failed: error %d", it->name, err);
			failed++;
		}
	}
	return failed + !ran;
}

static const char *complete_bench(size_t index)
{
	return index < TABLE_COUNT(benches) ? __table_benches_start[index].name : NULL;
}

static int cmd_bench(int argc, char **argv)
{
	if (argc > 2)
		return -EINVAL;
	bench_run(argc > 1 ? argv[1] : "all");
	return 0;
}
SHELL_COMMAND_COMPLETE(bench, "[name[,name]]", "run benchmarks", cmd_bench, complete_bench);
