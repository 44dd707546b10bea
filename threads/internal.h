/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of threads/ share and nobody else may use. */
#ifndef THREADS_INTERNAL_H
#define THREADS_INTERNAL_H

#include "core/timer.h"
#include "threads/sched.h"

/*
 * A cpu's runnable threads. Touched by that cpu only, interrupts off: so there is no lock, and
 * others send messages (the wake_csd of a thread). nr is read by all.
 */
struct rq {
	struct task_struct *curr, *idle;
	struct list_head queues[SCHED_IDLE]; /* by class; the running thread is in none */
	_Atomic unsigned int nr;	     /* in the queues, and the running one */
	bool slice_armed;
	bool dead; /* its hart is on its way to hart_stop: nothing can be run here */
	struct timer_list slice;
};

DECLARE_PER_CPU(struct rq, rq);
DECLARE_PER_CPU(struct task_struct, idle_task);

static inline void rq_add_nr(struct rq *q, int n)
{
	store_relaxed(&q->nr, atomic_load_explicit(&q->nr, memory_order_relaxed) + (unsigned int)n);
}

/* Puts a runnable thread in this cpu's run queue. Interrupts off. */
void enqueue(struct rq *q, struct task_struct *task);

/*
 * Another thread than the running one shall run. The idle thread looks for itself; any other is
 * interrupted, when interrupts are on again. Interrupts off.
 */
void resched(struct rq *q);

/* The cpu is online, and neither binding nor affinity keeps the thread from it. */
bool may_run_on(const struct task_struct *task, unsigned int cpu);

/*
 * The least loaded cpu that it may run on, the first of equals, but near before far; where its own
 * are all down any other, as in Linux: better there than never.
 */
unsigned int select_cpu(const struct task_struct *task, unsigned int near);

/* Sends a thread that has left the run queue of this cpu to another. Interrupts off. */
void send_away(struct task_struct *task, unsigned int cpu);

/* The idle thread's way to other threads; it holds a preempt_count. Interrupts off. */
void schedule_idle(void);

/* The second half of a switch: the first thing that a new thread does. Interrupts off. */
void finish_switch(struct context *before);

/* Makes a run queue of this cpu, where curr runs now. Interrupts off. */
void rq_init(struct rq *q, struct task_struct *curr, struct task_struct *idle);

/*
 * On a cpu's way down, interrupts off, before anything of it moves: the run queue gives up what it
 * has of its own. What is runnable leaves later, in its row of the table.
 */
void sched_cpu_leaving(void);

/* cpu_up and cpu_down, and how often cpu_hotplug_disable holds: all for who has cpus_write_lock. */
int cpu_up_locked(unsigned int cpu);
int cpu_down_locked(unsigned int cpu);
extern unsigned int cpu_hotplug_disabled;

/* One registration at a time, harts held still. Thread context. */
void cpuhp_registration_lock(void);
void cpuhp_registration_unlock(void);

/*
 * The idle thread, interrupts off: when its hart has come up, and whenever it is switched to. The
 * latter does not come back if the hart is to die.
 */
void cpuhp_online_idle(void);
void cpuhp_idle(void);

/* The cpus that are online by now shall have smpboot threads. Boot. */
void smpboot_init(void);

/*
 * How idle sleeps: the parameter idle=. AUTO: by the idle states of the device tree, wfi where it
 * has none.
 */
enum idle_mode { IDLE_AUTO, IDLE_POLL, IDLE_WFI, IDLE_SUSPEND, IDLE_SUSPEND_DEEP };
extern enum idle_mode idle_mode;

/* In place of wfi, if it is set; interrupts off. Comes back when one is pending, or earlier. */
extern void (*idle_sleep)(void);

/* The message that wakes a thread. */
void wake_task(void *task);

/* For a cpu whose idle thread is not what it boots on. */
void idle_thread_init(struct task_struct *idle, void *stack);

#endif
