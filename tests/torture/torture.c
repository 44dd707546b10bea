/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the torture on all harts, and gives the verdict. */
#include "tests/torture/torture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/page.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/time.h"
#include "ipi/backend.h"
#include "ipi/call_stats.h"
#include "sbi/base.h"
#include "sbi/pmu.h"
#include "sbi/sbi.h"
#include "shell/shell.h"
#include "tests/kernel/ktest.h"
#include "tests/list.h"
#include "tests/torture/internal.h"
#include "threads/smpboot.h"

/* Of all calls that should have been accepted; fewer would make a pass mean nothing. */
#define ACCEPTED_PERCENT       95
#define ACCEPTED_PERCENT_CLOSE 50
/* With harts that are down half of the time. */
#define ACCEPTED_PERCENT_HOTPLUG 25
/* Of each hart. */
#define ACCEPTED_MIN 20
/* Pages that may stay: stacks for threads that come again, objects in half-filled pages. */
#define PAGES_KEPT(harts) (64 + 24 * (harts))
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

PARAM_UINT("torture_cycles", torture_wanted.cycles, 1, 10000000,
	   "harts go off and on in turn, not at random, with a look for leaks each time; after so "
	   "many torture= ends early, and fails if it comes to fewer");

bool torture_close;
PARAM_BOOL("torture_close", torture_close,
	   "in torture harts close their queues for moments, as if they went down");

static const char *const mix_names[MIXES] = {
	[MIX_TIMERS] = "timers",   [MIX_WAKES] = "wakes",   [MIX_HOTPLUG] = "hotplug",
	[MIX_FAIL] = "fail",	   [MIX_FREEZE] = "freeze", [MIX_PARK] = "park",
	[MIX_SMPBOOT] = "smpboot", [MIX_STOP] = "stop",	    [MIX_WORKS] = "works",
};

static char mix_wanted[80] = "all";

static bool is_mix(const char *word, size_t len)
{
	if (len == 5 && !strncmp(word, "calls", len))
		return true;
	for (unsigned int kind = 0; kind < MIXES; kind++) {
		if (strlen(mix_names[kind]) == len && !strncmp(mix_names[kind], word, len))
			return true;
	}
	return false;
}

PARAM_STRING("torture_mix", mix_wanted,
	     "all, or what goes on beside calls: calls (nothing), timers, wakes, hotplug, fail, "
	     "freeze, park, smpboot, stop, works");

static uint64_t ops_limit, turns_due, deadline;

uint64_t torture_turns(void)
{
	return turns_due;
}

bool torture_mixes(enum torture_mix kind)
{
	/*
	 * One hart has nowhere to go; and one that closes its queue breaks what rests on hotplug.
	 */
	if ((kind == MIX_HOTPLUG || kind == MIX_FREEZE) &&
	    (nr_cpu_ids == 1 || !sbi_probe(SBI_EXT_HSM)))
		return false;
	/*
	 * In turn, each hart and all the way; and memory that comes and goes with threads would
	 * hide a leak.
	 */
	if (turns_due &&
	    (kind == MIX_FAIL || kind == MIX_FREEZE || kind == MIX_SMPBOOT || kind == MIX_WORKS))
		return false;
	return !torture_close && list_has(mix_wanted, mix_names[kind]);
}

struct torturer **torturers;

static _Atomic unsigned long faults[FAULTS];
static _Atomic bool stop;

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

uint64_t torture_patience(void)
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
	uint64_t give_up = torture_patience();
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

static bool is_over(const struct torturer *me)
{
	return atomic_load_explicit(&stop, memory_order_relaxed) ||
	       (ops_limit && atomic_load_explicit(&me->ops, memory_order_relaxed) >= ops_limit);
}

/* Its thread is there while its cpu is up: so what it does, it does there. */
static DEFINE_PER_CPU(struct task_struct *, torture_threads);
static _Atomic bool go_home;

static bool has_work(const struct torturer *me)
{
	if (atomic_load_explicit(&go_home, memory_order_acquire))
		return !atomic_load_explicit(&me->home, memory_order_relaxed);
	return !is_over(me);
}

static int torturer_should_run(unsigned int cpu)
{
	return torturers[cpu] && has_work(torturers[cpu]);
}

static void torturer_run(unsigned int cpu)
{
	struct torturer *me = torturers[cpu];

	atomic_store_explicit(&me->at_work, true, memory_order_relaxed);
	/*
	 * Pairs with the one in stop_all: it sees that this one is at work, or this sees the end.
	 */
	smp_mb();
	if (atomic_load_explicit(&go_home, memory_order_acquire)) {
		come_home(me);
		atomic_store_explicit(&me->home, true, memory_order_release);
	} else if (!is_over(me)) {
		torture_op(me);
	}
	atomic_store_explicit(&me->at_work, false, memory_order_release);
	/* Hotplug's threads, and what else is on this cpu, get their turn at once. */
	if (nr_running(cpu) > 1)
		yield();
}

/* --- the firmware's count of a hart's IPIs, in each of its lives --- */

static _Atomic uint64_t fw_ipis, fw_rings;

static uint64_t rings_of(unsigned int cpu)
{
	struct call_totals t;

	call_stats_of(cpu, &t);
	return t.rings;
}

static void count_begins(unsigned int cpu)
{
	struct torturer *me = torturers[cpu];
	unsigned long flags = local_irq_save();

	if (me) {
		me->counter = sbi_fw_counter_start(SBI_FW_IPI_SENT);
		me->rings = rings_of(cpu);
	}
	local_irq_restore(flags);
}

static void count_ends(unsigned int cpu)
{
	struct torturer *me = torturers[cpu];
	unsigned long flags = local_irq_save();
	uint64_t ipis;

	if (me && me->counter >= 0 && !sbi_fw_counter_read((unsigned int)me->counter, &ipis)) {
		atomic_fetch_add_explicit(&fw_ipis, ipis, memory_order_relaxed);
		atomic_fetch_add_explicit(&fw_rings, rings_of(cpu) - me->rings,
					  memory_order_relaxed);
		sbi_fw_counter_stop((unsigned int)me->counter);
	}
	local_irq_restore(flags);
}

/* At the end all harts are online, and each thread ends on its own. */
static void count_is_over(unsigned int cpu, bool online)
{
	if (online)
		count_ends(cpu);
}

static struct smp_hotplug_thread torturer_threads = {
	.store = &torture_threads,
	.thread_should_run = torturer_should_run,
	.thread_fn = torturer_run,
	.setup = count_begins,
	.unpark = count_begins,
	.park = count_ends,
	.cleanup = count_is_over,
	.thread_comm = "torture/%u",
};

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
	for (unsigned int i = 0; i < TIMERS; i++)
		timer_setup(&t->timers[i].timer, hot_timer_fires);
	for (unsigned int i = 0; i < WORKS; i++)
		INIT_WORK(&t->works[i].work, hot_task_runs);
	t->counter = -1;
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
		/* Acquire: pairs with the release when an operation is over. */
		if (torturers[cpu] &&
		    (!is_over(torturers[cpu]) ||
		     atomic_load_explicit(&torturers[cpu]->at_work, memory_order_acquire)))
			return false;
	}
	return true;
}

static bool all_home(void *arg)
{
	unsigned int cpu;

	(void)arg;
	for_each_possible_cpu (cpu) {
		if (torturers[cpu] &&
		    !atomic_load_explicit(&torturers[cpu]->home, memory_order_acquire))
			return false;
	}
	return true;
}

static bool accepted_enough(void)
{
	struct totals sum;

	sum_up(&sum);
	return sum.accepted >= ACCEPTED_MIN * num_online_cpus();
}

static bool came_about(void *unused)
{
	(void)unused;
	return all_idle(NULL) ? actors_acted()
			      : actors_acted() && accepted_enough() &&
					(!torture_mixes(MIX_WAKES) || sleepers_woken());
}

static bool turns_over(void)
{
	return turns_due && turns_done() >= turns_due;
}

static void tell(uint64_t seconds)
{
	uint64_t start = time_now(), told = 0;

	while (!all_idle(NULL) && !turns_over() && time_now() < deadline) {
		uint64_t second = (time_now() - start) / timebase_hz;
		struct totals sum;

		usleep(1000);
		if (second == told)
			continue;
		told = second;
		sum_up(&sum);
		if (turns_due)
			printk_raw("# torture: %lu of %lu s, %lu calls, %lu of %lu cycles", second,
				   seconds, sum.accepted, turns_done(), turns_due);
		else
			printk_raw("# torture: %lu of %lu s, %lu calls", second, seconds,
				   sum.accepted);
	}
	/* On a slow machine it lasts until it has meant something. */
	poll_until(came_about, NULL, torture_patience());
}

static void stop_all(void)
{
	atomic_store_explicit(&stop, true, memory_order_relaxed);
	smp_mb();
}

/* Nobody calls any more but functions that still come home, and call on. */
static bool all_come_home(void)
{
	unsigned int cpu;

	atomic_store_explicit(&go_home, true, memory_order_release);
	for_each_possible_cpu (cpu) {
		if (torturers[cpu])
			wake_up_process(per_cpu(torture_threads, cpu));
	}
	return poll_until(all_home, NULL, torture_patience());
}

/* False: some harts are still at it, and what they use must stay. */
static bool run_all(uint64_t seconds, uint64_t seed)
{
	bool came_home = false;
	int err;

	deadline = time_now() + seconds * timebase_hz;
	err = sleepers_start(seed);
	if (!err)
		err = smpboot_register_percpu_thread(&torturer_threads);
	if (err) {
		pr_err("torture: does not begin: error %d", err);
		return false;
	}
	err = actors_start(seed);
	if (err)
		pr_err("torture: not all threads begin: error %d", err);
	else
		tell(seconds);
	actors_stop();
	stop_all();
	if (poll_until(all_idle, NULL, torture_patience()))
		came_home = all_come_home();
	if (!came_home)
		return false;
	smpboot_unregister_percpu_thread(&torturer_threads);
	return !err;
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

static bool enough(const struct totals *sum)
{
	return sum->accepted >= ACCEPTED_MIN * num_online_cpus() &&
	       sum->accepted * 100 >= sum->tried * percent_due();
}

/*
 * The firmware's count of what it has sent: one for each of the kernel's rings, and on top of that
 * those of remote fences. It does not send, nor count, what is for a hart that has stopped: each
 * other hart may have been between its push and its ring when that one closed its queue, and ran
 * what was pushed.
 */
static bool firmware_sent_all(void)
{
	uint64_t too_late = actors_offlines() * (num_online_cpus() - 1);

	return fw_rings && fw_ipis + too_late >= fw_rings;
}

static bool firmware_counts(void)
{
	return fw_ipis && num_online_cpus() > 1 && !strcmp(ipi_backend()->name, "sbi");
}

static unsigned long pages_used(void)
{
	struct page_stats stats;

	page_stats(&stats);
	return stats.used;
}

static unsigned int judge(bool came_home, const struct totals *sum, unsigned int suite,
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
	struct totals sum;
	int err = list_unknown(mix_wanted, is_mix, "part of torture") ? -EINVAL : prepare_all(seed);

	if (err) {
		printk_raw("# torture: error %d\nnot ok %u %s", err, suite, name);
		return 1;
	}
	printk_raw("# torture: %u harts, %lu s, seed %lu, IPIs by %s", num_online_cpus(),
		   limits->seconds, seed, ipi_backend()->name);
	atomic_store_explicit(&stop, false, memory_order_relaxed);
	atomic_store_explicit(&go_home, false, memory_order_relaxed);
	fw_ipis = fw_rings = 0;
	ops_limit = limits->ops;
	turns_due = limits->cycles;
	recovered_before = recovered();
	came_home = run_all(limits->seconds, seed);
	actors_tell();
	if (came_home) {
		sleepers_stop();
		torture_balance();
	}
	sum_up(&sum);
	printk_raw(
		"STATS torture=calls harts=%u seed=%lu ipi=%s ops=%lu tried=%lu accepted=%lu no_ticket=%lu "
		"timed_out=%lu nested=%lu fw_ipis=%lu fw_rings=%lu",
		num_online_cpus(), seed, ipi_backend()->name, sum.ops, sum.tried, sum.accepted,
		sum.busy, sum.timed_out, sum.nested, fw_ipis, fw_rings);
	/* What a hart that did not come home might still use stays. */
	if (came_home)
		free_all();
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
