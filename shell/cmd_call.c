/* SPDX-License-Identifier: BSD-2-Clause */
/* call, backtrace: reaching other cpus from the prompt. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/time.h"
#include "ipi/backtrace.h"
#include "ipi/call.h"
#include "shell/cpu_arg.h"
#include "shell/shell.h"

/* As many samples as one block of memory holds. */
#define CALLS_MAX     100000
#define CALLS_DEFAULT 1000

static void nothing(void *info)
{
	(void)info;
}

static uint64_t clock(void)
{
	return deterministic ? rdinstret() : time_now();
}

static unsigned long units(uint64_t difference)
{
	return deterministic ? difference : ticks_to_ns(difference);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void print_times(const char *whom, uint64_t *samples, unsigned long n)
{
	qsort(samples, n, sizeof(*samples), compare);
	printk_raw("%-8s %8lu %10lu %10lu %10lu", whom, n, units(samples[0]), units(samples[n / 2]),
		   units(samples[n - 1]));
}

static int call_one(unsigned int cpu, uint64_t *samples, unsigned long n)
{
	char name[16];

	for (unsigned long i = 0; i < n; i++) {
		uint64_t start = clock();
		int err = smp_call_function_single(cpu, nothing, NULL, true);

		/* It may have gone down meanwhile. */
		if (err)
			return err;
		samples[i] = clock() - start;
	}
	snprintf(name, sizeof(name), "cpu%u", cpu);
	print_times(name, samples, n);
	return 0;
}

/* Each by itself, then all others at once. */
static int call_all(uint64_t *samples, unsigned long n)
{
	unsigned int cpu;

	for_each_online_cpu (cpu) {
		int err = call_one(cpu, samples, n);

		if (err)
			return err;
	}
	if (num_online_cpus() < 2)
		return 0;
	for (unsigned long i = 0; i < n; i++) {
		uint64_t start = clock();

		smp_call_function(nothing, NULL, true);
		samples[i] = clock() - start;
	}
	print_times("others", samples, n);
	return 0;
}

static int cmd_call(int argc, char **argv)
{
	unsigned long n = CALLS_DEFAULT;
	unsigned int cpu = CPU_ARG_ALL;
	uint64_t *samples;
	int err;

	if (argc > 3)
		return -EINVAL;
	if (argc > 1 && cpu_arg(argv[0], argv[1], &cpu))
		return -EINVAL;
	if (argc > 2 && shell_number(argv[0], argv[2], CALLS_MAX, &n))
		return -EINVAL;
	if (!n)
		return shell_bad(argv[0], argv[2], "calls would tell nothing");
	samples = kmalloc(n * sizeof(*samples));
	if (!samples)
		return -ENOMEM;
	printk_raw("cpu         calls        min     median        max  %s",
		   deterministic ? "instructions" : "ns");
	err = cpu == CPU_ARG_ALL ? call_all(samples, n) : call_one(cpu, samples, n);
	kfree(samples);
	return err;
}
SHELL_COMMAND(call, "[cpu|all] [n]", "calls a cpu n times and tells how long it took", cmd_call);

static int cmd_backtrace(int argc, char **argv)
{
	unsigned int cpu = CPU_ARG_ALL, answered;

	if (argc > 2)
		return -EINVAL;
	if (argc > 1 && cpu_arg(argv[0], argv[1], &cpu))
		return -EINVAL;
	if (cpu == CPU_ARG_ALL)
		answered = trigger_all_cpu_backtrace();
	else
		answered = trigger_cpu_backtrace(cpu);
	printk_raw("backtrace: %u of %u answered", answered,
		   cpu == CPU_ARG_ALL ? num_online_cpus() : 1);
	return 0;
}
SHELL_COMMAND(backtrace, "[cpu|all]", "where cpus are", cmd_backtrace);
