/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads that are made, bound, parked and stopped, in every order. */
#include "threads/kthread.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/random.h"
#include "core/time.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/run_on.h"
#include "threads/hung.h"
#include "threads/wait.h"

/* A thread as most are: it sleeps, works when woken, parks and stops when asked. */
struct worker {
	struct task_struct *task;
	_Atomic unsigned int begun, rounds, inside, cpu, ended;
	_Atomic bool busy; /* it neither sleeps nor looks whether it shall park */
	int result;
};

static int work(void *data)
{
	struct worker *w = data;

	atomic_fetch_add(&w->begun, 1);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		if (kthread_should_park()) {
			__set_current_state(TASK_RUNNING);
			kthread_parkme();
			continue;
		}
		schedule();
		atomic_store(&w->inside, 1);
		while (atomic_load(&w->busy))
			yield();
		atomic_store(&w->cpu, smp_processor_id());
		atomic_store(&w->inside, 0);
		atomic_fetch_add(&w->rounds, 1);
	}
	__set_current_state(TASK_RUNNING);
	atomic_fetch_add(&w->ended, 1);
	return w->result;
}

static bool make(struct worker *w, int result)
{
	*w = (struct worker){.result = result};
	w->task = kthread_create(work, w, "worker");
	return !IS_ERR(w->task);
}

static bool has_begun(struct worker *w)
{
	wake_up_process(w->task);
	return reaches(&w->begun, 1);
}

static unsigned int state_of(const struct task_struct *task)
{
	return atomic_load(&task->state);
}

static bool sleeps(void *task)
{
	return state_of(task) == TASK_INTERRUPTIBLE;
}

KTEST(kthread, runs_when_woken)
{
	struct worker w;

	if (!KTEST_EXPECT(make(&w, 42)))
		return;
	nap();
	KTEST_EXPECT_EQ(state_of(w.task), TASK_NEW);
	KTEST_EXPECT_EQ(atomic_load(&w.begun), 0);
	KTEST_EXPECT(is_kthread(w.task));
	KTEST_EXPECT(kthread_data(w.task) == &w);
	KTEST_EXPECT(has_begun(&w));
	for (unsigned int i = 0; i < 20; i++) {
		KTEST_EXPECT(soon(sleeps, w.task));
		wake_up_process(w.task);
		KTEST_EXPECT(reaches(&w.rounds, i + 1));
	}
	KTEST_EXPECT_EQ(kthread_stop(w.task), 42);
	KTEST_EXPECT_EQ(atomic_load(&w.ended), 1);
}

static int nothing(void *data)
{
	(void)data;
	return 0;
}

KTEST(kthread, names)
{
	struct task_struct *task = kthread_create(nothing, NULL, "%s-%d", "a", 7);

	if (!KTEST_EXPECT(!IS_ERR(task)))
		return;
	KTEST_EXPECT(!strcmp(task->comm, "a-7"));
	KTEST_EXPECT_EQ(kthread_stop(task), -EINTR);
	task = kthread_create(nothing, NULL, "%s", "a name that is too long");
	if (!KTEST_EXPECT(!IS_ERR(task)))
		return;
	KTEST_EXPECT(!strcmp(task->comm, "a name that is "));
	KTEST_EXPECT_EQ(kthread_stop(task), -EINTR);
}

KTEST(kthread, stopped_before_it_runs)
{
	struct worker w;

	if (!KTEST_EXPECT(make(&w, 42)))
		return;
	KTEST_EXPECT_EQ(kthread_stop(w.task), -EINTR);
	KTEST_EXPECT_EQ(atomic_load(&w.begun), 0);
}

static int leave_at_once(void *data)
{
	kthread_exit(*(int *)data);
}

KTEST(kthread, stop_of_the_dead)
{
	int result = 17, level;
	struct task_struct *task = kthread_create(leave_at_once, &result, "leaver");

	if (!KTEST_EXPECT(!IS_ERR(task)))
		return;
	get_task_struct(task);
	wake_up_process(task);
	KTEST_EXPECT(wait_task_inactive(task, 0));
	KTEST_EXPECT_EQ(state_of(task), TASK_DEAD);
	level = quiet_begin();
	KTEST_EXPECT_EQ(kthread_park(task), -ENOSYS);
	KTEST_EXPECT(logged("leaver", "cannot park", NULL));
	quiet_end(level);
	kthread_unpark(task);
	KTEST_EXPECT_EQ(kthread_stop(task), 17);
	KTEST_EXPECT_EQ(kthread_stop_put(task), 17);
}

KTEST(kthread, parks)
{
	struct worker w;
	int level;

	if (!KTEST_EXPECT(make(&w, 1)) || !KTEST_EXPECT(has_begun(&w)))
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
		KTEST_EXPECT(soon(sleeps, w.task));
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

	if (!KTEST_EXPECT(make(&w, 3)))
		return;
	KTEST_EXPECT_EQ(kthread_park(w.task), 0);
	/* It may begin now, and parks again. */
	wake_up_process(w.task);
	nap();
	KTEST_EXPECT_EQ(atomic_load(&w.begun), 0);
	kthread_unpark(w.task);
	KTEST_EXPECT(reaches(&w.begun, 1));
	KTEST_EXPECT_EQ(kthread_stop(w.task), 3);

	if (!KTEST_EXPECT(make(&w, 3)))
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

	if (!KTEST_EXPECT(make(&w, 5)) || !KTEST_EXPECT(has_begun(&w)))
		return;
	atomic_store(&w.busy, true);
	KTEST_EXPECT(soon(sleeps, w.task));
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
	KTEST_EXPECT(soon(sleeps, w.task));
	KTEST_EXPECT_EQ(kthread_stop(w.task), 5);
}

/* Whoever is late gets the same result; a park that a stop overtakes ends. */
KTEST(kthread, asked_twice)
{
	struct task_struct *stopper, *parker;
	struct asker stop, park;
	struct worker w;
	int level;

	if (!KTEST_EXPECT(make(&w, 6)) || !KTEST_EXPECT(has_begun(&w)))
		return;
	get_task_struct(w.task);
	atomic_store(&w.busy, true);
	KTEST_EXPECT(soon(sleeps, w.task));
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

static int where(void *data)
{
	atomic_store((_Atomic unsigned int *)data, smp_processor_id() + 1);
	while (!kthread_should_stop())
		usleep(100);
	return 0;
}

KTEST(kthread, binds)
{
	_Atomic unsigned int here = 0;
	struct task_struct *task;
	unsigned int cpu;
	int level;

	for_each_online_cpu (cpu) {
		atomic_store(&here, 0);
		task = kthread_create(where, (void *)&here, "bound");
		if (!KTEST_EXPECT(!IS_ERR(task)))
			return;
		KTEST_EXPECT_EQ(kthread_bind(task, nr_cpu_ids), -EINVAL);
		KTEST_EXPECT_EQ(kthread_bind(task, cpu), 0);
		KTEST_EXPECT(!kthread_is_per_cpu(task));
		wake_up_process(task);
		KTEST_EXPECT(reaches(&here, 1));
		KTEST_EXPECT_EQ(atomic_load(&here), cpu + 1);
		level = quiet_begin();
		KTEST_EXPECT_EQ(kthread_bind(task, 0), -EBUSY);
		KTEST_EXPECT(logged("bound", "too late to bind it", NULL));
		quiet_end(level);
		KTEST_EXPECT_EQ(kthread_stop(task), 0);
	}
}

KTEST(kthread, per_cpu)
{
	_Atomic unsigned int here;
	struct task_struct *task;
	unsigned int cpu;

	KTEST_EXPECT_EQ(PTR_ERR(kthread_create_on_cpu(where, (void *)&here, nr_cpu_ids, "no/%u")),
			-EINVAL);
	for_each_online_cpu (cpu) {
		atomic_store(&here, 0);
		task = kthread_create_on_cpu(where, (void *)&here, cpu, "own/%u");
		if (!KTEST_EXPECT(!IS_ERR(task)))
			return;
		KTEST_EXPECT(!strncmp(task->comm, "own/", 4));
		KTEST_EXPECT_EQ(task->comm[4], '0' + cpu / (cpu > 9 ? 10 : 1));
		KTEST_EXPECT(kthread_is_per_cpu(task));
		KTEST_EXPECT(!kthread_is_per_cpu(current));
		KTEST_EXPECT_EQ(kthread_park(task), 0);
		kthread_unpark(task);
		KTEST_EXPECT(reaches(&here, 1));
		KTEST_EXPECT_EQ(atomic_load(&here), cpu + 1);
		KTEST_EXPECT_EQ(kthread_stop(task), 0);
	}
}

static int park_where(void *data)
{
	_Atomic unsigned int *here = data;

	while (!kthread_should_stop()) {
		atomic_store(here, smp_processor_id() + 1);
		kthread_parkme();
		usleep(100);
	}
	return 0;
}

/* A per-cpu thread that had to leave its cpu is on it again when it is unparked. */
KTEST(kthread, unpark_binds_anew)
{
	unsigned int cpu = nth_other_cpu(0), away = smp_processor_id();
	_Atomic unsigned int here = 0;
	struct task_struct *task;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	task = kthread_create_on_cpu(park_where, (void *)&here, cpu, "away/%u");
	if (!KTEST_EXPECT(!IS_ERR(task)))
		return;
	wake_up_process(task);
	KTEST_EXPECT(reaches(&here, 1));
	KTEST_EXPECT_EQ(kthread_park(task), 0);
	atomic_store(&task->home, away);
	atomic_store(&here, 0);
	kthread_unpark(task);
	KTEST_EXPECT(reaches(&here, 1));
	KTEST_EXPECT_EQ(atomic_load(&here), cpu + 1);
	/* One that is not per-cpu any more stays where it is. */
	KTEST_EXPECT_EQ(kthread_park(task), 0);
	kthread_set_per_cpu(task, CPU_ANY);
	atomic_store(&task->home, away);
	atomic_store(&here, 0);
	kthread_unpark(task);
	KTEST_EXPECT(reaches(&here, 1));
	KTEST_EXPECT_EQ(atomic_load(&here), away + 1);
	KTEST_EXPECT_EQ(kthread_stop(task), 0);
}

/* --- everybody at once --- */

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

	if (!KTEST_EXPECT(make(&w, 8)) || !KTEST_EXPECT(has_begun(&w)))
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
	KTEST_EXPECT(soon(sleeps, w.task));
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
