/* SPDX-License-Identifier: BSD-2-Clause */
/* harts: every hart that the device tree names, and what became of it. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/cpu.h"
#include "core/fdt.h"
#include "core/page.h"
#include "core/smp.h"
#include "core/time.h"
#include "shell/shell.h"

#define NO_CPU (-1)

/* Number of a node as text: trees without numa-node-id show a dash. */
static const char *node_text(int node, char *buf, size_t size)
{
	if (node == NUMA_NO_NODE)
		return "-";
	snprintf(buf, size, "%d", node);
	return buf;
}

/* One row. Long isa strings stand last, so that they break no column. */
static void print_row(int cpu, unsigned long hartid, const char *state, int node, const char *time,
		      const char *rest)
{
	char cpu_text[12], node_buf[12];

	snprintf(cpu_text, sizeof(cpu_text), "%d", cpu);
	printk_raw("%4s %10lu %-9s %4s %9s  %s", cpu == NO_CPU ? "-" : cpu_text, hartid, state,
		   node_text(node, node_buf, sizeof(node_buf)), time, rest);
}

static const char *isa_text(const struct fdt_cpu *fdt, char *buf, size_t size)
{
	size_t used = 0;

	if (!fdt)
		return "not in the device tree";
	if (fdt->isa)
		return fdt->isa;
	buf[0] = '\0';
	for (uint32_t at = 0; fdt->isa_ext && at < fdt->isa_ext_len;) {
		const char *ext = fdt->isa_ext + at;
		int n = snprintf(buf + used, size - used, "%s%s", used ? " " : "", ext);

		if (n < 0 || (size_t)n >= size - used)
			break;
		used += (size_t)n;
		at += (uint32_t)strlen(ext) + 1;
	}
	return buf;
}

static void print_cpu(unsigned int cpu)
{
	struct cpu_info *info = cpu_info(cpu);
	int state = atomic_load_explicit(&info->state, memory_order_relaxed);
	uint64_t online = atomic_load_explicit(&info->online_ticks, memory_order_relaxed);
	char time[24] = "-", reason[80], isa[256];
	const char *rest;

	if (state != CPU_ONLINE) {
		rest = cpu_failure(cpu, reason, sizeof(reason));
	} else {
		rest = isa_text(info->fdt, isa, sizeof(isa));
		/* The boot hart was not started by us. */
		if (info->start_ticks)
			snprintf(time, sizeof(time), "%lu us",
				 (unsigned long)(ticks_to_ns(online - info->start_ticks) / 1000));
		else
			snprintf(time, sizeof(time), "boot");
	}
	print_row((int)cpu, info->hartid, cpu_state_name(state), info->node, time, rest);
}

/* A hart of the tree that is no possible cpu. */
static void print_left_out(const struct fdt_cpu *fdt)
{
	const char *why = "excluded by cpus= or nr_cpus=";

	if (fdt->use != FDT_CPU_USABLE)
		why = fdt_cpu_use_name(fdt->use);
	print_row(NO_CPU, fdt->hartid, "left out", fdt->node, "-", why);
}

static int cmd_harts(int argc, char **argv)
{
	unsigned int n;
	const struct fdt_cpu *fdt = fdt_cpus(&n);
	unsigned int cpu;

	(void)argv;
	if (argc > 1)
		return -EINVAL;
	printk_raw(" cpu       hart state     node   startup  isa, or why not online");
	for_each_possible_cpu (cpu)
		print_cpu(cpu);
	for (unsigned int i = 0; i < n; i++) {
		int at = hartid_to_cpu(fdt[i].hartid);

		if (at < 0 || cpu_info((unsigned int)at)->fdt != &fdt[i])
			print_left_out(&fdt[i]);
	}
	printk_raw("%u of %u possible cpus online", num_online_cpus(), nr_cpu_ids);
	if (late_arrivals())
		printk_raw("%u came after they had been given up, and are parked", late_arrivals());
	return 0;
}
SHELL_COMMAND(harts, "", "every hart: state, ids, isa, and why one is not online", cmd_harts);
