/* SPDX-License-Identifier: BSD-2-Clause */
/* The control side of hotplug, and each hart's hotplug thread. */
#include "threads/cpuhp.h"

#include <errno.h>
#include <stdatomic.h>

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "core/err.h"
#include "core/init.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/smp.h"
#include "core/time.h"
#include "ipi/ipi.h"
#include "sbi/base.h"
#include "sbi/sbi.h"
#include "threads/completion.h"
#include "threads/internal.h"
#include "threads/kthread.h"
#include "threads/smpboot.h"

/*
 * What the hotplug thread of a cpu is asked for, one request at a time:
 *
 *            control side                    the thread             done: it completes
 *   [ NONE ] -------------> [ RUN or STOP ] -----------> [ TAKEN ] --------------------> [ NONE ]
 *       ^---- control side, given up ----|
 *
 *   RUN   call cpuhp_ap_work
 *   STOP  the same; if it went well, the hart's death: done is completed by the idle thread, as its
 *         last act
 */
enum cpuhp_request { REQUEST_NONE, REQUEST_RUN, REQUEST_STOP, REQUEST_TAKEN };

struct cpuhp_thread {
	struct task_struct *task;
	_Atomic int request; /* enum cpuhp_request */
	int result;
	bool dies; /* between the last thread's leaving and the hart's */
	struct completion done;
};

static DEFINE_PER_CPU(struct cpuhp_thread, cpuhp_thread);

/* How long a hart may take to come up, and to be seen stopped. */
#define START_MS 5000
#define STOP_MS	 5000
/* How long a hotplug thread may take to begin before its hart is rung, and how often it is. */
#define ANSWER_MS    1000
#define ANSWER_RINGS 5
/* A hart has not answered even so: others are rung once only. Control side, one at a time. */
static bool gave_up_before;

static int request_of(struct cpuhp_thread *thread)
{
	/* Acquire: pairs with the release in ask(). */
	return atomic_load_explicit(&thread->request, memory_order_acquire);
}

static void answer(struct cpuhp_thread *thread, int result)
{
	thread->result = result;
	atomic_store_explicit(&thread->request, REQUEST_NONE, memory_order_relaxed);
	complete(&thread->done);
}

/*
 * The hart's death, on its hotplug thread: everything that is this hart's has gone elsewhere when
 * the idle thread takes over. Comes back in the hart's next life.
 */
static void die(unsigned int cpu, struct cpuhp_thread *thread)
{
	unsigned long flags = local_irq_save();

	sched_cpu_leaving();
	set_cpu_online(cpu, false);
	cpuhp_dying(cpu);
	/* Relaxed: for this cpu only. */
	atomic_store_explicit(&thread->request, REQUEST_NONE, memory_order_relaxed);
	thread->dies = true;
	__set_current_state(TASK_INTERRUPTIBLE);
	schedule();
	local_irq_restore(flags);
}

/* The idle thread of a hart that dies: the last of the kernel that runs on it. Interrupts off. */
void cpuhp_idle(void)
{
	struct cpuhp_thread *thread = this_cpu_ptr(&cpuhp_thread);

	if (likely(!thread->dies))
		return;
	thread->dies = false;
	ASSERT(!nr_running(smp_processor_id()));
	thread->result = 0;
	complete(&thread->done);
	cpu_die();
}

static int cpuhp_main(void *data)
{
	struct cpuhp_thread *thread = this_cpu_ptr(&cpuhp_thread);
	unsigned int cpu = smp_processor_id();
	int request, err;

	(void)data;
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		request = request_of(thread);
		if (request == REQUEST_NONE) {
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		/* Unless it is taken back just now. */
		if (!cas_acq_rel(&thread->request, &request, REQUEST_TAKEN))
			continue;
		ASSERT(smp_processor_id() == cpu);
		err = cpuhp_ap_work(cpu);
		if (err || request == REQUEST_RUN)
			answer(thread, err);
		else
			die(cpu, thread);
	}
	return 0;
}

/* A hart that has come up wakes its own hotplug thread: its idle thread, interrupts off. */
void cpuhp_online_idle(void)
{
	struct cpuhp_thread *thread = this_cpu_ptr(&cpuhp_thread);

	/* The request first: at boot the thread may only just be made. */
	if (request_of(thread) != REQUEST_NONE)
		wake_up_process(thread->task);
}

static void ask(struct cpuhp_thread *thread, enum cpuhp_request request)
{
	reinit_completion(&thread->done);
	/* Release: pairs with request_of(). */
	atomic_store_explicit(&thread->request, request, memory_order_release);
}

/* False: there is no answer yet. */
static bool answered_in(struct cpuhp_thread *thread, unsigned int ms)
{
	return wait_for_completion_timeout(&thread->done, ns_to_ticks(ms * 1000000UL));
}

/*
 * What a thread that is at work, or will be, answers. It may take its time: a sleep that lasts is
 * reported.
 */
static int answer_of(struct cpuhp_thread *thread)
{
	wait_for_completion(&thread->done);
	return thread->result;
}

/*
 * Has the thread of a hart that is online do it. Where an interrupt got lost nobody else would
 * notice: the hart is rung again. Where it does not even begin, the request is taken back.
 */
static int run_request(unsigned int cpu, enum cpuhp_request request)
{
	struct cpuhp_thread *thread = per_cpu_ptr(&cpuhp_thread, cpu);
	unsigned int rings = gave_up_before ? 1 : ANSWER_RINGS;

	ask(thread, request);
	wake_up_process(thread->task);
	while (!answered_in(thread, ANSWER_MS)) {
		int asked = request;

		if (request_of(thread) != (int)request)
			return answer_of(thread);
		if (rings-- && !panic_in_progress()) {
			pr_warn("cpu%u: its hotplug thread does not answer, rung again", cpu);
			ipi_ring(cpu);
		} else if (cas_acq_rel(&thread->request, &asked, REQUEST_NONE)) {
			pr_err("cpu%u: its hotplug thread does not run: given up", cpu);
			gave_up_before = true;
			return -ETIMEDOUT;
		}
	}
	return thread->result;
}

static int run(unsigned int cpu)
{
	return run_request(cpu, REQUEST_RUN);
}

/* The thread finds the request when its hart has come. */
static int start(unsigned int cpu)
{
	struct cpuhp_thread *thread = per_cpu_ptr(&cpuhp_thread, cpu);
	int err;

	ask(thread, REQUEST_RUN);
	err = cpu_start_hart(cpu);
	if (!err && answered_in(thread, START_MS))
		return thread->result;
	if (!err)
		err = cpu_wait_started(cpu, time_now());
	if (!err)
		return answer_of(thread);
	/* Nobody is there to take it, nor will be. */
	atomic_store_explicit(&thread->request, REQUEST_NONE, memory_order_relaxed);
	return err;
}

/* One that cannot be stopped, which has been reported, waits where it can be started again. */
static int wait_dead(unsigned int cpu, uint64_t deadline)
{
	int err = cpu_wait_dead(cpu, deadline);

	return err == -EIO ? 0 : err;
}

static int stop(unsigned int cpu)
{
	int err = run_request(cpu, REQUEST_STOP);

	if (err)
		return err;
	return wait_dead(cpu, deadline_ms(STOP_MS));
}

static int dead(unsigned int cpu)
{
	return wait_dead(cpu, time_now());
}

static const struct cpuhp_ops ops = {
	.lock = cpuhp_registration_lock,
	.unlock = cpuhp_registration_unlock,
	.run = run,
	.start = start,
	.stop = stop,
	.dead = dead,
};

unsigned int cpu_hotplug_disabled;

void cpu_hotplug_disable(void)
{
	cpus_write_lock();
	cpu_hotplug_disabled++;
	cpus_write_unlock();
}

void cpu_hotplug_enable(void)
{
	cpus_write_lock();
	ASSERT(cpu_hotplug_disabled);
	cpu_hotplug_disabled--;
	cpus_write_unlock();
}

static int refuse(unsigned int cpu, int err, const char *what, const char *why)
{
	pr_err("cpu%u: not brought %s: %s", cpu, what, why);
	return err;
}

int cpu_up_locked(unsigned int cpu)
{
	/* One that is online, but was left half-way by an earlier failure, goes the rest of it. */
	if (cpumask_test_cpu(cpu, cpu_online_mask) && cpuhp_state_of(cpu) == CPUHP_ONLINE)
		return refuse(cpu, -EEXIST, "up", "it is up");
	return cpuhp_up(cpu, CPUHP_ONLINE);
}

/* The calling thread goes on on a cpu that stays, one of its own if there is any. */
static void leave_cpu(unsigned int cpu)
{
	unsigned int other, to = CPU_ANY;

	if (task_cpu(current) != cpu)
		return;
	for_each_online_cpu (other) {
		if (other == cpu)
			continue;
		if (may_run_on(current, other)) {
			to = other;
			break;
		}
		if (to == CPU_ANY)
			to = other;
	}
	current->move_to = to;
	yield();
}

int cpu_down_locked(unsigned int cpu)
{
	if (!cpumask_test_cpu(cpu, cpu_online_mask))
		return refuse(cpu, -ENXIO, "down", "it is not up");
	if (num_online_cpus() == 1)
		return refuse(cpu, -EBUSY, "down", "it is the last one");
	if (!sbi_probe(SBI_EXT_HSM))
		return refuse(cpu, -EOPNOTSUPP, "down", "the firmware has no HSM extension");
	if (current->bound == cpu)
		return refuse(cpu, -EBUSY, "down", "the thread that asks is bound to it");
	leave_cpu(cpu);
	return cpuhp_down(cpu, CPUHP_OFFLINE);
}

static int bring(unsigned int cpu, const char *what, int (*locked)(unsigned int cpu))
{
	int err;

	if (cpu >= nr_cpu_ids)
		return refuse(cpu, -ENODEV, what, "no such cpu");
	cpus_write_lock();
	err = cpu_hotplug_disabled ? refuse(cpu, -EBUSY, what, "hotplug is disabled") : locked(cpu);
	cpus_write_unlock();
	return err;
}

int cpu_up(unsigned int cpu)
{
	return bring(cpu, "up", cpu_up_locked);
}

int cpu_down(unsigned int cpu)
{
	return bring(cpu, "down", cpu_down_locked);
}

static int create_threads(unsigned int cpu)
{
	struct cpuhp_thread *thread = per_cpu_ptr(&cpuhp_thread, cpu);
	struct task_struct *task;

	if (!thread->task) {
		init_completion(&thread->done);
		task = kthread_create_on_cpu(cpuhp_main, NULL, cpu, "cpuhp/%u");
		if (IS_ERR(task))
			return (int)PTR_ERR(task);
		task->stays = true;
		thread->task = task;
	}
	return smpboot_create_threads(cpu);
}
CPUHP_ROW(CPUHP_CREATE_THREADS, "threads:prepare", create_threads, NULL);
CPUHP_ROW(CPUHP_AP_SMPBOOT_THREADS, "smpboot:threads", smpboot_unpark_threads,
	  smpboot_park_threads);

/* The harts that bring-up has started get what the rows give to those that come later. */
static int cpuhp_init(void)
{
	unsigned int cpu;
	int err;

	cpuhp_ops = &ops;
	for_each_online_cpu (cpu) {
		err = cpuhp_boot_prepare(cpu);
		if (!err)
			err = cpuhp_up(cpu, CPUHP_ONLINE);
		if (err)
			pr_err("cpu%u: not all its rows of hotplug are up: error %d", cpu, err);
	}
	return 0;
}
INITCALL(INIT_THREADS, cpuhp_init);
