/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads as objects: their memory, their stacks, their beginning and end. */
#include <errno.h>
#include <stdio.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/pgtable.h"
#include "core/cpu.h"
#include "core/init.h"
#include "core/page.h"
#include "core/panic.h"
#include "core/smp.h"
#include "core/spinlock.h"
#include "core/time.h"
#include "threads/internal.h"

/* Every thread but the idle ones, for who lists them. */
static DEFINE_SPINLOCK(tasks_lock);
static LIST_HEAD(tasks);

/*
 * Stacks that threads have left are kept, mapped, for those that come: one that nobody uses says at
 * its top where the next one is.
 */
static DEFINE_SPINLOCK(stacks_lock);
static void **free_stacks;

/* NULL: no memory. */
static void *stack_get(int node)
{
	unsigned int order = STACK_SHIFT - PAGE_SHIFT;
	unsigned long flags = spin_lock_irqsave(&stacks_lock);
	void **top = free_stacks, *pages;

	if (top) {
		free_stacks = top[-1];
	} else {
		/* Within the lock, as nobody else maps anything by now. */
		pages = page_alloc(node, order);
		if (pages)
			top = stack_map(virt_to_phys(pages), STACK_SIZE);
		if (!top)
			page_free(pages, order);
	}
	spin_unlock_irqrestore(&stacks_lock, flags);
	return top;
}

static void stack_put(void *stack)
{
	unsigned long flags = spin_lock_irqsave(&stacks_lock);
	void **top = stack;

	top[-1] = free_stacks;
	free_stacks = top;
	spin_unlock_irqrestore(&stacks_lock, flags);
}

/* What all threads but the idle ones have in common. */
static void task_setup(struct task_struct *task, const char *comm)
{
	INIT_LIST_HEAD(&task->queued);
	INIT_LIST_HEAD(&task->all);
	snprintf(task->comm, sizeof(task->comm), "%s", comm);
	task->bound = CPU_ANY;
	task->move_to = CPU_ANY;
	store_relaxed(&task->usage, 1);
	store_relaxed(&task->since, time_now());
}

/* The first function of every thread. Interrupts off. */
static __noreturn void task_entry(struct context *before)
{
	finish_switch(before);
	local_irq_enable();
	current->fn(current->data);
	task_exit();
}

void task_exit(void)
{
	local_irq_disable();
	__set_current_state(TASK_DEAD);
	schedule();
	panic("thread %s goes on after its end", current->comm);
}

static void add_task(struct task_struct *task)
{
	unsigned long flags = spin_lock_irqsave(&tasks_lock);

	list_add_tail(&task->all, &tasks);
	spin_unlock_irqrestore(&tasks_lock, flags);
}

int task_init(struct task_struct *task, void (*fn)(void *data), void *data, int node,
	      void (*release)(struct task_struct *task), const char *comm)
{
	void *stack = stack_get(node);

	if (!stack)
		return -ENOMEM;
	task_setup(task, comm);
	task->class = SCHED_NORMAL;
	task->fn = fn;
	task->data = data;
	task->stack = stack;
	task->release = release;
	INIT_CSD(&task->wake_csd, wake_task, task);
	context_init(&task->context, stack, (void (*)(struct context *))task_entry);
	/* One for who makes it, one for itself until it ends. */
	store_relaxed(&task->usage, 2);
	store_relaxed(&task->home, smp_processor_id());
	store_relaxed(&task->state, TASK_NEW);
	add_task(task);
	return 0;
}

void put_task_struct(struct task_struct *task)
{
	unsigned long flags;

	/* Release: what each did with it; acquire: is over before it goes. */
	if (atomic_fetch_sub_explicit(&task->usage, 1, memory_order_acq_rel) != 1)
		return;
	flags = spin_lock_irqsave(&tasks_lock);
	list_del_init(&task->all);
	spin_unlock_irqrestore(&tasks_lock, flags);
	stack_put(task->stack);
	cpumask_free(task->allowed);
	task->release(task);
}

const char *task_state_name(const struct task_struct *task)
{
	switch (atomic_load_explicit(&task->state, memory_order_relaxed)) {
	case TASK_RUNNING:
		return "running";
	case TASK_INTERRUPTIBLE:
		return "sleeping";
	case TASK_UNINTERRUPTIBLE:
		return "waiting";
	case TASK_PARKED:
		return "parked";
	case TASK_NEW:
		return "new";
	case TASK_DEAD:
		return "dead";
	default:
		return "unknown";
	}
}

void for_each_task(void (*each)(struct task_struct *task, void *arg), void *arg)
{
	unsigned long flags = spin_lock_irqsave(&tasks_lock);
	struct task_struct *task;
	unsigned int cpu;

	for_each_populated_cpu (cpu)
		each(per_cpu_ptr(&idle_task, cpu), arg);
	list_for_each_entry (task, &tasks, all)
		each(task, arg);
	spin_unlock_irqrestore(&tasks_lock, flags);
}

/*
 * What the boot hart has been doing since its first instruction: initcalls, then tests and the
 * shell.
 */
static struct task_struct init_task;

/*
 * The boot becomes a thread like any other; its cpu gets an idle thread, whose stack is also that
 * of the cpu's next lives.
 */
static int threads_init(void)
{
	struct task_struct *idle = this_cpu_ptr(&idle_task);
	void *stack = stack_get(cpu_to_node(0));

	if (!stack)
		panic("no memory for the idle thread of cpu0");
	task_setup(&init_task, "init");
	init_task.class = SCHED_NORMAL;
	INIT_CSD(&init_task.wake_csd, wake_task, &init_task);
	store_relaxed(&init_task.home, TASK_ON_RQ | smp_processor_id());
	add_task(&init_task);
	idle_thread_init(idle, stack);
	smp_set_start_stack(smp_processor_id(), stack);
	rq_init(this_cpu_ptr(&rq), &init_task, idle);
	this_cpu(current_task) = &init_task.head;
	smpboot_init();
	local_irq_enable();
	return 0;
}
INITCALL_FIRST(INIT_THREADS, threads_init);
