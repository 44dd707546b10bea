/* SPDX-License-Identifier: BSD-2-Clause */
/* harts: every hart that the device tree names, and what became of it. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "arch/riscv/boot.h"
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

/* Longest isa shown; QEMU's "max" model needs half of it. */
#define ISA_MAX 1024

/*
 * One notation for both properties: riscv,isa as it is, riscv,isa-extensions put together like it.
 */
static void isa_text(const struct fdt_cpu *fdt, char buf[ISA_MAX])
{
	size_t used = 0;

	buf[0] = '\0';
	if (!fdt)
		return;
	if (!fdt->isa_ext || fdt->isa) {
		snprintf(buf, ISA_MAX, "%s", fdt->isa ? fdt->isa : "");
		return;
	}
	used = (size_t)snprintf(buf, ISA_MAX, "rv64");
	for (uint32_t at = 0; at < fdt->isa_ext_len && used < ISA_MAX;) {
		const char *ext = fdt->isa_ext + at;
		size_t len = strlen(ext);

		used += (size_t)snprintf(buf + used, ISA_MAX - used, "%s%s", len > 1 ? "_" : "",
					 ext);
		at += (uint32_t)len + 1;
	}
}

/* The first cpu whose isa is the same, so that long ones are shown once. */
static unsigned int same_isa(unsigned int cpu, const char *isa)
{
	static char other[ISA_MAX];

	for (unsigned int i = 0; i < cpu; i++) {
		isa_text(cpu_info(i)->fdt, other);
		if (!strcmp(isa, other))
			return i;
	}
	return cpu;
}

/* Extensions with long names, in lines that fit a terminal. */
static void print_extensions(unsigned int cpu, const char *isa)
{
	const char *at = strchr(isa, '_');

	if (!at || same_isa(cpu, isa) != cpu)
		return;
	printk_raw("extensions of cpu%u and all that say so:", cpu);
	for (at++; *at;) {
		char line[77];
		size_t used = 0, len;

		while ((len = strcspn(at, "_")) && used + len + 1 < sizeof(line)) {
			used += (size_t)snprintf(line + used, sizeof(line) - used, " %.*s",
						 (int)len, at);
			at += len + (at[len] == '_');
		}
		/* A name longer than a line cannot be: it would not end. */
		if (!used)
			break;
		printk_raw(" %s", line);
	}
}

static void print_cpu(unsigned int cpu)
{
	struct cpu_info *info = cpu_info(cpu);
	int state = atomic_load_explicit(&info->state, memory_order_relaxed);
	uint64_t online = atomic_load_explicit(&info->online_ticks, memory_order_relaxed);
	static char isa[ISA_MAX];
	char time[24] = "-", rest[80];

	if (state != CPU_ONLINE) {
		char reason[64];

		snprintf(rest, sizeof(rest), "%s", cpu_failure(cpu, reason, sizeof(reason)));
	} else {
		int letters;

		isa_text(info->fdt, isa);
		letters = (int)strcspn(isa, "_");
		if (!info->fdt)
			snprintf(rest, sizeof(rest), "not in the device tree");
		else if (isa[letters])
			snprintf(rest, sizeof(rest), "%.*s, see cpu%u", letters, isa,
				 same_isa(cpu, isa));
		else
			snprintf(rest, sizeof(rest), "%.*s", letters, isa);
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
	static char isa[ISA_MAX];
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
	for_each_possible_cpu (cpu) {
		isa_text(cpu_info(cpu)->fdt, isa);
		print_extensions(cpu, isa);
	}
	printk_raw("%u of %u possible cpus online", num_online_cpus(), nr_cpu_ids);
	if (late_arrivals())
		printk_raw("%u came after they had been given up, and are parked", late_arrivals());
	if (atomic_load_explicit(&stray_harts, memory_order_relaxed))
		printk_raw(
			"%u entered unasked, or with a record not theirs, the last as hart %lu, and are parked",
			atomic_load_explicit(&stray_harts, memory_order_relaxed),
			atomic_load_explicit(&stray_hartid, memory_order_relaxed));
	return 0;
}
SHELL_COMMAND(harts, "", "every hart: state, ids, isa, and why one is not online", cmd_harts);
