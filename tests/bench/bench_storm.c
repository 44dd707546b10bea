/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call_storm: every hart calls every other, all at once. irq_work_remote: work queued on another
 * hart until it has run.
 */
#include <errno.h>
#include <stdatomic.h>

#include "core/cpu.h"
#include "core/kmalloc.h"
#include "ipi/call.h"
#include "ipi/irq_work.h"
#include "tests/bench/bench.h"
#include "tests/kernel/run_on.h"

#define POOL   64
#define ROUNDS 20

static _Atomic unsigned int ready, go, done;

static void nothing(void *info)
{
	(void)info;
}

static void wait_for(_Atomic unsigned int *word, unsigned int value)
{
	while (atomic_load_explicit(word, memory_order_acquire) < value)
		cpu_relax();
}

/* What one hart storms with: a pool for each of the others, in the order in which it calls them. */
struct stormer {
	unsigned int nr_targets;
	struct {
		unsigned int cpu;
		call_single_data_t pool[POOL];
	} targets[];
};

static void wait_for_pool(call_single_data_t *pool)
{
	for (unsigned int i = 0; i < POOL; i++) {
		while (atomic_load_explicit(&pool[i].locked, memory_order_acquire))
			cpu_relax();
	}
}

/* One call to each in turn. */
static void storm(void *arg)
{
	struct stormer *mine = arg;

	atomic_fetch_add_explicit(&ready, 1, memory_order_release);
	wait_for(&go, 1);
	for (unsigned int round = 0; round < ROUNDS * POOL; round++) {
		for (unsigned int i = 0; i < mine->nr_targets; i++) {
			while (smp_call_function_single_async(
				       mine->targets[i].cpu,
				       &mine->targets[i].pool[round % POOL]) == -EBUSY)
				cpu_relax();
		}
	}
	for (unsigned int i = 0; i < mine->nr_targets; i++)
		wait_for_pool(mine->targets[i].pool);
	atomic_fetch_add_explicit(&done, 1, memory_order_release);
}

static struct stormer *new_stormer(unsigned int self)
{
	unsigned int n = num_online_cpus(), cpu = self;
	struct stormer *stormer = kmalloc(sizeof(*stormer) + (n - 1) * sizeof(stormer->targets[0]));

	if (!stormer)
		return NULL;
	/* Each begins with its neighbour, so that not all fall on the same one. */
	for (stormer->nr_targets = 0; stormer->nr_targets < n - 1; stormer->nr_targets++) {
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
		stormer->targets[stormer->nr_targets].cpu = cpu;
		for (unsigned int i = 0; i < POOL; i++)
			INIT_CSD(&stormer->targets[stormer->nr_targets].pool[i], nothing, NULL);
	}
	return stormer;
}

static int run_storm(struct stormer **stormers, uint64_t *per_call)
{
	unsigned int n = num_online_cpus(), cpu;
	uint64_t start;

	atomic_store_explicit(&ready, 0, memory_order_relaxed);
	atomic_store_explicit(&go, 0, memory_order_relaxed);
	atomic_store_explicit(&done, 0, memory_order_relaxed);
	for_each_online_cpu (cpu) {
		stormers[cpu] = new_stormer(cpu);
		if (!stormers[cpu])
			return -ENOMEM;
	}
	for_each_online_cpu (cpu) {
		int err = cpu == smp_processor_id() ? 0 : run_on(cpu, storm, stormers[cpu]);

		if (err)
			return err;
	}
	wait_for(&ready, n - 1);
	start = bench_clock();
	atomic_store_explicit(&go, 1, memory_order_release);
	storm(stormers[smp_processor_id()]);
	wait_for(&done, n);
	*per_call = (bench_clock() - start) / ((uint64_t)ROUNDS * POOL * n * (n - 1));
	for_each_online_cpu (cpu) {
		while (!run_on_done(cpu))
			cpu_relax();
	}
	return 0;
}

static int bench_call_storm(void)
{
	struct stormer **stormers;
	uint64_t per_call;
	unsigned int cpu;
	int err;

	if (num_online_cpus() < 2)
		return -ENODEV;
	stormers = kzalloc(nr_cpu_ids * sizeof(*stormers));
	err = stormers ? run_storm(stormers, &per_call) : -ENOMEM;
	if (!err)
		bench_report("call_storm", &per_call, 1, "");
	for_each_online_cpu (cpu) {
		if (stormers)
			kfree(stormers[cpu]);
	}
	kfree(stormers);
	return err;
}
BENCH(call_storm, bench_call_storm);

static void no_work(struct irq_work *work)
{
	(void)work;
}

static int bench_irq_work_remote(void)
{
	static struct irq_work work = IRQ_WORK_INIT(no_work);
	static uint64_t samples[1000] __section(".noinit");
	unsigned int cpu = cpumask_next(smp_processor_id(), cpu_online_mask);

	if (cpu >= nr_cpu_ids)
		return -ENODEV;
	for (unsigned int i = 0; i < ARRAY_SIZE(samples); i++) {
		uint64_t start;
		int err;

		bench_settle();
		start = bench_clock();
		err = irq_work_queue_on(&work, cpu);
		if (err)
			return err;
		irq_work_sync(&work);
		samples[i] = bench_clock() - start;
	}
	bench_report("irq_work_remote", samples, ARRAY_SIZE(samples), "");
	return 0;
}
BENCH(irq_work_remote, bench_irq_work_remote);
