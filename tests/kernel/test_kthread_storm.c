/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads that everybody parks and unparks at once. */
#include <errno.h>
#include <stdatomic.h>

#include "core/cpu.h"
#include "core/random.h"
#include "core/time.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/worker.h"
#include "threads/kthread.h"

#define STORM_ROUNDS 50

struct storm {
	struct worker *w;
	uint64_t random;
	_Atomic unsigned int parked, wrong;
};

static int park_storm(void *data)
{
	struct storm *storm = data;

	for (uint64_t deadline = deadline_ms(5000);
	     atomic_load(&storm->parked) < STORM_ROUNDS && time_now() < deadline;) {
		int err = kthread_park(storm->w->task);

		if (!err) {
			unsigned int rounds = atomic_load(&storm->w->rounds);

			atomic_fetch_add(&storm->parked, 1);
			wake_up_process(storm->w->task);
			for (uint64_t n = random_below(&storm->random, 4); n; n--)
				yield();
			if (atomic_load(&storm->w->rounds) != rounds)
				atomic_fetch_add(&storm->wrong, 1);
			kthread_unpark(storm->w->task);
			wake_up_process(storm->w->task);
		} else if (err != -EBUSY) {
			atomic_fetch_add(&storm->wrong, 1);
		}
		usleep(random_below(&storm->random, 50));
	}
	return 0;
}

/*
 * Many who park, one at a time gets it, and while he has it the thread does nothing, whoever wakes
 * it.
 */
KTEST(kthread, park_storm)
{
	struct storm storms[4] = {0};
	struct task_struct *tasks[4];
	unsigned int n = MIN(num_online_cpus(), 4U), parked = 0;
	struct worker w;
	int level;

	if (!KTEST_EXPECT(make_worker(&w, 8)) || !KTEST_EXPECT(worker_has_begun(&w)))
		return;
	level = quiet_begin();
	for (unsigned int i = 0; i < n; i++) {
		storms[i].w = &w;
		storms[i].random = random_seed + i;
		tasks[i] = kthread_create(park_storm, &storms[i], "storm");
		if (!KTEST_EXPECT(!IS_ERR(tasks[i])))
			return;
		get_task_struct(tasks[i]);
	}
	for (unsigned int i = 0; i < n; i++)
		wake_up_process(tasks[i]);
	for (unsigned int i = 0; i < n; i++) {
		KTEST_EXPECT(wait_task_inactive(tasks[i], 0));
		put_task_struct(tasks[i]);
		KTEST_EXPECT_EQ(atomic_load(&storms[i].wrong), 0);
		parked += atomic_load(&storms[i].parked);
	}
	quiet_end(level);
	KTEST_EXPECT_EQ(parked, n * STORM_ROUNDS);
	KTEST_EXPECT(soon(sleeps_now, w.task));
	KTEST_EXPECT_EQ(kthread_stop(w.task), 8);
}

#define UNPARK_ROUNDS 2000

static int park_often(void *data)
{
	struct storm *storm = data;

	for (unsigned int i = 0; i < UNPARK_ROUNDS; i++) {
		int err = kthread_park(storm->w->task);

		if (!err)
			kthread_unpark(storm->w->task);
		else if (err != -EINTR)
			atomic_fetch_add(&storm->wrong, 1);
	}
	atomic_fetch_add(&storm->parked, 1);
	return 0;
}

static int parkme_always(void *data)
{
	struct worker *w = data;

	while (!kthread_should_stop()) {
		kthread_parkme();
		atomic_fetch_add(&w->rounds, 1);
		yield();
	}
	return 9;
}

/*
 * Each asking may be taken back at any time: who asks gets an answer, and the thread is not left
 * asleep.
 */
KTEST(kthread, unpark_storm)
{
	unsigned int cpu = nth_other_cpu(0);
	struct task_struct *task;
	struct storm storm = {0};
	struct worker w = {0};

	w.task = kthread_create(parkme_always, &w, "worker");
	task = kthread_create(park_often, &storm, "storm");
	if (!KTEST_EXPECT(!IS_ERR(w.task) && !IS_ERR(task)))
		return;
	if (cpu < nr_cpu_ids)
		kthread_bind(w.task, cpu);
	wake_up_process(w.task);
	storm.w = &w;
	wake_up_process(task);
	for (uint64_t deadline = deadline_ms(10000); time_now() < deadline;) {
		kthread_unpark(w.task);
		if (atomic_load(&storm.parked))
			break;
		yield();
	}
	if (!KTEST_EXPECT(reaches(&storm.parked, 1)))
		return;
	KTEST_EXPECT_EQ(atomic_load(&storm.wrong), 0);
	KTEST_EXPECT(reaches(&w.rounds, 2));
	KTEST_EXPECT_EQ(kthread_stop(w.task), 9);
}
