/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls to one cpu and to many, beside the floor that the firmware sets. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "ipi/backend.h"
#include "ipi/call.h"
#include "ipi/ipi.h"
#include "ipi/irq_work.h"
#include "tests/bench/bench.h"
#include "tests/kernel/run_on.h"

#define SAMPLES 1000

static uint64_t samples[SAMPLES] __section(".noinit");

static void nothing(void *info)
{
	(void)info;
}

static unsigned int other_cpu(void)
{
	return cpumask_next(smp_processor_id(), cpu_online_mask);
}

/* The back end in use, and what it takes by itself. */
static const char *backend_text(void)
{
	static char text[48];

	snprintf(text, sizeof(text), " ipi=%s floor=%lu", ipi_backend()->name,
		 bench_unit(bench_ipi_floor()));
	return text;
}

static int time_single(const char *name, unsigned int cpu)
{
	for (unsigned int i = 0; i < SAMPLES; i++) {
		uint64_t start;

		bench_settle();
		start = bench_clock();
		smp_call_function_single(cpu, nothing, NULL, true);
		samples[i] = bench_clock() - start;
	}
	bench_report(name, samples, SAMPLES, backend_text());
	return 0;
}

static int bench_call_single_idle(void)
{
	unsigned int cpu = other_cpu();

	return cpu < nr_cpu_ids ? time_single("call_single_idle", cpu) : -ENODEV;
}
BENCH(call_single_idle, bench_call_single_idle);

static _Atomic bool busy_until;

static void be_busy(void *arg)
{
	(void)arg;
	while (!atomic_load_explicit(&busy_until, memory_order_acquire))
		cpu_relax();
}

static int bench_call_single_busy(void)
{
	unsigned int cpu = other_cpu();
	int err;

	if (cpu >= nr_cpu_ids)
		return -ENODEV;
	atomic_store_explicit(&busy_until, false, memory_order_relaxed);
	err = run_on(cpu, be_busy, NULL);
	if (!err)
		err = time_single("call_single_busy", cpu);
	atomic_store_explicit(&busy_until, true, memory_order_release);
	while (!err && !run_on_done(cpu))
		cpu_relax();
	return err;
}
BENCH(call_single_busy, bench_call_single_busy);

static int bench_call_single_irqoff(void)
{
	unsigned int cpu = other_cpu();
	unsigned long flags = local_irq_save();
	int err = cpu < nr_cpu_ids ? time_single("call_single_irqoff", cpu) : -ENODEV;

	local_irq_restore(flags);
	return err;
}
BENCH(call_single_irqoff, bench_call_single_irqoff);

static int bench_call_many(void)
{
	if (num_online_cpus() < 2)
		return -ENODEV;
	for (unsigned int i = 0; i < SAMPLES; i++) {
		uint64_t start;

		bench_settle();
		start = bench_clock();
		smp_call_function(nothing, NULL, true);
		samples[i] = bench_clock() - start;
	}
	bench_report("call_many", samples, SAMPLES, backend_text());
	return 0;
}
BENCH(call_many, bench_call_many);

#define POOL 64

static call_single_data_t pool[POOL];

/*
 * n calls, a multiple of POOL, as fast as the pool lets: its csds in turn, waiting for one that is
 * still in flight.
 */
static void async_calls(unsigned int cpu, call_single_data_t *csds, unsigned int n)
{
	for (; n; n -= POOL) {
		for (call_single_data_t *csd = csds; csd < csds + POOL; csd++) {
			while (smp_call_function_single_async(cpu, csd) == -EBUSY)
				cpu_relax();
		}
	}
	for (unsigned int i = 0; i < POOL; i++) {
		while (atomic_load_explicit(&csds[i].locked, memory_order_acquire))
			cpu_relax();
	}
}

static int bench_call_async(void)
{
	unsigned int cpu = other_cpu(), rounds = 50, per_round = 20 * POOL;

	if (cpu >= nr_cpu_ids)
		return -ENODEV;
	for (unsigned int i = 0; i < POOL; i++)
		INIT_CSD(&pool[i], nothing, NULL);
	for (unsigned int i = 0; i < rounds; i++) {
		uint64_t start = bench_clock();

		async_calls(cpu, pool, per_round);
		samples[i] = (bench_clock() - start) / per_round;
	}
	bench_report("call_async", samples, rounds, backend_text());
	return 0;
}
BENCH(call_async, bench_call_async);
