/* SPDX-License-Identifier: BSD-2-Clause */
/* A torture from its beginning to the verdict. */
#include "tests/torture/torture.h"

#include <errno.h>
#include <stdio.h>

#include "core/cpu.h"
#include "core/page.h"
#include "core/printk.h"
#include "core/time.h"
#include "ipi/backend.h"
#include "ipi/call_stats.h"
#include "shell/shell.h"
#include "tests/kernel/ktest.h"
#include "tests/torture/internal.h"

/* Of all calls that should have been accepted; fewer would make a pass mean nothing. */
#define ACCEPTED_PERCENT       95
#define ACCEPTED_PERCENT_CLOSE 50
/* With harts that are down half of the time. */
#define ACCEPTED_PERCENT_HOTPLUG 25
/* Pages that may stay: stacks for threads that come again, objects in half-filled pages. */
#define PAGES_KEPT(harts) (64 + 24 * (harts))
/* Told of each kind of fault. */
#define FAULTS_TOLD 5

static _Atomic unsigned long faults[FAULTS];

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

static unsigned int percent_due(void)
{
	if (torture_mixes(MIX_HOTPLUG))
		return ACCEPTED_PERCENT_HOTPLUG;
	return torture_close ? ACCEPTED_PERCENT_CLOSE : ACCEPTED_PERCENT;
}

static bool enough(const struct torture_totals *sum)
{
	return sum->accepted >= ACCEPTED_MIN * num_online_cpus() &&
	       sum->accepted * 100 >= sum->tried * percent_due();
}

static unsigned long pages_used(void)
{
	struct page_stats stats;

	page_stats(&stats);
	return stats.used;
}

static unsigned int judge(bool came_home, const struct torture_totals *sum, unsigned int suite,
			  const char *name, unsigned long pages_before)
{
	number = failed = 0;
	printk_raw("    KTAP version 1\n    # Subtest: %s\n    1..13", name);
	verdict(came_home, "all_harts_came_home");
	verdict(enough(sum), "enough_accepted");
	verdict(actors_acted(), "all_came_about");
	verdict(!faults_of(FAULT_LOST), "none_lost");
	verdict(!faults_of(FAULT_TWICE), "none_twice");
	verdict(!faults_of(FAULT_ORDER), "in_order");
	verdict(!faults_of(FAULT_PLACE), "in_place");
	verdict(!faults_of(FAULT_EARLY), "waited_for");
	verdict(!faults_of(FAULT_ANSWER), "answers");
	verdict(recovered() == recovered_before, "no_ring_lost");
	verdict(came_home && poll_until(is_balanced, NULL, deadline_ms(1000)), "counters_balance");
	if (firmware_counts())
		verdict(firmware_sent_all(), "firmware_sent_all_rings");
	else
		printk_raw("    ok %u firmware_sent_all_rings # SKIP it does not count them",
			   ++number);
	verdict(came_home && !faults_of(FAULT_LEAK) &&
			pages_used() <= pages_before + PAGES_KEPT(num_online_cpus()),
		"memory_is_steady");
	printk_raw("%sok %u %s", failed ? "not " : "", suite, name);
	return failed;
}

unsigned int torture_run(const struct torture_limits *limits, uint64_t seed, unsigned int suite,
			 const char *name)
{
	unsigned long pages_before = pages_used();
	bool came_home;
	struct torture_totals sum;
	int err = torture_mix_unknown() ? -EINVAL : torturers_make(seed);

	if (err) {
		printk_raw("# torture: error %d\nnot ok %u %s", err, suite, name);
		return 1;
	}
	printk_raw("# torture: %u harts, %lu s, seed %lu, IPIs by %s", num_online_cpus(),
		   limits->seconds, seed, ipi_backend()->name);
	for (unsigned int kind = 0; kind < FAULTS; kind++)
		atomic_store_explicit(&faults[kind], 0, memory_order_relaxed);
	fw_ipis = fw_rings = 0;
	torture_limits = *limits;
	recovered_before = recovered();
	came_home = torturers_run(limits->seconds, seed);
	actors_tell();
	if (came_home) {
		sleepers_stop();
		torture_balance();
	}
	torture_sum(&sum);
	printk_raw(
		"STATS torture=calls harts=%u seed=%lu ipi=%s ops=%lu tried=%lu accepted=%lu no_ticket=%lu "
		"timed_out=%lu nested=%lu fw_ipis=%lu fw_rings=%lu",
		num_online_cpus(), seed, ipi_backend()->name, sum.ops, sum.tried, sum.accepted,
		sum.busy, sum.timed_out, sum.nested, fw_ipis, fw_rings);
	/* What a hart that did not come home might still use stays. */
	if (came_home)
		torturers_free();
	return judge(came_home, &sum, suite, name, pages_before);
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
	torture_run(&limits, seed, 1, "torture");
	return 0;
}
SHELL_COMMAND(torture, "<seconds> [seed]",
	      "all kinds of calls from all harts at once, accounted for", cmd_torture);
