/* SPDX-License-Identifier: BSD-2-Clause */
/* The keeper of the churn: a thread is made, parked, unparked and stopped again and again. */
#include <errno.h>

#include "core/cpu.h"
#include "tests/kernel/churn.h"
#include "threads/kthread.h"
#include "threads/wait.h"

#define PARKS 8

/*
 * A per-cpu thread is parked, unparked, woken and stopped by the keeper; the helper takes back a
 * wish to park while it is under way: before the worker parks, and after, as both dawdle.
 */
struct worker {
	struct task_struct *task;
	uint64_t random;
	_Atomic unsigned int asked, answered;
};

static DECLARE_WAIT_QUEUE_HEAD(keeper_wait);
static struct worker worker;
static _Atomic bool help;
/* The worker has the next wish to park taken back. A word: exchanged. */
static _Atomic unsigned int take_back;

static int work(void *data)
{
	struct worker *w = data;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		if (kthread_should_park()) {
			__set_current_state(TASK_RUNNING);
			if (atomic_exchange(&take_back, 0)) {
				atomic_store(&help, true);
				wake_up_process(churn.helper);
				churn_dawdle(&w->random);
			}
			kthread_parkme();
			continue;
		}
		if (atomic_load(&w->asked) == atomic_load(&w->answered)) {
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		atomic_store(&w->answered, atomic_load(&w->asked));
		wake_up_all(&keeper_wait);
	}
	__set_current_state(TASK_RUNNING);
	return 7;
}

static int helper(void *data)
{
	uint64_t *random = data;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!atomic_load(&help) && !kthread_should_stop()) {
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		if (kthread_should_stop())
			return 0;
		churn_dawdle(random);
		kthread_unpark(worker.task);
		atomic_store(&help, false);
		wake_up_all(&keeper_wait);
	}
}

static bool wait_for_helper(void)
{
	return wait_event_timeout(keeper_wait, !atomic_load(&take_back) && !atomic_load(&help),
				  churn_patience() - time_now());
}

static bool answers(void)
{
	atomic_fetch_add(&worker.asked, 1);
	wake_up_process(worker.task);
	return wait_event_timeout(keeper_wait,
				  atomic_load(&worker.asked) == atomic_load(&worker.answered),
				  churn_patience() - time_now());
}

/*
 * Parks the worker: then it has left its cpu. A late wake-up may have it there again; but then it
 * was switched from since it was asked.
 */
static int park(void)
{
	uint64_t since = atomic_load(&worker.task->since);
	int err = kthread_park(worker.task);
	bool on_rq = atomic_load(&worker.task->home) & TASK_ON_RQ;

	if (!err && on_rq && atomic_load(&worker.task->since) == since)
		churn_fault("a thread is parked, and has not left its cpu", 0);
	return err;
}

/* Again at once, when it has hardly gone on: who asks is awake, and sees the answer early. */
static void park_often(void)
{
	for (unsigned int i = 0; i < PARKS; i++) {
		if (park())
			churn_fault("a thread does not park", 0);
		kthread_unpark(worker.task);
	}
}

static void park_and_unpark(uint64_t *random)
{
	bool helped = random_below(random, 2);
	unsigned int answered;
	int err;

	atomic_store(&take_back, helped);
	err = park();
	if (helped && !wait_for_helper())
		churn_fault("who unparks does not come back", 0);
	if (err && (err != -EINTR || !helped))
		churn_fault("a thread does not park", 0);
	if (!helped) {
		/* Parked is parked, whoever wakes it. */
		answered = atomic_load(&worker.answered);
		atomic_fetch_add(&worker.asked, 1);
		if (random_below(random, 2))
			wake_up_state(worker.task, TASK_NORMAL | TASK_PARKED);
		usleep(random_below(random, 10));
		if (atomic_load(&worker.answered) != answered)
			churn_fault("a parked thread ran", 0);
	}
	/* Taken back once is enough, whether it had parked or not. */
	if (!helped) {
		kthread_unpark(worker.task);
		park_often();
	}
	if (!answers())
		churn_fault("a thread that was unparked does not go on", 0);
}

/* Until stop; a life of the worker in each round. */
static int keeper(void *data)
{
	uint64_t *random = data;

	while (!atomic_load(&churn.stop) && !atomic_load(&churn.faults)) {
		unsigned int rounds = (unsigned int)random_below(random, 8);

		worker.task = kthread_create_on_cpu(
			work, &worker, (unsigned int)random_below(random, nr_cpu_ids), "worker/%u");
		if (IS_ERR(worker.task)) {
			churn_fault("no thread could be made", 0);
			break;
		}
		if (rounds && !answers())
			churn_fault("a new thread does not run", 0);
		while (rounds-- && !atomic_load(&churn.faults))
			park_and_unpark(random);
		if (random_below(random, 2))
			kthread_park(worker.task);
		get_task_struct(worker.task);
		kthread_stop(worker.task);
		if (!wait_task_inactive(worker.task, 0))
			churn_fault("a thread has ended, and is still there", 0);
		put_task_struct(worker.task);
	}
	kthread_stop(churn.helper);
	atomic_store(&churn.keeper_over, true);
	return 0;
}

bool churn_make_keeper(uint64_t *random, uint64_t *helper_random)
{
	worker.random = random_mix(*random);
	churn.helper = kthread_create(helper, helper_random, "helper");
	churn.keeper = kthread_create(keeper, random, "keeper");
	return !IS_ERR(churn.helper) && !IS_ERR(churn.keeper);
}
