/* SPDX-License-Identifier: BSD-2-Clause */
/* offline, online, hotplug: harts go down and come up, one by one or again and again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/riscv/processor.h"
#include "core/console.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/page.h"
#include "core/random.h"
#include "core/time.h"
#include "shell/cpu_arg.h"
#include "shell/shell.h"
#include "threads/cpuhp.h"

static uint64_t clock(void)
{
	return deterministic ? rdinstret() : time_now();
}

static unsigned long units(uint64_t difference)
{
	return deterministic ? difference : ticks_to_ns(difference) / 1000;
}

static const char *unit(void)
{
	return deterministic ? "instructions" : "us";
}

static int move(unsigned int cpu, bool up, uint64_t *took)
{
	uint64_t start = clock();
	int err = up ? cpu_up(cpu) : cpu_down(cpu);

	*took = clock() - start;
	return err;
}

/* All cpus of the mask, even when one fails: the first error. */
static int move_all(const char *command, const struct cpumask *mask, bool up)
{
	unsigned int cpu;
	int first = 0;

	for_each_cpu (cpu, mask) {
		uint64_t took;
		int err = move(cpu, up, &took);

		if (err)
			printk_raw("%s: cpu%u: error %d", command, cpu, err);
		else
			printk_raw("cpu%u (hart %lu) is %s after %lu %s", cpu, cpu_to_hartid(cpu),
				   up ? "online" : "offline", units(took), unit());
		first = first ? first : err;
	}
	return first;
}

/* All that are not there yet; downwards all but one, the first. */
static void take_all(struct cpumask *mask, bool up)
{
	if (up) {
		cpumask_andnot(mask, cpu_possible_mask, cpu_online_mask);
	} else {
		cpumask_copy(mask, cpu_online_mask);
		cpumask_clear_cpu(cpumask_first(mask), mask);
	}
}

static int move_list(int argc, char **argv, bool up)
{
	struct cpumask *mask;
	int err = 0;

	if (argc != 2)
		return -EINVAL;
	mask = cpumask_alloc(NUMA_NO_NODE);
	if (!mask)
		return -ENOMEM;
	if (!strcmp(argv[1], "all"))
		take_all(mask, up);
	else
		err = cpu_list_arg(argv[0], argv[1], mask);
	if (!err)
		err = move_all(argv[0], mask, up);
	cpumask_free(mask);
	return err;
}

static int cmd_offline(int argc, char **argv)
{
	return move_list(argc, argv, false);
}

static int cmd_online(int argc, char **argv)
{
	return move_list(argc, argv, true);
}

static const char *complete_all(size_t index)
{
	return index ? NULL : "all";
}
SHELL_COMMAND_COMPLETE(offline, "<list|all>", "stops cpus, like 1,3-5; all: but one", cmd_offline,
		       complete_all);
SHELL_COMMAND_COMPLETE(online, "<list|all>", "starts cpus, like 1,3-5", cmd_online, complete_all);

#define CYCLES_MAX     10000000
#define CYCLES_DEFAULT 100
/* The latest so many are kept for the median. */
#define SAMPLES 16384

struct cycles {
	struct cpumask *mask; /* of these */
	unsigned long wanted, done;
	uint64_t random;
	uint64_t *down, *up; /* what each took */
};

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void print_times(const char *what, uint64_t *samples, unsigned long n)
{
	qsort(samples, n, sizeof(*samples), compare);
	printk_raw("%-8s %10lu %10lu %10lu  %s", what, units(samples[0]), units(samples[n / 2]),
		   units(samples[n - 1]), unit());
}

static unsigned int pick(struct cycles *c)
{
	unsigned int n = (unsigned int)random_below(&c->random, cpumask_weight(c->mask));
	unsigned int cpu;

	for_each_cpu (cpu, c->mask) {
		if (!n--)
			break;
	}
	return cpu;
}

/* Until all are done, ctrl-c (false in *whole), or an error. */
static int run_cycles(struct cycles *c, bool *whole)
{
	uint64_t start = time_now(), told = 0;

	for (*whole = true; c->done < c->wanted; c->done++) {
		uint64_t second = (time_now() - start) / timebase_hz;
		unsigned int cpu = pick(c);
		int err = move(cpu, false, &c->down[c->done % SAMPLES]);

		if (!err)
			err = move(cpu, true, &c->up[c->done % SAMPLES]);
		if (err) {
			printk_raw("hotplug: cpu%u, in cycle %lu: error %d", cpu, c->done + 1, err);
			return err;
		}
		if (second != told)
			printk_raw("# hotplug: %lu of %lu cycles", c->done + 1, c->wanted);
		told = second;
		if (console_wait_break(0)) {
			*whole = false;
			c->done++;
			break;
		}
	}
	return 0;
}

static int cycle(struct cycles *c)
{
	uint64_t start = time_now();
	bool whole;
	int err;

	if (cpumask_empty(c->mask)) {
		printk_raw("hotplug: none of these cpus is online");
		return -ENXIO;
	}
	c->down = kmalloc(MIN(c->wanted, (unsigned long)SAMPLES) * sizeof(*c->down));
	c->up = kmalloc(MIN(c->wanted, (unsigned long)SAMPLES) * sizeof(*c->up));
	if (!c->down || !c->up)
		return -ENOMEM;
	err = run_cycles(c, &whole);
	printk_raw("%lu cycles off and on%s in %lu ms", c->done, whole ? "" : ", ended by ctrl-c,",
		   ticks_to_ns(time_now() - start) / 1000000);
	if (c->done) {
		printk_raw("%-8s %10s %10s %10s", "", "min", "median", "max");
		print_times("offline", c->down, MIN(c->done, (unsigned long)SAMPLES));
		print_times("online", c->up, MIN(c->done, (unsigned long)SAMPLES));
	}
	return err;
}

static int cmd_hotplug(int argc, char **argv)
{
	struct cycles c = {.wanted = CYCLES_DEFAULT,
			   .random = seed_given ? random_seed : time_now()};
	int err = 0;

	if (argc > 3)
		return -EINVAL;
	if (argc > 1 && shell_number(argv[0], argv[1], CYCLES_MAX, &c.wanted))
		return -EINVAL;
	if (!c.wanted)
		return shell_bad(argv[0], argv[1], "cycles would tell nothing");
	c.mask = cpumask_alloc(NUMA_NO_NODE);
	if (!c.mask)
		return -ENOMEM;
	if (argc > 2)
		err = cpu_list_arg(argv[0], argv[2], c.mask);
	else
		cpumask_setall(c.mask);
	/* One that is down would have to stay down. */
	cpumask_and(c.mask, c.mask, cpu_online_mask);
	if (!err)
		err = cycle(&c);
	kfree(c.down);
	kfree(c.up);
	cpumask_free(c.mask);
	return err;
}
SHELL_COMMAND(hotplug, "[cycles] [list]", "stops and starts random cpus, of all or of a list",
	      cmd_hotplug);
