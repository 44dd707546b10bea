/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts go off and on in turn, among all that the torture does, and the books are looked at each
 * time that one is off.
 */
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/page.h"
#include "core/printk.h"
#include "core/time.h"
#include "tests/torture/internal.h"
#include "threads/cpuhp.h"

/* What is handed out: objects, and pages but for those that the objects are in. */
struct memory {
	unsigned long objects, pages;
};

/* done counts whole cycles; a leak is an offline after which there was more memory in use. */
static _Atomic uint64_t done;
static unsigned long failed_offlines, failed_onlines, leaks;
static unsigned int next;    /* its turn */
static struct memory steady; /* the least of any offline since the first round */

static unsigned int nr_torturers(void)
{
	unsigned int cpu, n = 0;

	for_each_possible_cpu (cpu)
		n += torturers[cpu] != NULL;
	return n;
}

static void memory_now(struct memory *now)
{
	struct page_stats pages;
	struct kmalloc_stats class;

	page_stats(&pages);
	*now = (struct memory){.pages = pages.used};
	for (unsigned int i = 0; kmalloc_class_stats(i, &class); i++) {
		now->objects += class.used;
		now->pages -= class.pages;
	}
}

/* Calls with a time limit have an object while they last. What leaks never comes back. */
static bool memory_is_back(void *memory)
{
	struct memory *now = memory;

	memory_now(now);
	return now->objects <= steady.objects && now->pages <= steady.pages;
}

static void expect_no_leak(unsigned int cpu)
{
	struct memory now;

	if (atomic_load_explicit(&done, memory_order_relaxed) < nr_torturers()) {
		memory_now(&steady);
		return;
	}
	if (!poll_until(memory_is_back, &now, torture_patience())) {
		leaks++;
		torture_fault(FAULT_LEAK,
			      "cpu%u is off: %lu objects and %lu pages, before %lu and %lu", cpu,
			      now.objects, now.pages, steady.objects, steady.pages);
	}
	/* After a leak from there on, so that each is told once. */
	steady = now;
}

/*
 * Who is off has run all that it has accepted. Its callers book a call when they know that it was
 * accepted, which may be later than the run: so what is booked is never more than what was run.
 */
static void expect_all_run(unsigned int cpu)
{
	unsigned int caller;

	for_each_possible_cpu (caller) {
		struct pair *pair = torturers[caller] ? &torturers[caller]->pairs[cpu] : NULL;
		uint64_t sent, run;

		if (!pair)
			continue;
		sent = atomic_load_explicit(&pair->sent, memory_order_acquire);
		run = atomic_load_explicit(&pair->run, memory_order_relaxed);
		if (sent > run)
			torture_fault(
				FAULT_LOST,
				"cpu%u is off: of %lu calls that cpu%u had accepted it ran %lu",
				cpu, sent, caller, run);
	}
}

void turns_begin(void)
{
	atomic_store_explicit(&done, 0, memory_order_relaxed);
	failed_offlines = failed_onlines = leaks = 0;
	next = 0;
}

bool turns_take(void)
{
	unsigned int cpu = next;
	int err;

	while (!torturers[cpu])
		cpu = (cpu + 1) % nr_cpu_ids;
	next = (cpu + 1) % nr_cpu_ids;
	err = cpu_down(cpu);
	if (err) {
		failed_offlines++;
		torture_fault(FAULT_ANSWER, "cpu%u does not go off: error %d", cpu, err);
		return false;
	}
	torture_expect_moved(cpu, false);
	expect_all_run(cpu);
	expect_no_leak(cpu);
	err = cpu_up(cpu);
	if (err) {
		failed_onlines++;
		torture_fault(FAULT_ANSWER, "cpu%u does not come on: error %d", cpu, err);
		return false;
	}
	torture_expect_moved(cpu, true);
	atomic_fetch_add_explicit(&done, 1, memory_order_relaxed);
	return true;
}

uint64_t turns_done(void)
{
	return atomic_load_explicit(&done, memory_order_relaxed);
}

void turns_tell(void)
{
	printk_raw("STATS torture=turns cycles=%lu due=%lu of_each_hart=%lu failed_offlines=%lu "
		   "failed_onlines=%lu leaks=%lu objects=%lu pages=%lu",
		   turns_done(), torture_turns(), turns_done() / nr_torturers(), failed_offlines,
		   failed_onlines, leaks, steady.objects, steady.pages);
}
