/* SPDX-License-Identifier: BSD-2-Clause */
/* Who waits in a queue, and who is woken. */
#include "threads/wait.h"

#include "core/panic.h"

void must_not_sleep(const char *what)
{
	struct task_head *head = current_head();

	panic("%s: thread %s may not sleep here: preempt_count %u, interrupts %s", what,
	      head == &boot_task_head ? "of the boot" : current->comm, head->preempt_count,
	      irqs_disabled() ? "off" : "on");
}

void init_waitqueue_head(wait_queue_head_t *wq)
{
	spin_lock_init(&wq->lock, "wait queue");
	INIT_LIST_HEAD(&wq->waiters);
}

bool waitqueue_active(wait_queue_head_t *wq)
{
	unsigned long flags = spin_lock_irqsave(&wq->lock);
	bool active = !list_empty(&wq->waiters);

	spin_unlock_irqrestore(&wq->lock, flags);
	return active;
}

/* The thread stays until it is out of the queue: either it sees that, or it needs the lock. */
static void wake(wait_queue_head_t *wq, unsigned int exclusive)
{
	unsigned long flags = spin_lock_irqsave(&wq->lock);
	struct list_head *at = wq->waiters.next;

	while (at != &wq->waiters) {
		struct wait_queue_entry *wait = list_entry(at, struct wait_queue_entry, entry);

		at = at->next;
		if (wait->exclusive && !exclusive)
			continue;
		exclusive -= wait->exclusive;
		wake_up_process(wait->task);
		list_del_init(&wait->entry);
		/*
		 * Release: pairs with the acquire in finish_wait; nothing of it is touched from
		 * here on.
		 */
		store_release(&wait->queued, 0);
	}
	spin_unlock_irqrestore(&wq->lock, flags);
}

void wake_up(wait_queue_head_t *wq)
{
	wake(wq, 1);
}

void wake_up_all(wait_queue_head_t *wq)
{
	wake(wq, UINT32_MAX);
}

static void prepare(wait_queue_head_t *wq, struct wait_queue_entry *wait, unsigned int state,
		    bool exclusive)
{
	unsigned long flags = spin_lock_irqsave(&wq->lock);

	wait->exclusive = exclusive;
	if (!atomic_load_explicit(&wait->queued, memory_order_relaxed)) {
		list_add_tail(&wait->entry, &wq->waiters);
		store_relaxed(&wait->queued, 1);
	}
	/*
	 * Within the lock: who made the condition true and finds nobody in the queue has done so
	 * before it is looked at.
	 */
	set_current_state(state);
	spin_unlock_irqrestore(&wq->lock, flags);
}

void prepare_to_wait(wait_queue_head_t *wq, struct wait_queue_entry *wait, unsigned int state)
{
	prepare(wq, wait, state, false);
}

void prepare_to_wait_exclusive(wait_queue_head_t *wq, struct wait_queue_entry *wait,
			       unsigned int state)
{
	prepare(wq, wait, state, true);
}

void finish_wait(wait_queue_head_t *wq, struct wait_queue_entry *wait)
{
	unsigned long flags;

	__set_current_state(TASK_RUNNING);
	/* Acquire: pairs with the release of who has woken it. */
	if (!atomic_load_explicit(&wait->queued, memory_order_acquire))
		return;
	flags = spin_lock_irqsave(&wq->lock);
	/* Both its neighbours and itself, wherever a waker has come in between. */
	list_del_init(&wait->entry);
	spin_unlock_irqrestore(&wq->lock, flags);
}
