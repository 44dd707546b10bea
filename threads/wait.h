/* SPDX-License-Identifier: BSD-2-Clause */
/* Wait queues: threads sleep until others make a condition true. Names are Linux's. */
#ifndef THREADS_WAIT_H
#define THREADS_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/riscv/irqflags.h"
#include "core/list.h"
#include "core/spinlock.h"
#include "threads/sched.h"

/*
 * Panics, naming the caller, the thread and the reason, where nobody may sleep: with preemption or
 * interrupts off. Every function of threads/ that may sleep begins with it.
 */
#define might_sleep()                                                           \
	do {                                                                    \
		if (unlikely(current_head()->preempt_count || irqs_disabled())) \
			must_not_sleep(__func__);                               \
	} while (0)
__noreturn __cold void must_not_sleep(const char *what);

/* Members belong to threads/wait.c. */
typedef struct wait_queue_head {
	spinlock_t lock;
	struct list_head waiters;
} wait_queue_head_t;

struct wait_queue_entry {
	struct task_struct *task;
	bool exclusive;
	_Atomic unsigned int queued;
	struct list_head entry;
};

#define WAIT_QUEUE_HEAD_INIT(name)    {SPINLOCK_INIT(#name), LIST_HEAD_INIT((name).waiters)}
#define DECLARE_WAIT_QUEUE_HEAD(name) wait_queue_head_t name = WAIT_QUEUE_HEAD_INIT(name)
void init_waitqueue_head(wait_queue_head_t *wq);

/* A waiter on its own stack; it leaves the queue when it is woken. */
#define DEFINE_WAIT(name) struct wait_queue_entry name = {.task = current}

/*
 * Wakes all who wait, but of those who wait exclusively only the one that has waited longest
 * (wake_up) or all (wake_up_all). All that the caller did before is seen by who is woken. The queue
 * must stay until it returns. Any context, but not with the lock of that queue held.
 */
void wake_up(wait_queue_head_t *wq);
void wake_up_all(wait_queue_head_t *wq);

/* True if somebody waits: a hint. Any context. */
bool waitqueue_active(wait_queue_head_t *wq);

/*
 * For what the macros below do not do: in a loop, prepare (joins the queue, unless it is in it, and
 * sets the state), look at the condition, schedule; then finish. Thread context.
 */
void prepare_to_wait(wait_queue_head_t *wq, struct wait_queue_entry *wait, unsigned int state);
void prepare_to_wait_exclusive(wait_queue_head_t *wq, struct wait_queue_entry *wait,
			       unsigned int state);
void finish_wait(wait_queue_head_t *wq, struct wait_queue_entry *wait);

#define __wait_event(wq, cond, state, prepare, ticks)              \
	({                                                         \
		uint64_t __left = (ticks);                         \
		bool __true;                                       \
                                                                   \
		might_sleep();                                     \
		__true = (cond);                                   \
		if (!__true) {                                     \
			DEFINE_WAIT(__wait);                       \
			for (;;) {                                 \
				prepare(&(wq), &__wait, state);    \
				__true = (cond);                   \
				if (__true || !__left)             \
					break;                     \
				__left = schedule_timeout(__left); \
			}                                          \
			finish_wait(&(wq), &__wait);               \
		}                                                  \
		__true ? (__left ? __left : 1) : 0;                \
	})

/*
 * Sleep until cond is true; it is looked at before, and after each wake-up, outside of all locks.
 * Who makes it true wakes the queue after that. A sleep that lasts is reported (threads/hung.h),
 * but for those of wait_event_idle, which may last for ever. Thread context.
 */
#define wait_event(wq, cond) \
	(void)__wait_event(wq, cond, TASK_UNINTERRUPTIBLE, prepare_to_wait, MAX_SCHEDULE_TIMEOUT)
#define wait_event_idle(wq, cond) \
	(void)__wait_event(wq, cond, TASK_INTERRUPTIBLE, prepare_to_wait, MAX_SCHEDULE_TIMEOUT)
#define wait_event_idle_exclusive(wq, cond)                                         \
	(void)__wait_event(wq, cond, TASK_INTERRUPTIBLE, prepare_to_wait_exclusive, \
			   MAX_SCHEDULE_TIMEOUT)

/*
 * At most so many ticks: 0 if cond is still false then, else how many were left, at least 1. Thread
 * context.
 */
#define wait_event_timeout(wq, cond, ticks) \
	__wait_event(wq, cond, TASK_UNINTERRUPTIBLE, prepare_to_wait, ticks)
#define wait_event_idle_timeout(wq, cond, ticks) \
	__wait_event(wq, cond, TASK_INTERRUPTIBLE, prepare_to_wait, ticks)

#endif
