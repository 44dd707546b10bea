/* SPDX-License-Identifier: BSD-2-Clause */
/* states, fail: where each hart is in the table of hotplug rows, and which row is to fail. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/cpu.h"
#include "core/hotplug.h"
#include "core/page.h"
#include "shell/shell.h"

static int get(const _Atomic int *value)
{
	return atomic_load_explicit(value, memory_order_relaxed);
}

static const char *section_of(int state)
{
	if (state == CPUHP_OFFLINE || state == CPUHP_ONLINE)
		return "";
	if (state <= CPUHP_BRINGUP_CPU)
		return "prepare";
	return state < CPUHP_AP_ONLINE ? "starting" : "online";
}

static const char *name_of(int state)
{
	const char *name = cpuhp_state_name(state);

	return name ? name : "-";
}

/* The harts that have this row behind them and the next one not. */
static void harts_at(int state, struct cpumask *mask)
{
	unsigned int cpu;

	cpumask_clear(mask);
	for_each_populated_cpu (cpu) {
		if ((int)cpuhp_state_of(cpu) == state)
			cpumask_set_cpu(cpu, mask);
	}
}

static int print_table(void)
{
	struct cpumask *mask = cpumask_alloc(NUMA_NO_NODE);
	char harts[64];

	if (!mask)
		return -ENOMEM;
	printk_raw("state  %-24s %-9s cpus that have come so far", "row", "section");
	for (int state = CPUHP_OFFLINE; state <= CPUHP_ONLINE; state++) {
		harts_at(state, mask);
		cpumask_format(harts, sizeof(harts), mask);
		if (cpuhp_state_name(state) || harts[0])
			printk_raw("%5d  %-24s %-9s %s", state, name_of(state), section_of(state),
				   harts);
	}
	cpumask_free(mask);
	return 0;
}

/* True if there is something. */
static bool print_fail(unsigned int cpu)
{
	int fail = get(&per_cpu_ptr(&cpuhp_state, cpu)->fail);

	if (fail)
		printk_raw("cpu%u fails once at %s on its way %s", cpu,
			   name_of(fail < 0 ? -fail : fail), fail < 0 ? "down" : "up");
	return fail;
}

static void print_cpu(unsigned int cpu)
{
	const struct cpuhp_cpu_state *st = per_cpu_ptr(&cpuhp_state, cpu);
	int state = get(&st->state), target = get(&st->target), row = get(&st->row);
	int last = get(&st->last);

	printk_raw("cpu%u (hart %lu) is %s, in state %d %s", cpu, cpu_to_hartid(cpu),
		   cpu_state_name(get(&cpu_info(cpu)->state)), state, name_of(state));
	if (target != state)
		printk_raw("  its target %s %d %s", row ? "is" : "was last", target,
			   name_of(target));
	if (row)
		printk_raw("  row %d %s runs now", row, name_of(row));
	if (last)
		printk_raw("  the latest way failed at %d %s: error %d, %s", last, name_of(last),
			   get(&st->result),
			   get(&st->rollback) ? "and the way back, too" : "and was undone");
	print_fail(cpu);
}

/* A word that names any possible cpu that has memory, and so a state. */
static int cpu_word(const char *command, const char *word, unsigned int *cpu)
{
	unsigned long n;

	if (shell_number(command, word, UINT32_MAX, &n))
		return -EINVAL;
	if (n >= nr_cpu_ids || !percpu_base[n]) {
		shell_bad(command, word, "is no cpu here");
		return -ENODEV;
	}
	*cpu = (unsigned int)n;
	return 0;
}

static int cmd_states(int argc, char **argv)
{
	unsigned int cpu;
	int err;

	if (argc > 2)
		return -EINVAL;
	if (argc == 1)
		return print_table();
	err = cpu_word(argv[0], argv[1], &cpu);
	if (!err)
		print_cpu(cpu);
	return err;
}
SHELL_COMMAND(states, "[cpu]", "the rows of hotplug, and how far each cpu has come", cmd_states);

static int clear_all(void)
{
	unsigned int cpu;

	for_each_populated_cpu (cpu)
		cpuhp_fail_set(CPUHP_INVALID, cpu, true);
	return 0;
}

static int print_all(void)
{
	unsigned int cpu;
	bool any = false;

	for_each_populated_cpu (cpu)
		any |= print_fail(cpu);
	if (!any)
		printk_raw("no row is to fail");
	return 0;
}

static int cmd_fail(int argc, char **argv)
{
	unsigned int cpu;
	bool up;
	int state, err;

	if (argc == 1)
		return print_all();
	if (argc == 2 && !strcmp(argv[1], "clear"))
		return clear_all();
	if (argc != 4)
		return -EINVAL;
	state = cpuhp_state_find(argv[1]);
	if (state < 0) {
		shell_bad(argv[0], argv[1], "is no row; try states");
		return state;
	}
	err = cpu_word(argv[0], argv[2], &cpu);
	if (err)
		return err;
	up = !strcmp(argv[3], "up");
	if (!up && strcmp(argv[3], "down"))
		return shell_bad(argv[0], argv[3], "is neither up nor down");
	err = cpuhp_fail_set(state, cpu, up);
	/* A row that cannot fail is no wrong use of the command. */
	if (err == -EINVAL) {
		shell_bad(argv[0], argv[1], up ? "cannot fail upwards" : "cannot fail downwards");
		return -EPERM;
	}
	if (!err)
		print_fail(cpu);
	return err;
}

/* The index-th row that has a name; clear first. */
static const char *complete_row(size_t index)
{
	if (!index--)
		return "clear";
	for (int state = CPUHP_OFFLINE + 1; state < CPUHP_ONLINE; state++) {
		const char *name = cpuhp_state_name(state);

		if (name && !index--)
			return name;
	}
	return NULL;
}
SHELL_COMMAND_COMPLETE(fail, "[row cpu up|down | clear]",
		       "the next pass of a cpu through a row fails once", cmd_fail, complete_row);
