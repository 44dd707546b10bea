/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads for functions that run on another cpu. */
#include "tests/kernel/run_on.h"

#include <errno.h>
#include <stdatomic.h>

#include "core/cpu.h"
#include "threads/kthread.h"

/* [ free ] -- run_on --> [ taken ] -- fn returned --> [ free ] */
struct place {
	_Atomic unsigned int taken;
	void (*fn)(void *arg);
	void *arg;
};

static DEFINE_PER_CPU(struct place, place);

static int run_it(void *data)
{
	struct place *here = data;

	here->fn(here->arg);
	/* Release: pairs with run_on_done, and with the next that takes it. */
	atomic_store_explicit(&here->taken, 0, memory_order_release);
	return 0;
}

int run_on(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	struct task_struct *task;
	struct place *there;

	if (cpu == smp_processor_id() || cpu >= nr_cpu_ids ||
	    !cpumask_test_cpu(cpu, cpu_online_mask))
		return -ENXIO;
	there = per_cpu_ptr(&place, cpu);
	if (atomic_exchange_explicit(&there->taken, 1, memory_order_acquire))
		return -EBUSY;
	there->fn = fn;
	there->arg = arg;
	task = kthread_create_on_cpu(run_it, there, cpu, "run_on/%u");
	if (IS_ERR(task)) {
		atomic_store_explicit(&there->taken, 0, memory_order_release);
		return (int)PTR_ERR(task);
	}
	wake_up_process(task);
	return 0;
}

bool run_on_done(unsigned int cpu)
{
	return !atomic_load_explicit(&per_cpu_ptr(&place, cpu)->taken, memory_order_acquire);
}
