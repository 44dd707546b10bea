/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads and the run queues that they stand in. Names and semantics are Linux's, but where a
 * contract says more.
 */
#ifndef THREADS_SCHED_H
#define THREADS_SCHED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "arch/riscv/switch.h"
#include "core/cpumask.h"
#include "core/list.h"
#include "core/preempt.h"
#include "ipi/call.h"

/*
 * What a thread is about; RUNNING unless it has said otherwise.
 *
 *   [ NEW ] -- first wake-up --> [ RUNNING ] -- set_current_state --> [ INTERRUPTIBLE, ... PARKED ]
 *                                 |   ^                                   |
 *                       task_exit |   +----- wake-up, or itself ----------+ schedule(): it sleeps
 *                                 v
 *                              [ DEAD ]
 *
 * UNINTERRUPTIBLE sleep is for what is over soon: one that lasts is reported. There are no signals.
 */
#define TASK_RUNNING	     0U
#define TASK_INTERRUPTIBLE   1U
#define TASK_UNINTERRUPTIBLE 2U
#define TASK_PARKED	     4U
#define TASK_NEW	     8U
#define TASK_DEAD	     16U
#define TASK_NORMAL	     (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE | TASK_NEW)

enum sched_class { SCHED_STOP, SCHED_NORMAL, SCHED_IDLE };

/* What becomes of a thread whose cpu goes on with another. */
enum task_leaving { LEAVES_NOT, LEAVES_SLEEPING, LEAVES_MOVING };

#define TASK_COMM_LEN 16
#define CPU_ANY	      UINT32_MAX

struct task_struct {
	struct task_head head;
	_Atomic unsigned int state; /* TASK_: the thread's own, and its home's when it is woken */
	/*
	 * The cpu that wakes and runs it, and TASK_ON_RQ:
	 *
	 *              wake-up on cpu                  its context is saved, asleep
	 *   [ cpu ] -----------------> [ cpu, ON_RQ ] -----------------------------> [ cpu ]
	 *      | cpu is down: whoever wakes it          | it moves: its old cpu
	 *      +-----------> [ other cpu ] <------------+ hands it over
	 *
	 * With ON_RQ it is that cpu's alone; without, each arrow is one atomic step, and the one on
	 * the left is also that of whoever sends a thread that sleeps to another cpu.
	 */
	_Atomic unsigned int home;
	struct context context;
	struct list_head queued; /* in the run queue, while it is runnable and does not run */
	enum sched_class class;
	unsigned int bound;	   /* the only cpu for it, or CPU_ANY */
	bool stays;		   /* sleeps on its cpu while that is down: its hotplug thread */
	unsigned int move_to;	   /* where it goes when it next leaves its cpu, or CPU_ANY */
	enum task_leaving leaving; /* between the two halves of a switch */
	struct cpumask *_Atomic allowed; /* NULL: every cpu */
	call_single_data_t
		wake_csd; /* its wake-up on another cpu; holds a reference while in flight */
	_Atomic unsigned int usage; /* references */
	void (*fn)(void *data);
	void *data;
	void *stack; /* top; NULL: not from the pool */
	void (*release)(struct task_struct *task);
	struct list_head all; /* of all threads */
	char comm[TASK_COMM_LEN];

	/*
	 * What it sleeps for, or NULL, and the thread that it waits for, or NULL: for reports;
	 * written by the thread.
	 */
	const char *_Atomic waits_for;
	struct task_struct *_Atomic waits_on;

	_Atomic uint64_t since;	   /* ticks when it began to run, or to sleep */
	_Atomic uint64_t ran;	   /* ticks it ran, up to since */
	_Atomic uint64_t switches; /* how often it was switched to */
};

#define TASK_ON_RQ 0x80000000U

#define current ((struct task_struct *)current_head())

/*
 * Announces a sleep: to be followed by a look at what is waited for, then schedule(). A full fence
 * lies behind it: who makes the condition true and then wakes (a full fence, too) either is seen by
 * that look or sees the state.
 */
void set_current_state(unsigned int state);
static inline void __set_current_state(unsigned int state)
{
	atomic_store_explicit(&current->state, state, memory_order_relaxed);
}

/*
 * Gives the cpu to the next thread; comes back at once if this one is RUNNING and alone, after a
 * wake-up if its state says that it sleeps. Thread context, preempt_count 0; interrupts as they
 * are. Like all sleeping functions, it may come back on another cpu if this one goes down.
 */
void schedule(void);

/* To the end of the line, behind all that are runnable here. Thread context. */
void yield(void);

/* Lets another thread run if one should. True if one did. Thread context. */
bool cond_resched(void);

/*
 * Makes a thread that sleeps in one of these states runnable, on its own cpu or, if that is down,
 * on another; but a cpu's hotplug thread sleeps on until that is up. 1 if it was in one, 0 if not:
 * then nothing was done. All that the caller did before is seen by the thread. Any context. The
 * caller holds a reference, or knows by other means that the thread is not gone. Wake-ups without
 * cause are possible: who sleeps looks again.
 */
int wake_up_state(struct task_struct *task, unsigned int states);
static inline int wake_up_process(struct task_struct *task)
{
	return wake_up_state(task, TASK_NORMAL);
}

/*
 * Sleeps in the state that was set, at most so many ticks; returns how many are left, 0 if all have
 * passed. Thread context.
 */
#define MAX_SCHEDULE_TIMEOUT UINT64_MAX
uint64_t schedule_timeout(uint64_t ticks);

/* Sleeps so long at least. Thread context. */
void msleep(unsigned int ms);
void usleep(uint64_t us);

/*
 * Where a thread may run; the calling thread moves at once, others when they next run or are next
 * switched. -EINVAL: no cpu of the mask is online; -EPERM: it is bound; -ENOMEM. Thread context.
 */
int set_cpus_allowed_ptr(struct task_struct *task, const struct cpumask *mask);

/* Binds a thread that does not run, and will not meanwhile. */
void task_bind(struct task_struct *task, unsigned int cpu);

/*
 * Waits until the thread has left its cpu in one of these states (0: DEAD), its context saved.
 * False after SCHED_INACTIVE_S, with a report. Thread context.
 */
#define SCHED_INACTIVE_S 20
bool wait_task_inactive(struct task_struct *task, unsigned int states);

/*
 * Makes a thread that begins with fn(data) at its first wake-up, with a stack from memory node; the
 * caller has its memory, zeroed, and the first reference. release, from any context, when the last
 * is put. 0, or -ENOMEM. Thread context.
 */
int task_init(struct task_struct *task, void (*fn)(void *data), void *data, int node,
	      void (*release)(struct task_struct *task), const char *comm);

/*
 * The end of the calling thread: its state is DEAD from then on, and the reference that it held on
 * itself is put.
 */
__noreturn void task_exit(void);

static inline struct task_struct *get_task_struct(struct task_struct *task)
{
	atomic_fetch_add_explicit(&task->usage, 1, memory_order_relaxed);
	return task;
}
void put_task_struct(struct task_struct *task);

static inline unsigned int task_cpu(const struct task_struct *task)
{
	return atomic_load_explicit(&task->home, memory_order_relaxed) & ~TASK_ON_RQ;
}

/*
 * Calls each for every thread, under a lock, interrupts off: it must not sleep. The idle threads
 * first. Any context.
 */
void for_each_task(void (*each)(struct task_struct *task, void *arg), void *arg);

/* "R", "S", "D", "P", "N", "X". */
const char *task_state_name(const struct task_struct *task);

/*
 * Runnable threads of a cpu, the one that runs counted, the idle thread not. A hint. Any context.
 */
unsigned int nr_running(unsigned int cpu);

#endif
