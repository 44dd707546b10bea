/* SPDX-License-Identifier: BSD-2-Clause */
/* The idle loop: watch the call queue for a while, then sleep. */
#include "threads/idle.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/init.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/smp.h"
#include "ipi/call.h"
#include "ipi/irq_work.h"

static bool idle_poll;

static int parse_idle(const char *value)
{
	if (!value || (strcmp(value, "poll") && strcmp(value, "wfi")))
		return -EINVAL;
	idle_poll = !strcmp(value, "poll");
	return 0;
}
PARAM_FUNC("idle", parse_idle, "poll: watch for calls, which then need no interrupt; wfi (default): sleep");

/*
 *   [ NONE ] -- idle_run_on: exchange --> [ SET ] -- idle loop --> [ RUNNING ] -- fn returned --> [ NONE ]
 */
enum job_state { JOB_NONE, JOB_SET, JOB_RUNNING };

struct idle_job {
	_Atomic int state; /* enum job_state */
	void (*fn)(void *arg);
	void *arg;
};

static DEFINE_PER_CPU(struct idle_job, idle_job);

static void wake(void *info)
{
	(void)info;
}

int idle_run_on(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	struct idle_job *job;

	if (cpu >= nr_cpu_ids || cpu == smp_processor_id() || !cpumask_test_cpu(cpu, cpu_online_mask))
		return -ENXIO;
	job = per_cpu_ptr(&idle_job, cpu);
	if (!idle_job_done(cpu))
		return -EBUSY;
	job->fn = fn;
	job->arg = arg;
	/* Release: pairs with the acquire in run_job. */
	atomic_store_explicit(&job->state, JOB_SET, memory_order_release);
	return smp_call_function_single(cpu, wake, NULL, false);
}

bool idle_job_done(unsigned int cpu)
{
	/* Acquire: pairs with the release when fn has returned. */
	return atomic_load_explicit(&per_cpu_ptr(&idle_job, cpu)->state, memory_order_acquire) == JOB_NONE;
}

static bool job_set(void)
{
	return atomic_load_explicit(&this_cpu_ptr(&idle_job)->state, memory_order_acquire) == JOB_SET;
}

static void run_job(void)
{
	struct idle_job *job = this_cpu_ptr(&idle_job);

	atomic_store_explicit(&job->state, JOB_RUNNING, memory_order_relaxed);
	job->fn(job->arg);
	atomic_store_explicit(&job->state, JOB_NONE, memory_order_release);
}

static void idle_loop(void)
{
	for (;;) {
		local_irq_disable();
		if (unlikely(call_queue_has_work())) {
			/* Calls come with their interrupt; what may wait for the next one does not wait for sleep. */
			irq_work_run();
		} else if (unlikely(idle_poll)) {
			call_queue_poll();
		} else if (!job_set()) {
			/* An interrupt that comes after the looks stays pending, and ends the wfi. */
			wait_for_interrupt();
		}
		local_irq_enable();
		if (job_set())
			run_job();
	}
}

static int idle_init(void)
{
	secondary_idle = idle_loop;
	return 0;
}
INITCALL(INIT_IPI, idle_init);
