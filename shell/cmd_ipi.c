/* SPDX-License-Identifier: BSD-2-Clause */
/* ipi, stats, irqs: how interrupts come, and what was counted. */
#include <errno.h>
#include <stdio.h>

#include "core/cpu.h"
#include "core/time.h"
#include "drivers/irq.h"
#include "ipi/backend.h"
#include "ipi/call_stats.h"
#include "shell/shell.h"
#include "threads/stop_machine.h"

static const char *state_text(int state, char *buf, size_t size)
{
	switch (state) {
	case 0:
		return "present";
	case -ENODEV:
		return "absent";
	case -EAGAIN:
		return "not looked for";
	default:
		snprintf(buf, size, "unusable: error %d", state);
		return buf;
	}
}

static int cmd_ipi(int argc, char **argv)
{
	const struct ipi_backend *backend;
	unsigned int cpu;
	int state;

	(void)argv;
	if (argc > 1)
		return -EINVAL;
	printk_raw("back end  rating  state");
	for (unsigned int i = 0; (backend = ipi_backend_nth(i, &state)); i++) {
		char buf[32];

		printk_raw("%-9s %6u  %s%s", backend->name, backend->rating,
			   state_text(state, buf, sizeof(buf)),
			   backend == ipi_backend() ? ", in use" : "");
	}
	printk_raw(" cpu      rings interrupts   spurious");
	for_each_online_cpu (cpu) {
		struct call_totals t;

		call_stats_of(cpu, &t);
		printk_raw("%4u %10lu %10lu %10lu", cpu, t.rings, t.interrupts, t.spurious);
	}
	return 0;
}
SHELL_COMMAND(ipi, "", "how harts are interrupted: back ends, counts", cmd_ipi);

static void print_stats(const char *cpu, const struct call_totals *t)
{
	printk_raw(
		"STATS cpu=%s queued=%lu run=%lu refused=%lu local=%lu rings=%lu saved=%lu interrupts=%lu spurious=%lu "
		"timeouts=%lu recovered=%lu",
		cpu, t->queued, t->run, t->refused, t->local, t->rings, t->saved, t->interrupts,
		t->spurious, t->timeouts, t->recovered);
}

/* How long calls that are on their way now may take to be run and counted. */
#define SETTLE_MS 100

static bool is_balanced(void *totals)
{
	struct call_totals *t = totals;

	call_stats_sum(t);
	return t->queued == t->run;
}

static int cmd_stats(int argc, char **argv)
{
	struct call_totals t;
	unsigned int cpu;
	bool balanced;

	(void)argv;
	if (argc > 1)
		return -EINVAL;
	for_each_populated_cpu (cpu) {
		char name[12];

		call_stats_of(cpu, &t);
		snprintf(name, sizeof(name), "%u", cpu);
		print_stats(name, &t);
	}
	balanced = poll_until(is_balanced, &t, deadline_ms(SETTLE_MS));
	print_stats("all", &t);
	/* More run than queued is a fault at any time; fewer, only if nobody is calling. */
	printk_raw("STATS calls=%s in_flight=%ld",
		   balanced	      ? "balanced"
		   : t.run > t.queued ? "WRONG"
				      : "in-flight",
		   (long)(t.queued - t.run));
	printk_raw("STATS stop_machine=%lu max_irqoff_ns=%lu", stop_machine_count(),
		   ticks_to_ns(stop_machine_max_irqoff()));
	return 0;
}
SHELL_COMMAND(stats, "",
	      "what each cpu counted of calls, whether the sums are right, and how "
	      "long stop_machine held harts at worst",
	      cmd_stats);

static int cmd_irqs(int argc, char **argv)
{
	struct irq_info info;
	unsigned int cpu;

	(void)argv;
	if (argc > 1)
		return -EINVAL;
	printk_raw(" irq  cpu      count  source  controller  device");
	for (int irq = 1; !irq_get_info(irq, &info); irq++)
		printk_raw("%4d %4u %10lu %7u  %-10s  %s%s", irq, info.cpu, info.count, info.hwirq,
			   info.controller, info.name, info.masked ? " (masked)" : "");
	for_each_online_cpu (cpu) {
		if (irq_spurious(cpu))
			printk_raw("cpu%u: %lu without a source", cpu, irq_spurious(cpu));
	}
	return 0;
}
SHELL_COMMAND(irqs, "", "external interrupts: from whom, to which cpu, how many", cmd_irqs);
