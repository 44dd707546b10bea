/* SPDX-License-Identifier: BSD-2-Clause */
/* Stopper threads, which come before all others, and what they do for one hart alone. */
#include "threads/stopper.h"

#include <errno.h>
#include <stdatomic.h>

#include "arch/riscv/irqflags.h"
#include "core/hotplug.h"
#include "core/init.h"
#include "core/panic.h"
#include "ipi/call.h"
#include "threads/completion.h"
#include "threads/kthread.h"
#include "threads/smpboot.h"
#include "threads/stop_machine.h"
#include "threads/wait.h"

/* For one hart alone; on the stack of who waits. */
struct stop_work {
	struct list_head entry;
	cpu_stop_fn_t fn;
	void *arg;
	int result;
	struct completion done;
	call_single_data_t csd;
};

DEFINE_PER_CPU(struct stopper, stopper);
DEFINE_PER_CPU(struct task_struct *, stopper_task);
_Atomic unsigned int stoppers_enabled;

/* The call that hands a work over. */
static void queue_work_here(void *info)
{
	struct stopper *s = this_cpu_ptr(&stopper);
	struct stop_work *work = info;

	if (!s->enabled) {
		work->result = -ENOENT;
		complete(&work->done);
		return;
	}
	list_add_tail(&work->entry, &s->works);
	wake_up_process(this_cpu(stopper_task));
}

int stop_one_cpu(unsigned int cpu, cpu_stop_fn_t fn, void *arg)
{
	struct stop_work work = {.fn = fn, .arg = arg};

	might_sleep();
	init_completion(&work.done);
	INIT_CSD(&work.csd, queue_work_here, &work);
	if (smp_call_function_single_async(cpu, &work.csd))
		return -ENOENT;
	wait_for_completion(&work.done);
	return work.result;
}

static int stopper_should_run(unsigned int cpu)
{
	struct stopper *s = per_cpu_ptr(&stopper, cpu);

	return s->multi || !list_empty(&s->works);
}

static void stopper_run(unsigned int cpu)
{
	struct stopper *s = per_cpu_ptr(&stopper, cpu);
	struct stop_work *work = NULL;
	struct multi_stop *ms;
	unsigned long flags;

	preempt_disable();
	flags = local_irq_save();
	ms = s->multi;
	s->multi = NULL;
	if (!ms && !list_empty(&s->works)) {
		work = list_first_entry(&s->works, struct stop_work, entry);
		list_del_init(&work->entry);
	}
	local_irq_restore(flags);
	if (ms)
		stopper_take_part(ms);
	if (work) {
		work->result = work->fn(work->arg);
		complete(&work->done);
	}
	preempt_enable();
}

static void stopper_create(unsigned int cpu)
{
	INIT_LIST_HEAD(&per_cpu(stopper, cpu).works);
	per_cpu(stopper_task, cpu)->class = SCHED_STOP;
}

/*
 * Parks it never: while its hart is down it sleeps, and nobody wakes it. So it costs a way down and
 * up next to nothing.
 */
static struct smp_hotplug_thread stopper_threads = {
	.store = &stopper_task,
	.thread_should_run = stopper_should_run,
	.thread_fn = stopper_run,
	.create = stopper_create,
	.selfparking = true,
	.thread_comm = "migration/%u",
};

static void enable(struct stopper *s, bool on)
{
	unsigned long flags = local_irq_save();

	if (s->enabled != on)
		atomic_fetch_add_explicit(&stoppers_enabled, on ? 1 : -1U, memory_order_relaxed);
	s->enabled = on;
	local_irq_restore(flags);
}

static int stopper_online(unsigned int cpu)
{
	kthread_unpark(per_cpu(stopper_task, cpu));
	enable(this_cpu_ptr(&stopper), true);
	return 0;
}

static int stopper_offline(unsigned int cpu)
{
	struct stopper *s = this_cpu_ptr(&stopper);

	enable(s, false);
	/*
	 * What it had to do it has done before this thread, which comes after it, is here; nothing
	 * comes any more.
	 */
	if (stopper_should_run(cpu))
		panic("cpu%u: its stopper has not done its work", cpu);
	return 0;
}

static int stopper_init(void)
{
	int err = smpboot_register_percpu_thread(&stopper_threads);

	if (err)
		return err;
	return cpuhp_setup_state(CPUHP_AP_STOPPER_ONLINE, "stopper:online", stopper_online,
				 stopper_offline);
}
INITCALL(INIT_THREADS, stopper_init);
