/* SPDX-License-Identifier: BSD-2-Clause */
/* Waking and moving threads: messages between run queues that only their own harts touch. */
#include <errno.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/page.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/time.h"
#include "threads/internal.h"

bool may_run_on(const struct task_struct *task, unsigned int cpu)
{
	if (!cpumask_test_cpu(cpu, cpu_online_mask))
		return false;
	if (task->bound != CPU_ANY)
		return task->bound == cpu;
	return !task->allowed || cpumask_test_cpu(cpu, task->allowed);
}

unsigned int select_cpu(const struct task_struct *task, unsigned int near)
{
	unsigned int best = CPU_ANY, least = UINT32_MAX, cpu;

	if (may_run_on(task, near)) {
		best = near;
		least = nr_running(near);
	}
	for_each_online_cpu (cpu) {
		if (least && may_run_on(task, cpu) && nr_running(cpu) < least) {
			best = cpu;
			least = nr_running(cpu);
		}
	}
	if (best != CPU_ANY)
		return best;
	for_each_online_cpu (cpu)
		return cpu;
	panic("no cpu is online for thread %s", task->comm);
}

/* On its home cpu, interrupts off. False: it has another home by now. */
static bool wake_here(struct task_struct *task, unsigned int me)
{
	/* Acquire: pairs with the release when its context was saved, or when it was sent here. */
	unsigned int home = atomic_load_explicit(&task->home, memory_order_acquire);

	if (home == (me | TASK_ON_RQ)) {
		/* It has not left yet: then it will not. */
		if (atomic_load_explicit(&task->state, memory_order_relaxed) != TASK_DEAD)
			store_relaxed(&task->state, TASK_RUNNING);
		return true;
	}
	if (home != me)
		return false;
	if (atomic_load_explicit(&task->state, memory_order_relaxed) == TASK_DEAD)
		return true;
	/* Against who takes it over because this cpu was down just now. */
	if (!cas_acq_rel(&task->home, &home, me | TASK_ON_RQ))
		return false;
	store_relaxed(&task->state, TASK_RUNNING);
	enqueue(this_cpu_ptr(&rq), task);
	return true;
}

/*
 * Makes the thread runnable at its home, wherever that is by then. Interrupts off.
 *
 * -EBUSY means that somebody's message is under way, or about to be sent, or to be sent again
 * because it was refused: in each case it is delivered after this, and the function that it runs
 * has a full fence before it looks.
 */
static void deliver(struct task_struct *task)
{
	unsigned int me = smp_processor_id();

	for (;;) {
		unsigned int home = atomic_load_explicit(&task->home, memory_order_acquire);
		unsigned int cpu = home & ~TASK_ON_RQ;
		int err;

		if (cpu == me && likely(!this_cpu(rq).dead)) {
			if (wake_here(task, me))
				return;
			continue;
		}
		if (likely(cpu != me)) {
			get_task_struct(task);
			err = smp_call_function_single_async(cpu, &task->wake_csd);
			if (likely(!err))
				return;
			put_task_struct(task);
			if (err == -EBUSY)
				return;
		}
		/*
		 * Its cpu is down. A message for the hotplug thread, sent before, may come home
		 * while that takes the cpu down itself, which goes on; later ones have nothing to
		 * tell: its next life looks for a request by itself.
		 */
		if (task->stays)
			return;
		/*
		 * With ON_RQ it is on its way into its last sleep there, a switch that waits for
		 * nobody. Without, it sleeps, and is taken over: by one step, as the cpu may be
		 * coming back, and others may want to do the same.
		 */
		if (home & TASK_ON_RQ)
			cpu_relax();
		else
			cas_acq_rel(&task->home, &home, select_cpu(task, me));
	}
}

/* The message of deliver(). */
void wake_task(void *info)
{
	struct task_struct *task = info;

	/*
	 * Pairs with the one in wake_up_state: who found this message under way has its condition
	 * seen.
	 */
	smp_mb();
	deliver(task);
	put_task_struct(task);
}

int wake_up_state(struct task_struct *task, unsigned int states)
{
	unsigned int state, home;
	unsigned long flags;

	/* Pairs with the one in set_current_state. */
	smp_mb();
	state = atomic_load_explicit(&task->state, memory_order_relaxed);
	if (!(state & states))
		return 0;
	flags = local_irq_save();
	if (state == TASK_NEW) {
		home = atomic_load_explicit(&task->home, memory_order_relaxed);
		/* Of two who wake it first, one places it. */
		if (!(home & TASK_ON_RQ) && !task->stays)
			cas_acq_rel(&task->home, &home, select_cpu(task, smp_processor_id()));
	}
	deliver(task);
	local_irq_restore(flags);
	return 1;
}

void set_current_state(unsigned int state)
{
	__set_current_state(state);
	/* Pairs with the one in wake_up_state. */
	smp_mb();
}

void send_away(struct task_struct *task, unsigned int cpu)
{
	/* Release: pairs with the acquire of who runs it; its context is saved. */
	store_release(&task->home, cpu);
	deliver(task);
}

void task_bind(struct task_struct *task, unsigned int cpu)
{
	task->bound = cpu;
	atomic_store_explicit(&task->home, cpu, memory_order_release);
}

struct affinity {
	struct task_struct *task;
	unsigned int cpu; /* where to */
	bool done;
};

/* A runnable thread, on what was its home a moment ago, interrupts off. */
static void move_runnable(void *info)
{
	struct affinity *move = info;
	struct task_struct *task = move->task;
	struct rq *q = this_cpu_ptr(&rq);

	move->done = atomic_load_explicit(&task->home, memory_order_acquire) ==
		     (smp_processor_id() | TASK_ON_RQ);
	if (!move->done)
		return;
	if (task == q->curr) {
		task->move_to = move->cpu;
		resched(q);
	} else {
		list_del_init(&task->queued);
		rq_add_nr(q, -1);
		send_away(task, move->cpu);
	}
}

/* False: it has woken up, or fallen asleep, or gone elsewhere meanwhile. */
static bool move_task(struct affinity *move)
{
	unsigned int home = atomic_load_explicit(&move->task->home, memory_order_acquire);
	unsigned long flags = local_irq_save();

	move->cpu = select_cpu(move->task, smp_processor_id());
	local_irq_restore(flags);
	/* One that sleeps is nobody's: anyone may take it over, by one step as in deliver(). */
	if (!(home & TASK_ON_RQ))
		return cas_acq_rel(&move->task->home, &home, move->cpu);
	/* Where that cpu is on its way down, it is about to send it away itself. */
	smp_call_function_single(home & ~TASK_ON_RQ, move_runnable, move, true);
	return move->done;
}

int set_cpus_allowed_ptr(struct task_struct *task, const struct cpumask *mask)
{
	struct affinity move = {.task = task};
	struct cpumask *allowed, *fresh;

	if (task->bound != CPU_ANY)
		return -EPERM;
	if (!cpumask_intersects(mask, cpu_online_mask))
		return -EINVAL;
	allowed = task->allowed;
	if (!allowed) {
		fresh = cpumask_alloc(NUMA_NO_NODE);
		if (!fresh)
			return -ENOMEM;
		cpumask_copy(fresh, mask);
		/*
		 * Release: whoever sees the mask sees its bits. Who was first is told of this mask
		 * below.
		 */
		if (!cas_acq_rel(&task->allowed, &allowed, fresh))
			cpumask_free(fresh);
	}
	if (allowed)
		cpumask_copy(allowed, mask);
	while (!cpumask_test_cpu(task_cpu(task), mask) && !move_task(&move))
		cpu_relax();
	return 0;
}

bool wait_task_inactive(struct task_struct *task, unsigned int states)
{
	uint64_t deadline = deadline_ms(SCHED_INACTIVE_S * 1000);

	for (;;) {
		/* Acquire: pairs with the release when its context was saved. */
		unsigned int home = atomic_load_explicit(&task->home, memory_order_acquire);
		unsigned int state = atomic_load_explicit(&task->state, memory_order_relaxed);

		if (!(home & TASK_ON_RQ) && (states ? state & states : state == TASK_DEAD))
			return true;
		if (time_now() >= deadline) {
			pr_err("thread %s: still %s on cpu%u after %d s", task->comm,
			       task_state_name(task), home & ~TASK_ON_RQ, SCHED_INACTIVE_S);
			return false;
		}
		usleep(POLL_US);
	}
}
