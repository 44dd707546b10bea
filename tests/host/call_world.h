/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ipi/ needs around it on the host: cpus, memory, a back end that rings threads, symbols. Part
 * of a test, as a header.
 */
#ifndef TESTS_HOST_CALL_WORLD_H
#define TESTS_HOST_CALL_WORLD_H

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/kmalloc.h"
#include "core/panic.h"
#include "core/param.h"
#include "core/time.h"
#include "ipi/backend.h"
#include "ipi/call.h"
#include "ipi/call_stats.h"
#include "ipi/ipi.h"
#include "ipi/irq_work.h"
#include "tests/host/host.h"
#include "tests/host/machine.h"

/*
 * Memory: what lives as long as a cpu is given back at the end of a run, which the kernel has no
 * need for.
 */
static void *kept[256];
static unsigned int nr_kept;
/* The so many-th request for memory of a node is refused; 0: none. */
static unsigned int refuse_memory;

void *kzalloc_node(size_t size, int node)
{
	void *p;

	(void)node;
	if (node != NUMA_NO_NODE && refuse_memory && !--refuse_memory)
		return NULL;
	p = calloc(1, size);
	if (!p || nr_kept == ARRAY_SIZE(kept))
		abort();
	kept[nr_kept++] = p;
	return p;
}

void *kzalloc(size_t size)
{
	return kzalloc_node(size, NUMA_NO_NODE);
}

void *kmalloc(size_t size)
{
	return malloc(size);
}

void kfree(const void *object)
{
	for (unsigned int i = 0; object && i < nr_kept; i++) {
		if (kept[i] == object)
			kept[i] = NULL;
	}
	free((void *)object);
}

/* The wire. Of the rings from now on, the lose-th is lost; 0: none. */
static _Atomic unsigned int lose;
static _Atomic unsigned long rung, lost;

static void ring(unsigned int cpu)
{
	atomic_fetch_add_explicit(&rung, 1, memory_order_relaxed);
	if (atomic_load_explicit(&lose, memory_order_relaxed) &&
	    atomic_fetch_sub_explicit(&lose, 1, memory_order_relaxed) == 1) {
		atomic_fetch_add_explicit(&lost, 1, memory_order_relaxed);
		return;
	}
	host_raise(cpu);
}

static const struct ipi_backend thread_backend = {.name = "threads", .ring = ring};
_Atomic(const struct ipi_backend *) __ipi_backend = &thread_backend;

/* How long a caller waits before it reports. */
static inline void set_csd_timeout_ms(unsigned int ms)
{
	TABLE_FOREACH (struct param, it, params) {
		if (!strcmp(it->name, "csd_timeout_ms"))
			*(unsigned int *)it->u.var = ms;
	}
}

static struct {
	unsigned int harts;
	uint64_t seed;
	void (*fn)(unsigned int cpu, void *arg);
	void *arg;
	_Atomic bool ready;
	unsigned int prepare_errors;
	_Atomic unsigned int up, done, quiet; /* harts that have come so far */
} world;

static void come_up(unsigned int cpu)
{
	unsigned long flags = local_irq_save();

	smpcfd_online_cpu();
	set_cpu_online(cpu, true);
	local_irq_restore(flags);
}

static uint64_t sum_in_flight(void)
{
	struct call_totals t;

	call_stats_sum(&t);
	return t.queued - t.run;
}

/* As the idle loop does it. */
static void serve(void)
{
	unsigned long flags = local_irq_save();

	irq_work_run();
	local_irq_restore(flags);
	cpu_relax();
}

/*
 * Serves calls until all harts have come here and none is in flight. Panics if for long none was
 * queued and none has run: one is lost. All harts spin meanwhile, so processor time tells how long
 * they have had, however busy the machine is.
 */
static void serve_until_all_done(void)
{
	clock_t patience = (clock_t)env_uint("LOST_CPU_MS", 20000) * (CLOCKS_PER_SEC / 1000),
		since = 0;
	struct call_totals t;
	uint64_t seen = 0;

	atomic_fetch_add(&world.done, 1);
	while (call_stats_sum(&t), atomic_load(&world.done) < world.harts || t.queued != t.run) {
		if (!since || seen != t.queued + t.run)
			since = clock();
		else if (clock() - since > patience)
			panic("calls lost: %ld in flight for ever", (long)(t.queued - t.run));
		if (t.recovered > atomic_load_explicit(&lost, memory_order_relaxed))
			panic("calls lost: recovered by a second ring, and the first was not lost");
		seen = t.queued + t.run;
		serve();
	}
	/*
	 * The sum is no snapshot: a call that is counted as run, and not yet as queued, may hide
	 * one that is under way.
	 */
	atomic_fetch_add(&world.quiet, 1);
	while (atomic_load(&world.quiet) < world.harts || sum_in_flight())
		serve();
}

/* What was counted in the last run, all cpus together. */
static struct call_totals world_totals;

static void world_hart(unsigned int cpu, void *arg)
{
	(void)arg;
	if (!cpu) {
		call_function_init();
		for (unsigned int i = 0; i < world.harts; i++)
			world.prepare_errors += !!smpcfd_prepare_cpu(i);
		set_cpu_online(0, true);
		atomic_store(&world.ready, true);
	} else {
		while (!atomic_load(&world.ready))
			cpu_relax();
		come_up(cpu);
	}
	atomic_fetch_add(&world.up, 1);
	while (atomic_load(&world.up) < world.harts)
		cpu_relax();
	host_noise(world.seed ? world.seed + cpu * 0x1234567 : 0);
	world.fn(cpu, world.arg);
	serve_until_all_done();
	host_noise(0);
	if (!cpu)
		call_stats_sum(&world_totals);
}

/* Waits must have been reported so many times in the last run, and so many calls recovered. */
static void expect_waits(unsigned long timeouts, unsigned long recovered)
{
	if (world_totals.timeouts != timeouts || world_totals.recovered != recovered)
		fail_msg("timeouts %lu, recovered %lu; due are %lu and %lu\n%s",
			 (unsigned long)world_totals.timeouts,
			 (unsigned long)world_totals.recovered, timeouts, recovered, host_log());
}

/*
 * fn(cpu, arg) on n cpus that are online; they serve calls until all have returned. seed 0: without
 * noise.
 */
static void world_run(unsigned int n, uint64_t seed, void (*fn)(unsigned int cpu, void *arg),
		      void *arg)
{
	static bool initialised;

	cpumask_size_init(n);
	cpu_online_mask = online = cpumask_alloc(0);
	cpu_possible_mask = possible = cpumask_alloc(0);
	cpumask_setall(possible);
	if (!initialised) {
		TABLE_FOREACH (struct initcall, call, initcalls) {
			if (call->level == INIT_IPI && strcmp(call->name, "call_init"))
				call->fn();
		}
	}
	initialised = true;
	host_interrupt = ipi_interrupt;
	world.harts = n;
	world.prepare_errors = 0;
	world.seed = seed;
	world.fn = fn;
	world.arg = arg;
	atomic_store(&world.ready, false);
	atomic_store(&world.up, 0);
	atomic_store(&world.done, 0);
	atomic_store(&world.quiet, 0);
	atomic_store(&rung, 0);
	atomic_store(&lost, 0);
	host_must_end(env_uint("HANG_S", 250), "calls lost: a hart waits for ever\n");
	host_harts_run(n, world_hart, NULL);
	host_must_end(0, NULL);
	while (nr_kept)
		free(kept[--nr_kept]);
}

#endif
