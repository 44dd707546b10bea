/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Works that several queue, flush and cancel at any moment, while a cpu goes down and comes back:
 * each queueing runs once, one at a time, after what was done before it, and who waits sees that.
 */
#include "tests/host/thread_world.h"
#include "threads/cpuhp.h"
#include "threads/workqueue.h"

#define TIMES 150

/* --- what is in a work is plain: who has queued it, and then func, and then who flushes --- */

struct job {
	struct work_struct work;
	unsigned int given, answer;
};

static void answer(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	job->answer = job->given + 1;
	host_window();
}

/* As often as is given, by itself. */
static void again(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	job->answer++;
	if (job->answer < job->given)
		queue_work(job->answer & 1 ? system_wq : system_unbound_wq, work);
}

static void ask_and_flush(void *data)
{
	unsigned int me = (unsigned int)(uintptr_t)data;
	struct workqueue_struct *wq = me & 1 ? system_unbound_wq : system_wq;

	for (unsigned int i = 0; i < TIMES; i++) {
		struct job *job = malloc(sizeof(*job));

		INIT_WORK(&job->work, answer);
		job->given = i;
		if (!queue_work_on((me + i) % HARTS, wq, &job->work))
			panic("a new work is pending");
		if (i % 3 == 0)
			usleep(5);
		flush_work(&job->work);
		if (job->answer != i + 1)
			panic("flushed, and has not run");
		INIT_WORK(&job->work, again);
		job->given = 1 + i % 3;
		job->answer = 0;
		queue_work(wq, &job->work);
		while (flush_work(&job->work))
			;
		if (job->answer != job->given)
			panic("ran %u times of %u", job->answer, job->given);
		free(job);
	}
}

static void flushed(void **state)
{
	(void)state;
	for (uintptr_t i = 0; i < HARTS + 1; i++)
		begin(ask_and_flush, (void *)i, i < HARTS ? (unsigned int)i : CPU_ANY);
	all_end();
}

/* --- one work, queued everywhere by everybody: as often as it was accepted, never twice at once --- */

static struct work_struct common;
static unsigned int ran; /* func's */
static _Atomic unsigned int accepted, taken_back, going, cycles;

static void count_run(struct work_struct *work)
{
	unsigned int before = ran;

	(void)work;
	host_window();
	if (before % 16 == 0)
		usleep(10);
	ran = before + 1;
}

static void queue_often(void *data)
{
	unsigned int me = (unsigned int)(uintptr_t)data;

	for (unsigned int i = 0; i < 2 * TIMES; i++) {
		struct workqueue_struct *wq = i % 5 ? system_wq : system_unbound_wq;

		if (queue_work_on((me + i) % HARTS, wq, &common))
			atomic_fetch_add_explicit(&accepted, 1, memory_order_relaxed);
		if (i % 8 == 0)
			usleep(20);
		if (me == 1 && i % 16 == 0 && cancel_work(&common))
			atomic_fetch_add_explicit(&taken_back, 1, memory_order_relaxed);
	}
	atomic_fetch_sub_explicit(&going, 1, memory_order_release);
}

static void down_and_up(void *data)
{
	unsigned int cpu = (unsigned int)(uintptr_t)data;

	do {
		if (cpu_down(cpu) || cpu_up(cpu))
			panic("hotplug fails: %s", host_log());
		atomic_fetch_add_explicit(&cycles, 1, memory_order_relaxed);
		usleep(200);
	} while (atomic_load_explicit(&going, memory_order_acquire));
}

static void as_often_as_accepted(void **state)
{
	(void)state;
	INIT_WORK(&common, count_run);
	for (unsigned int hotplug = 0; hotplug < 2; hotplug++) {
		atomic_store(&accepted, 0);
		atomic_store(&taken_back, 0);
		atomic_store(&going, HARTS);
		ran = 0;
		for (uintptr_t i = 0; i < HARTS; i++)
			begin(queue_often, (void *)i, hotplug ? CPU_ANY : (unsigned int)i);
		if (hotplug)
			begin(down_and_up, (void *)2, CPU_ANY);
		all_end();
		flush_work(&common);
		assert_int_equal(ran, atomic_load(&accepted) - atomic_load(&taken_back));
		assert_true(ran > TIMES / 10);
	}
	assert_true(atomic_load(&cycles) > 0);
	assert_int_equal(num_online_cpus(), HARTS);
}

/* --- cancelled: either it has run, or it will not, and its memory is gone at once --- */

static void queue_and_cancel(void *data)
{
	unsigned int me = (unsigned int)(uintptr_t)data;

	for (unsigned int i = 0; i < TIMES; i++) {
		struct job *job = calloc(1, sizeof(*job));
		bool pending;

		INIT_WORK(&job->work, again);
		job->given = 1 + i % 3;
		queue_work_on((me + i) % HARTS, system_wq, &job->work);
		if (i % 2)
			usleep(i % 40);
		pending = cancel_work_sync(&job->work);
		if (job->answer > job->given || (!pending && !job->answer))
			panic("ran %u times of %u", job->answer, job->given);
		free(job);
	}
}

static void cancelled(void **state)
{
	(void)state;
	for (uintptr_t i = 0; i < HARTS; i++)
		begin(queue_and_cancel, (void *)i, (unsigned int)i);
	all_end();
}

/* --- later: the timer, who changes it, and who does not wait for it --- */

struct late_job {
	struct delayed_work work;
	unsigned int given, answer;
};

static void answer_late(struct work_struct *work)
{
	struct late_job *job = container_of(to_delayed_work(work), struct late_job, work);

	job->answer += job->given;
}

static void queue_late(void *data)
{
	unsigned int me = (unsigned int)(uintptr_t)data;

	for (unsigned int i = 0; i < TIMES / 2; i++) {
		struct late_job *job = calloc(1, sizeof(*job));
		uint64_t delay = 1000 + i * 7919 % 400000;
		bool pending;

		INIT_DELAYED_WORK(&job->work, answer_late);
		job->given = 1;
		queue_delayed_work_on((me + i) % HARTS, system_wq, &job->work, delay);
		if (i % 4 == 1)
			mod_delayed_work_on(i % HARTS, system_unbound_wq, &job->work, delay / 2);
		if (i % 2) {
			flush_delayed_work(&job->work);
			if (!job->answer || job->answer > 2)
				panic("ran %u times", job->answer);
		} else {
			usleep(i % 100);
		}
		pending = cancel_delayed_work_sync(&job->work);
		if (!pending && !job->answer)
			panic("neither run nor cancelled");
		free(job);
	}
}

static void later(void **state)
{
	(void)state;
	for (uintptr_t i = 0; i < HARTS; i++)
		begin(queue_late, (void *)i, (unsigned int)i);
	all_end();
}

/* --- all works of a workqueue: flushed again and again, then drained with what they queue --- */

#define JOBS 6

static void fill_and_flush(void *data)
{
	unsigned int me = (unsigned int)(uintptr_t)data;

	for (unsigned int i = 0; i < TIMES / 5; i++) {
		struct workqueue_struct *wq = alloc_workqueue("test", me & 1 ? WQ_UNBOUND : 0);
		struct job *jobs = calloc(JOBS, sizeof(*jobs));

		for (unsigned int n = 0; n < JOBS; n++) {
			INIT_WORK(&jobs[n].work, answer);
			jobs[n].given = n;
			queue_work_on((me + n) % HARTS, wq, &jobs[n].work);
			if (n == JOBS / 2)
				flush_workqueue(wq);
		}
		for (unsigned int n = 0; n <= JOBS / 2; n++) {
			if (jobs[n].answer != n + 1)
				panic("flushed, and has not run");
		}
		destroy_workqueue(wq);
		for (unsigned int n = 0; n < JOBS; n++) {
			if (jobs[n].answer != n + 1)
				panic("drained, and has not run");
		}
		free(jobs);
	}
}

static void all_of_one(void **state)
{
	(void)state;
	for (uintptr_t i = 0; i < HARTS; i++)
		begin(fill_and_flush, (void *)i, (unsigned int)i);
	all_end();
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(flushed),    cmocka_unit_test(as_often_as_accepted),
	cmocka_unit_test(cancelled),  cmocka_unit_test(later),
	cmocka_unit_test(all_of_one),
};
THREAD_MAIN(tests)
