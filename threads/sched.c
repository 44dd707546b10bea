/* SPDX-License-Identifier: BSD-2-Clause */
/* The run queues: who runs next, and the switch to it. */
#include "threads/sched.h"

#include "arch/riscv/csr.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/hotplug.h"
#include "core/init.h"
#include "core/lockdep.h"
#include "core/panic.h"
#include "core/param.h"
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

void resched(struct rq *q)
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

void enqueue(struct rq *q, struct task_struct *task)
{
	list_add_tail(&task->queued, &q->queues[task->class]);
	rq_add_nr(q, 1);
	if (task->class < q->curr->class || q->curr->head.waits)
		resched(q);
	else if (!q->slice_armed && task->class == SCHED_NORMAL && q->curr->class == SCHED_NORMAL)
		arm_slice(q, time_now());
}

/*
 * On the new thread's stack: what is to be done when the context of the one before is saved.
 * Interrupts off.
 */
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
	/*
	 * Release: pairs with the acquire of who looks at a thread that has left, or takes it over.
	 */
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
		rq_add_nr(q, -1);
	} else if (unlikely(prev->move_to != CPU_ANY)) {
		prev->leaving = LEAVES_MOVING;
		rq_add_nr(q, -1);
	} else if (!list_empty(&q->queues[SCHED_STOP]) && prev->class != SCHED_STOP) {
		/* It keeps its turn. */
		list_add(&prev->queued, &q->queues[prev->class]);
	} else {
		list_add_tail(&prev->queued, &q->queues[prev->class]);
	}
}

/*
 * preempted: the thread did not ask for it, so it stays runnable, whatever its state announces.
 * Interrupts off; the cpu may be another one afterwards.
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

/*
 * The last thing that is done in an interrupt: what it has interrupted goes on when the thread
 * does, maybe on another cpu.
 */
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

void sched_cpu_leaving(void)
{
	struct rq *q = this_cpu_ptr(&rq);

	timer_delete(&q->slice);
	/* None from here on. */
	q->slice_armed = true;
}

/*
 * On the dying cpu: every runnable thread but the caller's is handed to another cpu, and what is
 * still delivered here is passed on. Its call queue is still open: when it closes, whoever finds it
 * so finds no thread in this run queue either, and has nothing to wait for.
 */
static int sched_dying(unsigned int cpu)
{
	struct rq *q = this_cpu_ptr(&rq);

	q->dead = true;
	for (unsigned int class = 0; class < SCHED_IDLE; class ++) {
		while (!list_empty(&q->queues[class])) {
			struct task_struct *task =
				list_first_entry(&q->queues[class], struct task_struct, queued);

			list_del_init(&task->queued);
			rq_add_nr(q, -1);
			send_away(task, select_cpu(task, cpu));
		}
	}
	return 0;
}
CPUHP_ROW(CPUHP_AP_SCHED_DYING, "sched:dying", NULL, sched_dying);

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
CPUHP_ROW(CPUHP_AP_SCHED_STARTING, "sched:starting", sched_starting, NULL);

static int sched_init(void)
{
	ipi_register(IPI_RESCHEDULE, resched_interrupt);
	preempt_schedule = preempt_here;
	wait_or_yield = yield_or_wait;
	return 0;
}
INITCALL(INIT_IPI, sched_init);
