/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the torture on all harts, and gives the verdict. */
#include "tests/torture/torture.h"

#include <errno.h>
#include <stdio.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/time.h"
#include "ipi/backend.h"
#include "ipi/call_stats.h"
#include "shell/shell.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/run_on.h"
#include "tests/torture/internal.h"

/* Of all calls that should have been accepted; fewer would make a pass mean nothing. */
#define ACCEPTED_PERCENT       95
#define ACCEPTED_PERCENT_CLOSE 50
/* How long the last calls may take to come home; counted instructions pass slowly. */
#define HOME_MS		      20000
#define HOME_MS_DETERMINISTIC 200
/* Told of each kind of fault. */
#define FAULTS_TOLD 5

struct torture_limits torture_wanted;
PARAM_UINT("torture", torture_wanted.seconds, 1, 10000000,
	   "seconds of all kinds of calls at once; then power off");
PARAM_UINT("torture_ops", torture_wanted.ops, 1, UINT64_MAX,
	   "operations of each hart at which torture= ends early");

bool torture_close;
PARAM_BOOL("torture_close", torture_close,
	   "in torture harts close their queues for moments, as if they went down");

struct torturer **torturers;

static _Atomic unsigned long faults[FAULTS];
static _Atomic bool stop;
static uint64_t ops_limit, deadline;

void torture_fault(enum fault_kind kind, const char *fmt, ...)
{
	char text[160];
	va_list args;

	if (atomic_fetch_add_explicit(&faults[kind], 1, memory_order_relaxed) >= FAULTS_TOLD)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pr_err("torture: %s", text);
}

static unsigned long faults_of(enum fault_kind kind)
{
	return atomic_load_explicit(&faults[kind], memory_order_relaxed);
}

uint64_t torture_seed(void)
{
	return seed_given ? random_seed : time_now();
}

static uint64_t home_deadline(void)
{
	return deadline_ms(deterministic ? HOME_MS_DETERMINISTIC : HOME_MS);
}

/* --- one hart --- */

static bool quiet(void *me)
{
	return torturer_quiet(me);
}

/* Lazy works come with the next interrupt: here it is. */
static void come_home(struct torturer *me)
{
	uint64_t give_up = home_deadline();
	unsigned long flags;

	/* While one is out, others may queue more on this cpu. */
	do {
		flags = local_irq_save();
		irq_work_run();
		local_irq_restore(flags);
		if (poll_until(quiet, me, time_now() + ns_to_ticks(1000000)))
			return;
	} while (time_now() < give_up);
	torturer_report(me);
}

static bool is_over(struct torturer *me)
{
	return atomic_load_explicit(&stop, memory_order_relaxed) ||
	       (ops_limit && atomic_load_explicit(&me->ops, memory_order_relaxed) >= ops_limit);
}

static void torture_here(void *arg)
{
	struct torturer *me = arg;

	while (!is_over(me))
		torture_op(me);
}

/* --- all of them --- */

static void free_torturer(struct torturer *t)
{
	if (!t)
		return;
	for (unsigned int i = 0; i < SHOUTS; i++) {
		cpumask_free(t->shouts[i].want);
		cpumask_free(t->shouts[i].seen);
	}
	kfree(t->pairs);
	kfree(t);
}

static struct torturer *new_torturer(unsigned int cpu, uint64_t seed)
{
	int node = cpu_to_node(cpu);
	struct torturer *t = kzalloc_node(sizeof(*t), node);
	bool complete;

	if (!t)
		return NULL;
	t->cpu = cpu;
	t->random = random_mix(seed + 2 * cpu);
	t->handler_random = random_mix(seed + 2 * cpu + 1);
	t->pairs = kzalloc_node(nr_cpu_ids * sizeof(*t->pairs), node);
	complete = t->pairs;
	for (unsigned int i = 0; i < SHOUTS; i++) {
		t->shouts[i].want = cpumask_alloc(node);
		t->shouts[i].seen = cpumask_alloc(node);
		complete &= t->shouts[i].want && t->shouts[i].seen;
	}
	for (unsigned int i = 0; i < TICKETS; i++)
		init_irq_work(&t->tickets[i].work, ticket_work);
	init_irq_work(&t->hot.work, hot_run);
	t->hot_lazy.work = (struct irq_work)IRQ_WORK_INIT_LAZY(hot_run);
	if (complete)
		return t;
	free_torturer(t);
	return NULL;
}

static void free_all(void)
{
	for (unsigned int cpu = 0; torturers && cpu < nr_cpu_ids; cpu++)
		free_torturer(torturers[cpu]);
	kfree(torturers);
	torturers = NULL;
}

static int prepare_all(uint64_t seed)
{
	unsigned int cpu;

	torturers = kzalloc(nr_cpu_ids * sizeof(struct torturer *));
	if (!torturers)
		return -ENOMEM;
	for_each_online_cpu (cpu) {
		torturers[cpu] = new_torturer(cpu, seed);
		if (!torturers[cpu]) {
			free_all();
			return -ENOMEM;
		}
	}
	for (unsigned int kind = 0; kind < FAULTS; kind++)
		atomic_store_explicit(&faults[kind], 0, memory_order_relaxed);
	return 0;
}

struct totals {
	uint64_t ops, tried, accepted, busy, timed_out, nested;
};

static void sum_up(struct totals *sum)
{
	unsigned int cpu;

	*sum = (struct totals){0};
	for_each_possible_cpu (cpu) {
		const struct torturer *t = torturers[cpu];

		if (!t)
			continue;
		sum->ops += atomic_load_explicit(&t->ops, memory_order_relaxed);
		sum->tried += atomic_load_explicit(&t->tried, memory_order_relaxed);
		sum->accepted += atomic_load_explicit(&t->accepted, memory_order_relaxed);
		sum->busy += atomic_load_explicit(&t->busy, memory_order_relaxed);
		sum->timed_out += atomic_load_explicit(&t->timed_out, memory_order_relaxed);
		sum->nested += atomic_load_explicit(&t->nested, memory_order_relaxed);
	}
}

static bool all_idle(void *arg)
{
	unsigned int cpu;

	(void)arg;
	for_each_possible_cpu (cpu) {
		if (torturers[cpu] && cpu != smp_processor_id() && !run_on_done(cpu))
			return false;
	}
	return true;
}

/* This hart takes part, and tells how it goes. */
static void torture_and_tell(struct torturer *me, uint64_t seconds)
{
	uint64_t start = time_now(), told = 0;

	while (!is_over(me) && time_now() < deadline) {
		uint64_t second = (time_now() - start) / timebase_hz;
		struct totals sum;

		torture_op(me);
		if (second == told)
			continue;
		told = second;
		sum_up(&sum);
		printk_raw("# torture: %lu of %lu s, %lu calls", second, seconds, sum.accepted);
	}
	/* The others may have more to do, if they count operations. */
	if (ops_limit)
		poll_until(all_idle, NULL, deadline);
	atomic_store_explicit(&stop, true, memory_order_relaxed);
}

static void home(void *arg)
{
	come_home(arg);
}

/* All harts at once; false if some did not come back. */
static bool on_all(void (*fn)(void *arg))
{
	unsigned int cpu;

	for_each_possible_cpu (cpu) {
		int err;

		if (!torturers[cpu] || cpu == smp_processor_id())
			continue;
		err = run_on(cpu, fn, torturers[cpu]);
		if (err) {
			pr_err("torture: cpu%u cannot take part: error %d", cpu, err);
			return false;
		}
	}
	return true;
}

/* False: some harts are still at it, and what they use must stay. */
static bool run_all(uint64_t seconds)
{
	struct torturer *me = torturer_here();
	bool all;

	deadline = time_now() + seconds * timebase_hz;
	all = on_all(torture_here);
	if (all)
		torture_and_tell(me, seconds);
	atomic_store_explicit(&stop, true, memory_order_relaxed);
	if (!poll_until(all_idle, NULL, home_deadline()))
		return false;
	/* Nobody calls any more but functions that still come home, and call on. */
	all &= on_all(home);
	come_home(me);
	return poll_until(all_idle, NULL, home_deadline()) && all;
}

/* --- the verdict --- */

static unsigned int number, failed;

static void verdict(bool ok, const char *name)
{
	failed += !ok;
	printk_raw("    %sok %u %s", ok ? "" : "not ", ++number, name);
}

static bool is_balanced(void *arg)
{
	struct call_totals t;

	(void)arg;
	call_stats_sum(&t);
	return t.queued == t.run;
}

/* Calls that only a second ring has brought home, as of the start. */
static uint64_t recovered_before;

static uint64_t recovered(void)
{
	struct call_totals t;

	call_stats_sum(&t);
	return t.recovered;
}

static unsigned int judge(bool came_home, const struct totals *sum, unsigned int suite)
{
	unsigned int percent = torture_close ? ACCEPTED_PERCENT_CLOSE : ACCEPTED_PERCENT;

	number = failed = 0;
	printk_raw("    KTAP version 1\n    # Subtest: torture\n    1..10");
	verdict(came_home, "all_harts_came_home");
	verdict(sum->accepted && sum->accepted * 100 >= sum->tried * percent, "enough_accepted");
	verdict(!faults_of(FAULT_LOST), "none_lost");
	verdict(!faults_of(FAULT_TWICE), "none_twice");
	verdict(!faults_of(FAULT_ORDER), "in_order");
	verdict(!faults_of(FAULT_PLACE), "in_place");
	verdict(!faults_of(FAULT_EARLY), "waited_for");
	verdict(!faults_of(FAULT_ANSWER), "answers");
	verdict(recovered() == recovered_before, "no_ring_lost");
	verdict(came_home && poll_until(is_balanced, NULL, deadline_ms(1000)), "counters_balance");
	printk_raw("%sok %u torture", failed ? "not " : "", suite);
	return failed;
}

unsigned int torture_run(const struct torture_limits *limits, uint64_t seed, unsigned int suite)
{
	struct totals sum;
	bool came_home;
	int err = prepare_all(seed);

	if (err) {
		printk_raw("# torture: error %d\nnot ok %u torture", err, suite);
		return 1;
	}
	printk_raw("# torture: %u harts, %lu s, seed %lu, IPIs by %s", num_online_cpus(),
		   limits->seconds, seed, ipi_backend()->name);
	atomic_store_explicit(&stop, false, memory_order_relaxed);
	ops_limit = limits->ops;
	recovered_before = recovered();
	came_home = run_all(limits->seconds);
	if (came_home)
		torture_balance();
	sum_up(&sum);
	printk_raw(
		"STATS torture=calls harts=%u seed=%lu ipi=%s ops=%lu tried=%lu accepted=%lu no_ticket=%lu "
		"timed_out=%lu nested=%lu",
		num_online_cpus(), seed, ipi_backend()->name, sum.ops, sum.tried, sum.accepted,
		sum.busy, sum.timed_out, sum.nested);
	failed = judge(came_home, &sum, suite);
	/* What a hart that did not come home might still use stays. */
	if (came_home)
		free_all();
	return failed;
}

static int cmd_torture(int argc, char **argv)
{
	struct torture_limits limits = {0};
	uint64_t seed = torture_seed();
	unsigned long n;

	if (argc < 2 || argc > 3)
		return -EINVAL;
	if (shell_number(argv[0], argv[1], 10000000, &n))
		return -EINVAL;
	if (!n)
		return shell_bad(argv[0], argv[1], "seconds would test nothing");
	limits.seconds = n;
	if (argc == 3 && shell_number(argv[0], argv[2], UINT64_MAX, &seed))
		return -EINVAL;
	ktest_plan(1);
	torture_run(&limits, seed, 1);
	return 0;
}
SHELL_COMMAND(torture, "<seconds> [seed]",
	      "all kinds of calls from all harts at once, accounted for", cmd_torture);
