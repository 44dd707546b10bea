/* SPDX-License-Identifier: BSD-2-Clause */
/* The threads that torture, one on each hart: made, run, and sent home. */
#include <errno.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/printk.h"
#include "core/time.h"
#include "tests/torture/internal.h"
#include "tests/torture/torture.h"
#include "threads/smpboot.h"

/* How long the last calls may take to come home; counted instructions pass slowly. */
#define HOME_MS		      20000
#define HOME_MS_DETERMINISTIC 200

struct torturer **torturers;

static _Atomic bool stop, go_home;
static uint64_t deadline;

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
	       (torture_limits.ops &&
		atomic_load_explicit(&me->ops, memory_order_relaxed) >= torture_limits.ops);
}

/* Its thread is there while its cpu is up: so what it does, it does there. */
static DEFINE_PER_CPU(struct task_struct *, torture_threads);

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

void torturers_free(void)
{
	for (unsigned int cpu = 0; torturers && cpu < nr_cpu_ids; cpu++)
		free_torturer(torturers[cpu]);
	kfree(torturers);
	torturers = NULL;
}

int torturers_make(uint64_t seed)
{
	unsigned int cpu;

	torturers = kzalloc(nr_cpu_ids * sizeof(struct torturer *));
	if (!torturers)
		return -ENOMEM;
	for_each_online_cpu (cpu) {
		torturers[cpu] = new_torturer(cpu, seed);
		if (!torturers[cpu]) {
			torturers_free();
			return -ENOMEM;
		}
	}
	return 0;
}

void torture_sum(struct torture_totals *sum)
{
	unsigned int cpu;

	*sum = (struct torture_totals){0};
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
	struct torture_totals sum;

	torture_sum(&sum);
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
	return torture_turns() && turns_done() >= torture_turns();
}

static void tell(uint64_t seconds)
{
	uint64_t start = time_now(), told = 0;

	while (!all_idle(NULL) && !turns_over() && time_now() < deadline) {
		uint64_t second = (time_now() - start) / timebase_hz;
		struct torture_totals sum;

		usleep(1000);
		if (second == told)
			continue;
		told = second;
		torture_sum(&sum);
		if (torture_turns())
			printk_raw("# torture: %lu of %lu s, %lu calls, %lu of %lu cycles", second,
				   seconds, sum.accepted, turns_done(), torture_turns());
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

bool torturers_run(uint64_t seconds, uint64_t seed)
{
	bool came_home = false;
	int err;

	atomic_store_explicit(&stop, false, memory_order_relaxed);
	atomic_store_explicit(&go_home, false, memory_order_relaxed);
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
