/* SPDX-License-Identifier: BSD-2-Clause */
/* The run queues: who runs next, who is woken, who moves. */
#include "threads/sched.h"

#include <errno.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/hotplug.h"
#include "core/init.h"
#include "core/lockdep.h"
#include "core/panic.h"
#include "core/page.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/time.h"
#include "ipi/ipi.h"
#include "threads/internal.h"

static unsigned int slice_ms = 4;
PARAM_UINT("slice_ms", slice_ms, 1, 10000, "how long a thread runs while others wait for its cpu");

DEFINE_PER_CPU(struct rq, rq);

unsigned int nr_running(unsigned int cpu)
{
	return atomic_load_explicit(&per_cpu_ptr(&rq, cpu)->nr, memory_order_relaxed);
}

static inline void add_nr(struct rq *q, int n)
{
	store_relaxed(&q->nr, atomic_load_explicit(&q->nr, memory_order_relaxed) + (unsigned int)n);
}

/* The idle thread looks for itself; any other is interrupted, when interrupts are on again. */
static inline void resched(struct rq *q)
{
	if (q->curr->head.need_resched)
		return;
	q->curr->head.need_resched = true;
	if (q->curr != q->idle)
		ipi_raise_self(IPI_RESCHEDULE);
}

static void arm_slice(struct rq *q, uint64_t from)
{
	q->slice_armed = true;
	mod_timer(&q->slice, from + ns_to_ticks(slice_ms * 1000000UL));
}

/* A timer that is set once serves many short turns: it looks how long this one has taken. */
static void slice_over(struct timer_list *timer)
{
	struct rq *q = container_of(timer, struct rq, slice);
	uint64_t since = atomic_load_explicit(&q->curr->since, memory_order_relaxed);

	q->slice_armed = false;
	if (list_empty(&q->queues[SCHED_NORMAL]))
		return;
	if (time_now() - since >= ns_to_ticks(slice_ms * 1000000UL)) {
		resched(q);
		arm_slice(q, time_now());
	} else {
		arm_slice(q, since);
	}
}

static void enqueue(struct rq *q, struct task_struct *task)
{
	list_add_tail(&task->queued, &q->queues[task->class]);
	add_nr(q, 1);
	if (task->class < q->curr->class || q->curr->head.waits)
		resched(q);
	else if (!q->slice_armed && task->class == SCHED_NORMAL && q->curr->class == SCHED_NORMAL)
		arm_slice(q, time_now());
}

static bool may_run_on(const struct task_struct *task, unsigned int cpu)
{
	if (!cpumask_test_cpu(cpu, cpu_online_mask))
		return false;
	if (task->bound != CPU_ANY)
		return task->bound == cpu;
	return !task->allowed || cpumask_test_cpu(cpu, task->allowed);
}

/*
 * The least loaded cpu that it may run on, the first of equals, but near before far; where its own are all down any other,
 * as in Linux: better there than never.
 */
static unsigned int select_cpu(const struct task_struct *task, unsigned int near)
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
 * -EBUSY means that somebody's message is under way, or about to be sent, or to be sent again because it was refused: in each
 * case it is delivered after this, and the function that it runs has a full fence before it looks.
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
		 * Its cpu is down. With ON_RQ that cpu is about to hand it over; without, it sleeps, and is taken over: by
		 * one step, as the cpu may be coming back, and others may want to do the same.
		 */
		if (home & TASK_ON_RQ) {
			cpu_relax();
			/* What that cpu still runs may be waiting for this one. */
			flush_call_queue();
		} else {
			cas_acq_rel(&task->home, &home, select_cpu(task, me));
		}
	}
}

/* The message of deliver(). */
void wake_task(void *info)
{
	struct task_struct *task = info;

	/* Pairs with the one in wake_up_state: who found this message under way has its condition seen. */
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
		if (!(home & TASK_ON_RQ))
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

/* Sends a thread that has left the run queue of this cpu to another. Interrupts off. */
static void send_away(struct task_struct *task, unsigned int cpu)
{
	/* Release: pairs with the acquire of who runs it; its context is saved. */
	store_release(&task->home, cpu);
	deliver(task);
}

/* On the new thread's stack: what is to be done when the context of the one before is saved. Interrupts off. */
void finish_switch(struct context *before)
{
	struct task_struct *prev = container_of(before, struct task_struct, context);
	enum task_leaving leaving = prev->leaving;
	unsigned int cpu;

	if (leaving == LEAVES_NOT)
		return;
	prev->leaving = LEAVES_NOT;
	if (unlikely(leaving == LEAVES_MOVING)) {
		cpu = prev->move_to;
		prev->move_to = CPU_ANY;
		send_away(prev, cpu);
		return;
	}
	if (unlikely(atomic_load_explicit(&prev->state, memory_order_relaxed) == TASK_DEAD)) {
		store_release(&prev->home, smp_processor_id());
		put_task_struct(prev);
		return;
	}
	/* Release: pairs with the acquire of who looks at a thread that has left, or takes it over. */
	store_release(&prev->home, smp_processor_id());
}

static struct task_struct *pick_next(struct rq *q)
{
	for (unsigned int class = 0; class < SCHED_IDLE; class ++) {
		struct list_head *queue = &q->queues[class];

		if (!list_empty(queue)) {
			struct task_struct *task =
				list_first_entry(queue, struct task_struct, queued);

			list_del_init(&task->queued);
			return task;
		}
	}
	return q->idle;
}

/* Where the running thread goes, unless it is the idle one. */
static void put_prev(struct rq *q, struct task_struct *prev, bool preempted)
{
	if (!preempted &&
	    atomic_load_explicit(&prev->state, memory_order_relaxed) != TASK_RUNNING) {
		prev->leaving = LEAVES_SLEEPING;
		add_nr(q, -1);
	} else if (unlikely(prev->move_to != CPU_ANY)) {
		prev->leaving = LEAVES_MOVING;
		add_nr(q, -1);
	} else if (!list_empty(&q->queues[SCHED_STOP]) && prev->class != SCHED_STOP) {
		/* It keeps its turn. */
		list_add(&prev->queued, &q->queues[prev->class]);
	} else {
		list_add_tail(&prev->queued, &q->queues[prev->class]);
	}
}

/*
 * preempted: the thread did not ask for it, so it stays runnable, whatever its state announces. Interrupts off; the cpu may
 * be another one afterwards.
 */
static void __schedule(bool preempted)
{
	struct rq *q = this_cpu_ptr(&rq);
	struct task_struct *prev = q->curr, *next;
	uint64_t now;

	prev->head.need_resched = false;
	if (prev != q->idle)
		put_prev(q, prev, preempted);
	next = pick_next(q);
	if (next == prev)
		return;
	now = rdtime();
	store_relaxed(&prev->ran, atomic_load_explicit(&prev->ran, memory_order_relaxed) + now -
					  atomic_load_explicit(&prev->since, memory_order_relaxed));
	store_relaxed(&prev->since, now);
	store_relaxed(&next->since, now);
	store_relaxed(&next->switches,
		      atomic_load_explicit(&next->switches, memory_order_relaxed) + 1);
	if (unlikely(!q->slice_armed && next->class == SCHED_NORMAL &&
		     !list_empty(&q->queues[SCHED_NORMAL])))
		arm_slice(q, now);
	q->curr = next;
	this_cpu(current_task) = &next->head;
	finish_switch(switch_context(&prev->context, &next->context));
}

static __noinline __cold void schedule_misused(void)
{
	panic("thread %s gives its cpu away with preemption off, count %u", current->comm,
	      current->head.preempt_count);
}

void schedule(void)
{
	unsigned long flags = local_irq_save();

	lockdep_sleep();
	if (unlikely(current->head.preempt_count))
		schedule_misused();
	__schedule(false);
	local_irq_restore(flags);
}

void schedule_idle(void)
{
	__schedule(false);
}

void yield(void)
{
	__set_current_state(TASK_RUNNING);
	schedule();
}

bool cond_resched(void)
{
	if (likely(!current->head.need_resched))
		return false;
	preempt_schedule();
	return true;
}

static void preempt_here(void)
{
	/* Where interrupts are off, the reschedule interrupt is pending. */
	if (irqs_disabled())
		return;
	local_irq_disable();
	if (current->head.need_resched && !current->head.preempt_count)
		__schedule(true);
	local_irq_enable();
}

/* The last thing that is done in an interrupt: what it has interrupted goes on when the thread does, maybe on another cpu. */
static void resched_interrupt(void)
{
	struct task_head *head = current_head();
	unsigned long epc, status;

	/* With preemption off preempt_enable does it. */
	if (head->preempt_count || !head->need_resched)
		return;
	epc = csr_read(CSR_SEPC);
	status = csr_read(CSR_SSTATUS);
	__schedule(true);
	csr_write(CSR_SEPC, epc);
	csr_write(CSR_SSTATUS, status);
}

/* For who waits for an interrupt: others first. */
static void yield_or_wait(void)
{
	struct task_head *head = current_head();

	if (head->preempt_count || nr_running(smp_processor_id()) < 2) {
		/* What the interrupt makes runnable preempts. */
		head->waits = true;
		wait_for_interrupt();
		local_irq_enable();
		local_irq_disable();
		head->waits = false;
	} else {
		__schedule(true);
	}
}

struct sleep_timer {
	struct timer_list timer;
	struct task_struct *task;
};

static void sleep_over(struct timer_list *timer)
{
	wake_up_process(container_of(timer, struct sleep_timer, timer)->task);
}

uint64_t schedule_timeout(uint64_t ticks)
{
	struct sleep_timer sleep = {.task = current};
	uint64_t now = time_now(), end = now + ticks;

	if (ticks == MAX_SCHEDULE_TIMEOUT || end < now) {
		schedule();
		return ticks;
	}
	timer_setup(&sleep.timer, sleep_over);
	mod_timer(&sleep.timer, end);
	schedule();
	timer_delete_sync(&sleep.timer);
	now = time_now();
	return now < end ? end - now : 0;
}

void usleep(uint64_t us)
{
	uint64_t left = ns_to_ticks(us * 1000) + 1;

	while (left) {
		__set_current_state(TASK_INTERRUPTIBLE);
		left = schedule_timeout(left);
	}
}

void msleep(unsigned int ms)
{
	usleep(ms * 1000UL);
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

/* On what was the thread's home a moment ago, interrupts off. */
static void move_task(void *info)
{
	struct affinity *move = info;
	struct task_struct *task = move->task;
	unsigned int me = smp_processor_id();
	unsigned int home = atomic_load_explicit(&task->home, memory_order_acquire);
	struct rq *q = this_cpu_ptr(&rq);

	move->done = true;
	if (home == (me | TASK_ON_RQ) && task == q->curr) {
		task->move_to = move->cpu;
		resched(q);
	} else if (home == (me | TASK_ON_RQ)) {
		list_del_init(&task->queued);
		add_nr(q, -1);
		send_away(task, move->cpu);
	} else if (home == me) {
		move->done = cas_acq_rel(&task->home, &home, move->cpu);
	} else {
		move->done = false;
	}
}

int set_cpus_allowed_ptr(struct task_struct *task, const struct cpumask *mask)
{
	struct affinity move = {.task = task};
	struct cpumask *allowed;
	unsigned long flags;

	if (task->bound != CPU_ANY)
		return -EPERM;
	if (!cpumask_intersects(mask, cpu_online_mask))
		return -EINVAL;
	if (!task->allowed) {
		allowed = cpumask_alloc(NUMA_NO_NODE);
		if (!allowed)
			return -ENOMEM;
		cpumask_copy(allowed, mask);
		/* Release: whoever sees the mask sees its bits. */
		store_release(&task->allowed, allowed);
	} else {
		cpumask_copy(task->allowed, mask);
	}
	while (!move.done && !cpumask_test_cpu(task_cpu(task), mask)) {
		flags = local_irq_save();
		move.cpu = select_cpu(task, smp_processor_id());
		local_irq_restore(flags);
		/* Its home may go down or change meanwhile: then again. */
		smp_call_function_single(task_cpu(task), move_task, &move, true);
	}
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

void sched_cpu_leaving(void)
{
	struct rq *q = this_cpu_ptr(&rq);

	timer_delete(&q->slice);
	/* None from here on. */
	q->slice_armed = true;
}

/* On the dying cpu, its call queue closed and empty: every runnable thread but the caller's is handed to another cpu. */
static int sched_dying(unsigned int cpu)
{
	struct rq *q = this_cpu_ptr(&rq);

	for (unsigned int class = 0; class < SCHED_IDLE; class ++) {
		while (!list_empty(&q->queues[class])) {
			struct task_struct *task =
				list_first_entry(&q->queues[class], struct task_struct, queued);

			list_del_init(&task->queued);
			add_nr(q, -1);
			send_away(task, select_cpu(task, cpu));
		}
	}
	q->dead = true;
	return 0;
}

void rq_init(struct rq *q, struct task_struct *curr, struct task_struct *idle)
{
	for (unsigned int class = 0; class < SCHED_IDLE; class ++)
		INIT_LIST_HEAD(&q->queues[class]);
	timer_setup(&q->slice, slice_over);
	q->slice_armed = false;
	q->dead = false;
	q->idle = idle;
	q->curr = curr;
	store_relaxed(&q->nr, curr != idle);
}

static int sched_starting(unsigned int cpu)
{
	struct task_struct *idle = this_cpu_ptr(&idle_task);

	(void)cpu;
	rq_init(this_cpu_ptr(&rq), idle, idle);
	return 0;
}
CPUHP_ROW(CPUHP_AP_SCHED_STARTING, "sched:starting", sched_starting, sched_dying);

static int sched_init(void)
{
	ipi_register(IPI_RESCHEDULE, resched_interrupt);
	preempt_schedule = preempt_here;
	wait_or_yield = yield_or_wait;
	return 0;
}
INITCALL(INIT_IPI, sched_init);
