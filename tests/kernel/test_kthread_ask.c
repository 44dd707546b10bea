/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads that are asked to park or to stop, by one or by several, in every order. */
#include <errno.h>
#include <stdatomic.h>

#include "core/time.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/worker.h"
#include "threads/hung.h"
#include "threads/kthread.h"

KTEST(kthread, parks)
{
	struct worker w;
	int level;

	if (!KTEST_EXPECT(make_worker(&w, 1)) || !KTEST_EXPECT(worker_has_begun(&w)) ||
	    !KTEST_EXPECT(wait_task_inactive(w.task, TASK_INTERRUPTIBLE)))
		return;
	for (unsigned int i = 0; i < 50; i++) {
		unsigned int rounds;

		KTEST_EXPECT_EQ(kthread_park(w.task), 0);
		KTEST_EXPECT_EQ(state_of(w.task), TASK_PARKED);
		KTEST_EXPECT(!(atomic_load(&w.task->home) & TASK_ON_RQ));
		rounds = atomic_load(&w.rounds);
		/* Only unparking ends it. */
		KTEST_EXPECT_EQ(wake_up_process(w.task), 0);
		KTEST_EXPECT_EQ(state_of(w.task), TASK_PARKED);
		KTEST_EXPECT_EQ(atomic_load(&w.rounds), rounds);
		kthread_unpark(w.task);
		KTEST_EXPECT(wait_task_inactive(w.task, TASK_INTERRUPTIBLE));
		/* There is nothing to take back. */
		kthread_unpark(w.task);
	}
	KTEST_EXPECT_EQ(kthread_park(w.task), 0);
	level = quiet_begin();
	KTEST_EXPECT_EQ(kthread_park(w.task), -EBUSY);
	KTEST_EXPECT(logged("worker", "asked to park", "is parked"));
	quiet_end(level);
	KTEST_EXPECT_EQ(kthread_stop(w.task), 1);
}

/* One that was never woken is parked as it is, and threadfn begins when it is unparked. */
KTEST(kthread, parked_before_it_runs)
{
	struct worker w;

	if (!KTEST_EXPECT(make_worker(&w, 3)))
		return;
	KTEST_EXPECT_EQ(kthread_park(w.task), 0);
	/* It may begin now, and parks again. */
	wake_up_process(w.task);
	nap();
	KTEST_EXPECT_EQ(atomic_load(&w.begun), 0);
	kthread_unpark(w.task);
	KTEST_EXPECT(reaches(&w.begun, 1));
	KTEST_EXPECT_EQ(kthread_stop(w.task), 3);

	if (!KTEST_EXPECT(make_worker(&w, 3)))
		return;
	KTEST_EXPECT_EQ(kthread_park(w.task), 0);
	KTEST_EXPECT_EQ(kthread_stop(w.task), -EINTR);
	KTEST_EXPECT_EQ(atomic_load(&w.begun), 0);
}

/* Someone who asks another thread to park, or to stop, and sleeps until it has. */
struct asker {
	struct task_struct *task;
	int (*ask)(struct task_struct *task);
	_Atomic unsigned int done;
	int answer;
};

static int ask(void *data)
{
	struct asker *asker = data;

	asker->answer = asker->ask(asker->task);
	atomic_fetch_add(&asker->done, 1);
	return 0;
}

static bool waits(void *task)
{
	return state_of(task) == TASK_UNINTERRUPTIBLE &&
	       !(atomic_load(&((struct task_struct *)task)->home) & TASK_ON_RQ);
}

static struct task_struct *start_asker(struct asker *asker, struct worker *w,
				       int (*fn)(struct task_struct *task))
{
	struct task_struct *task;

	*asker = (struct asker){.task = w->task, .ask = fn};
	task = kthread_create(ask, asker, "asker");
	if (IS_ERR(task))
		return NULL;
	get_task_struct(task);
	wake_up_process(task);
	return soon(waits, task) ? task : NULL;
}

/* A thread that is busy is asked to park, and unparked before it has. */
KTEST(kthread, unparked_before_it_parks)
{
	struct task_struct *task;
	struct asker asker;
	struct worker w;
	int level;

	if (!KTEST_EXPECT(make_worker(&w, 5)) || !KTEST_EXPECT(worker_has_begun(&w)))
		return;
	atomic_store(&w.busy, true);
	KTEST_EXPECT(soon(sleeps_now, w.task));
	wake_up_process(w.task);
	KTEST_EXPECT(reaches(&w.inside, 1));
	task = start_asker(&asker, &w, kthread_park);
	if (!KTEST_EXPECT(task != NULL))
		return;
	level = quiet_begin();
	KTEST_EXPECT_EQ(kthread_park(w.task), -EBUSY);
	KTEST_EXPECT(logged("worker", "asked to park", "was asked before"));
	/* Who waits for whom can be told. */
	KTEST_EXPECT(hung_report(0, time_now()) >= 1);
	KTEST_EXPECT(logged("asker", "thread worker", "to park"));
	quiet_end(level);
	kthread_unpark(w.task);
	KTEST_EXPECT(reaches(&asker.done, 1));
	KTEST_EXPECT_EQ(asker.answer, -EINTR);
	put_task_struct(task);
	/* It has never noticed. */
	atomic_store(&w.busy, false);
	KTEST_EXPECT(soon(sleeps_now, w.task));
	KTEST_EXPECT_EQ(kthread_stop(w.task), 5);
}

/* Whoever is late gets the same result; a park that a stop overtakes ends. */
KTEST(kthread, asked_twice)
{
	struct task_struct *stopper, *parker;
	struct asker stop, park;
	struct worker w;
	int level;

	if (!KTEST_EXPECT(make_worker(&w, 6)) || !KTEST_EXPECT(worker_has_begun(&w)))
		return;
	get_task_struct(w.task);
	atomic_store(&w.busy, true);
	KTEST_EXPECT(soon(sleeps_now, w.task));
	wake_up_process(w.task);
	KTEST_EXPECT(reaches(&w.inside, 1));
	level = quiet_begin();
	parker = start_asker(&park, &w, kthread_park);
	stopper = start_asker(&stop, &w, kthread_stop);
	if (!KTEST_EXPECT(parker && stopper))
		return;
	KTEST_EXPECT(reaches(&park.done, 1));
	KTEST_EXPECT_EQ(park.answer, -EINTR);
	put_task_struct(parker);
	/* Who asks to park after the stop learns that it ends instead. */
	parker = start_asker(&park, &w, kthread_park);
	if (!KTEST_EXPECT(parker != NULL))
		return;
	atomic_store(&w.busy, false);
	KTEST_EXPECT(reaches(&stop.done, 1));
	KTEST_EXPECT(reaches(&park.done, 1));
	KTEST_EXPECT_EQ(kthread_stop(w.task), 6);
	KTEST_EXPECT_EQ(stop.answer, 6);
	KTEST_EXPECT_EQ(park.answer, -ENOSYS);
	quiet_end(level);
	put_task_struct(stopper);
	put_task_struct(parker);
	put_task_struct(w.task);
}

struct selfish {
	_Atomic unsigned int parked, back;
	int stop;
};

static int park_and_stop_itself(void *data)
{
	struct selfish *self = data;

	self->stop = kthread_stop(current);
	if (kthread_park(current))
		return 1;
	atomic_store(&self->parked, 1);
	kthread_parkme();
	atomic_store(&self->back, 1);
	while (!kthread_should_stop())
		usleep(100);
	return 0;
}

static bool is_parked(void *task)
{
	return state_of(task) == TASK_PARKED;
}

KTEST(kthread, asks_itself)
{
	struct selfish self = {0};
	struct task_struct *task;
	int level = quiet_begin();

	task = kthread_run(park_and_stop_itself, &self, "selfish");
	if (!KTEST_EXPECT(!IS_ERR(task)))
		return;
	KTEST_EXPECT(reaches(&self.parked, 1));
	KTEST_EXPECT(soon(is_parked, task));
	KTEST_EXPECT_EQ(self.stop, -EDEADLK);
	KTEST_EXPECT(logged("selfish", "its own end", NULL));
	quiet_end(level);
	KTEST_EXPECT_EQ(atomic_load(&self.back), 0);
	kthread_unpark(task);
	KTEST_EXPECT(reaches(&self.back, 1));
	KTEST_EXPECT_EQ(kthread_stop(task), 0);
}
