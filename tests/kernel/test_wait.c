/* SPDX-License-Identifier: BSD-2-Clause */
/* Wait queues, completions, mutexes: who sleeps is woken, in order, and by time. */
#include "threads/wait.h"

#include <stdatomic.h>

#include "core/cpu.h"
#include "core/time.h"
#include "ipi/call.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "threads/completion.h"
#include "threads/kthread.h"
#include "threads/mutex.h"

#define WAITERS 8

static DECLARE_WAIT_QUEUE_HEAD(queue);
static _Atomic unsigned int open, through, order[WAITERS];

static bool asleep(void *task)
{
	return atomic_load(&((struct task_struct *)task)->state) &
		       (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE) &&
	       !(atomic_load(&((struct task_struct *)task)->home) & TASK_ON_RQ);
}

/* Starts n threads, each when the one before sleeps; they end by themselves. */
static bool start(int (*fn)(void *data), unsigned int n)
{
	atomic_store(&through, 0);
	for (uintptr_t i = 0; i < n; i++) {
		struct task_struct *task = kthread_create(fn, (void *)i, "waiter%lu", i);
		bool sleeps;

		if (IS_ERR(task))
			return false;
		get_task_struct(task);
		wake_up_process(task);
		sleeps = soon(asleep, task);
		put_task_struct(task);
		if (!sleeps)
			return false;
	}
	return true;
}

static void pass(void *data)
{
	atomic_store(&order[atomic_fetch_add(&through, 1)], (unsigned int)(uintptr_t)data);
}

static bool in_order(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (atomic_load(&order[i]) != i)
			return false;
	}
	return true;
}

static int wait_open(void *data)
{
	wait_event_idle(queue, atomic_load(&open));
	pass(data);
	return 0;
}

static void wake_from_interrupt(void *info)
{
	wake_up(info);
}

KTEST(wait, event)
{
	unsigned int cpu = nth_other_cpu(0);

	atomic_store(&open, 0);
	KTEST_EXPECT(!waitqueue_active(&queue));
	wait_event(queue, true);
	if (!KTEST_EXPECT(start(wait_open, WAITERS)))
		return;
	KTEST_EXPECT(waitqueue_active(&queue));
	/* The condition does not hold: all sleep again. */
	wake_up(&queue);
	nap();
	KTEST_EXPECT_EQ(atomic_load(&through), 0);
	atomic_store(&open, 1);
	smp_call_function_single(cpu < nr_cpu_ids ? cpu : smp_processor_id(), wake_from_interrupt,
				 &queue, true);
	KTEST_EXPECT(reaches(&through, WAITERS));
	KTEST_EXPECT(!waitqueue_active(&queue));
}

static bool take_one(void)
{
	unsigned int n = atomic_load(&open);

	while (n && !atomic_compare_exchange_strong(&open, &n, n - 1))
		;
	return n;
}

static int wait_exclusive(void *data)
{
	wait_event_idle_exclusive(queue, take_one());
	pass(data);
	return 0;
}

KTEST(wait, exclusive)
{
	atomic_store(&open, 0);
	if (!KTEST_EXPECT(start(wait_exclusive, WAITERS)))
		return;
	for (unsigned int i = 0; i < WAITERS - 2; i++) {
		KTEST_EXPECT_EQ(atomic_load(&through), i);
		atomic_fetch_add(&open, 1);
		wake_up(&queue);
		KTEST_EXPECT(reaches(&through, i + 1));
	}
	KTEST_EXPECT(in_order(WAITERS - 2));
	atomic_fetch_add(&open, 2);
	wake_up_all(&queue);
	KTEST_EXPECT(reaches(&through, WAITERS));
}

KTEST(wait, event_timeout)
{
	uint64_t ticks = ns_to_ticks(2000000), start_ticks = time_now();

	KTEST_EXPECT_EQ(wait_event_timeout(queue, false, ticks), 0);
	KTEST_EXPECT(time_now() - start_ticks >= ticks);
	KTEST_EXPECT(!waitqueue_active(&queue));
	KTEST_EXPECT_EQ(wait_event_timeout(queue, true, ticks), ticks);
	KTEST_EXPECT_EQ(wait_event_timeout(queue, true, 0), 1);
	KTEST_EXPECT_EQ(wait_event_idle_timeout(queue, false, 0), 0);
}

/* --- completions --- */

static DECLARE_COMPLETION(done);

static int wait_done(void *data)
{
	wait_for_completion(&done);
	pass(data);
	return 0;
}

static void complete_from_interrupt(void *info)
{
	complete(info);
}

KTEST(wait, completion)
{
	unsigned int cpu = nth_other_cpu(0);

	reinit_completion(&done);
	KTEST_EXPECT(!completion_done(&done));
	KTEST_EXPECT(!try_wait_for_completion(&done));
	complete(&done);
	complete(&done);
	KTEST_EXPECT(completion_done(&done));
	wait_for_completion(&done);
	KTEST_EXPECT(try_wait_for_completion(&done));
	KTEST_EXPECT(!completion_done(&done));
	if (!KTEST_EXPECT(start(wait_done, WAITERS)))
		return;
	for (unsigned int i = 0; i < WAITERS - 3; i++) {
		KTEST_EXPECT_EQ(atomic_load(&through), i);
		smp_call_function_single(cpu < nr_cpu_ids ? cpu : smp_processor_id(),
					 complete_from_interrupt, &done, true);
		KTEST_EXPECT(reaches(&through, i + 1));
	}
	KTEST_EXPECT(in_order(WAITERS - 3));
	KTEST_EXPECT(!completion_done(&done));
	complete_all(&done);
	KTEST_EXPECT(reaches(&through, WAITERS));
	wait_for_completion(&done);
	wait_for_completion(&done);
	KTEST_EXPECT(completion_done(&done));
}

KTEST(wait, completion_timeout)
{
	uint64_t ticks = ns_to_ticks(2000000), start_ticks;

	reinit_completion(&done);
	start_ticks = time_now();
	KTEST_EXPECT_EQ(wait_for_completion_timeout(&done, ticks), 0);
	KTEST_EXPECT(time_now() - start_ticks >= ticks);
	KTEST_EXPECT_EQ(wait_for_completion_timeout(&done, 0), 0);
	complete(&done);
	KTEST_EXPECT_EQ(wait_for_completion_timeout(&done, ticks), ticks);
	complete(&done);
	KTEST_EXPECT_EQ(wait_for_completion_timeout(&done, 0), 1);
	/* Who has given up takes none away. */
	complete(&done);
	KTEST_EXPECT(try_wait_for_completion(&done));
	KTEST_EXPECT(!try_wait_for_completion(&done));
}

/* Its memory goes as soon as it is complete, and a wait that is over just then loses none. */
#define RACES 300

static int complete_soon(void *data)
{
	struct completion *_Atomic *slot = data;
	struct completion *x;

	while (!kthread_should_stop()) {
		x = atomic_exchange(slot, NULL);
		if (x)
			complete(x);
		else
			yield();
	}
	return 0;
}

KTEST(wait, completion_on_the_stack)
{
	static struct completion *_Atomic slot;
	struct task_struct *task = kthread_run(complete_soon, (void *)&slot, "completer");
	unsigned int late = 0;

	if (!KTEST_EXPECT(!IS_ERR(task)))
		return;
	for (unsigned int i = 0; i < RACES; i++) {
		struct completion x;

		init_completion(&x);
		atomic_store(&slot, &x);
		if (i & 1) {
			wait_for_completion(&x);
		} else if (!wait_for_completion_timeout(&x, i)) {
			late++;
			wait_for_completion(&x);
		}
		KTEST_EXPECT(!try_wait_for_completion(&x));
	}
	KTEST_EXPECT(late <= RACES);
	KTEST_EXPECT_EQ(kthread_stop(task), 0);
}

/* --- mutexes --- */

static DEFINE_MUTEX(lock);

static int lock_once(void *data)
{
	mutex_lock(&lock);
	pass(data);
	mutex_unlock(&lock);
	return 0;
}

KTEST(wait, mutex)
{
	KTEST_EXPECT(!mutex_is_locked(&lock));
	mutex_lock(&lock);
	KTEST_EXPECT(mutex_is_locked(&lock));
	KTEST_EXPECT(mutex_is_held(&lock));
	KTEST_EXPECT(!mutex_trylock(&lock));
	if (!KTEST_EXPECT(start(lock_once, WAITERS)))
		return;
	KTEST_EXPECT_EQ(atomic_load(&through), 0);
	mutex_unlock(&lock);
	KTEST_EXPECT(!mutex_is_held(&lock));
	KTEST_EXPECT(reaches(&through, WAITERS));
	KTEST_EXPECT(in_order(WAITERS));
	mutex_lock(&lock);
	mutex_unlock(&lock);
	KTEST_EXPECT(mutex_trylock(&lock));
	mutex_unlock(&lock);
	KTEST_EXPECT(!mutex_is_locked(&lock));
}

static int unlock_anothers(void *data)
{
	(void)data;
	mutex_unlock(&lock);
	pass(NULL);
	return 0;
}

KTEST(wait, mutex_of_another)
{
	int level = quiet_begin();
	struct task_struct *task;

	mutex_lock(&lock);
	atomic_store(&through, 0);
	task = kthread_run(unlock_anothers, NULL, "stranger");
	KTEST_EXPECT(!IS_ERR(task));
	KTEST_EXPECT(reaches(&through, 1));
	KTEST_EXPECT(logged("mutex lock", "stranger", "does not have it"));
	KTEST_EXPECT(mutex_is_held(&lock));
	mutex_unlock(&lock);
	mutex_unlock(&lock);
	KTEST_EXPECT(!mutex_is_locked(&lock));
	quiet_end(level);
}

/* A plain counter that only the lock keeps whole. */
#define TURNS 500

static unsigned long counter;

static int count(void *data)
{
	(void)data;
	for (unsigned int i = 0; i < TURNS; i++) {
		unsigned long was;

		mutex_lock(&lock);
		was = counter;
		if (i % 7 == 0)
			yield();
		counter = was + 1;
		mutex_unlock(&lock);
	}
	pass(NULL);
	return 0;
}

KTEST(wait, mutex_under_load)
{
	counter = 0;
	atomic_store(&through, 0);
	for (unsigned int i = 0; i < WAITERS; i++) {
		struct task_struct *task = kthread_create(count, NULL, "counter");
		unsigned int cpu = nth_other_cpu(i / 2);

		if (!KTEST_EXPECT(!IS_ERR(task)))
			return;
		if (cpu < nr_cpu_ids)
			kthread_bind(task, cpu);
		wake_up_process(task);
	}
	KTEST_EXPECT(reaches(&through, WAITERS));
	KTEST_EXPECT_EQ(counter, WAITERS * TURNS);
	KTEST_EXPECT(!mutex_is_locked(&lock));
}
