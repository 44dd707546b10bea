/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that are parked, unparked and stopped by several at any moment: what is parked does
 * nothing, what is unparked goes on, what was done before is seen.
 */
#include "tests/host/thread_world.h"

#define TIMES 120

/* --- what a parked thread owns belongs to who has parked it --- */

static unsigned long owned; /* written by the thread, and while it is parked by who parks it */
static _Atomic unsigned long rounds;

static int own(void *data)
{
	unsigned long mine = owned;

	(void)data;
	while (!kthread_should_stop()) {
		if (kthread_should_park()) {
			kthread_parkme();
			mine = owned;
		}
		if (owned != mine)
			panic("written while it runs");
		owned = ++mine;
		atomic_fetch_add_explicit(&rounds, 1, memory_order_relaxed);
		if (mine % 3 == 0)
			usleep(10);
		else
			yield();
	}
	return (int)(mine % 1000);
}

static struct task_struct *begin_kthread(int (*fn)(void *data), unsigned int cpu)
{
	struct task_struct *k = cpu == CPU_ANY ? kthread_create(fn, NULL, "parked")
					       : kthread_create_on_cpu(fn, NULL, cpu, "parked/%u");

	if (IS_ERR(k))
		panic("no thread");
	return get_task_struct(k);
}

static struct task_struct *subject;
static _Atomic bool over;

static void wake_often(void *data)
{
	(void)data;
	while (!atomic_load_explicit(&over, memory_order_acquire)) {
		wake_up_state(subject, TASK_NORMAL | TASK_PARKED);
		usleep(5);
	}
}

static void park_and_write(void *data)
{
	(void)data;
	for (unsigned int i = 0; i < TIMES; i++) {
		unsigned long before;

		if (kthread_park(subject))
			panic("cannot park");
		before = owned;
		host_window();
		owned = before + 1000;
		kthread_unpark(subject);
		if (i % 5 == 0)
			usleep(50);
	}
	atomic_store_explicit(&over, true, memory_order_release);
}

static void exclusive(void **state)
{
	(void)state;
	for (unsigned int where = 0; where < 3; where++) {
		subject = begin_kthread(own, where < 2 ? where : CPU_ANY);
		wake_up_process(subject);
		atomic_store(&over, false);
		begin(park_and_write, NULL, 1);
		begin(wake_often, NULL, CPU_ANY);
		all_end();
		/* It has begun, so the result is its own. */
		if (kthread_stop_put(subject) != (int)(owned % 1000))
			panic("ended with something else");
		owned = 0;
	}
}

/* --- nobody else wakes it: a thread that is parked has left its cpu --- */

static void park_and_look(void *data)
{
	(void)data;
	for (unsigned int i = 0; i < TIMES; i++) {
		if (kthread_park(subject))
			panic("cannot park");
		if (atomic_load(&subject->home) & TASK_ON_RQ)
			panic("parked, and has not left its cpu");
		kthread_unpark(subject);
		if (i % 5 == 0)
			usleep(50);
	}
}

static void has_left(void **state)
{
	(void)state;
	subject = begin_kthread(own, 0);
	wake_up_process(subject);
	begin(park_and_look, NULL, 1);
	all_end();
	kthread_stop_put(subject);
	owned = 0;
}

/* --- an unpark at any moment; wake-ups without cause; in the end it is not parked --- */

static _Atomic unsigned int parked, interrupted;

static void park_often(void *data)
{
	(void)data;
	for (unsigned int i = 0; i < TIMES; i++) {
		switch (kthread_park(subject)) {
		case 0:
			atomic_fetch_add_explicit(&parked, 1, memory_order_relaxed);
			break;
		case -EINTR:
			atomic_fetch_add_explicit(&interrupted, 1, memory_order_relaxed);
			break;
		case -EBUSY: /* parked since last time */
			usleep(20);
			break;
		default:
			panic("park fails");
		}
	}
	atomic_store_explicit(&over, true, memory_order_release);
}

static void unpark_often(void *data)
{
	(void)data;
	while (!atomic_load_explicit(&over, memory_order_acquire)) {
		kthread_unpark(subject);
		yield();
	}
	kthread_unpark(subject);
}

/* It goes on, and soon. */
static void expect_progress(void *data)
{
	unsigned long before = atomic_load_explicit(&rounds, memory_order_relaxed);

	(void)data;
	while (atomic_load_explicit(&rounds, memory_order_relaxed) < before + 2)
		usleep(50);
}

static void crossing(void **state)
{
	(void)state;
	for (unsigned int where = 0; where < 2; where++) {
		subject = begin_kthread(own, where ? CPU_ANY : 2);
		wake_up_process(subject);
		atomic_store(&over, false);
		begin(park_often, NULL, 0);
		begin(unpark_often, NULL, 1);
		begin(wake_often, NULL, CPU_ANY);
		all_end();
		begin(expect_progress, NULL, CPU_ANY);
		all_end();
		kthread_stop_put(subject);
		owned = 0;
	}
	assert_true(atomic_load(&parked) + atomic_load(&interrupted) > 0);
}

/* --- one that asks itself is unparked once, before it parks or after --- */

static _Atomic unsigned int asked;

static int park_itself(void *data)
{
	(void)data;
	for (unsigned int i = 1; i <= TIMES; i++) {
		if (kthread_park(current))
			panic("cannot ask itself");
		atomic_store_explicit(&asked, i, memory_order_release);
		if (i % 3 == 0)
			yield();
		kthread_parkme();
	}
	return 0;
}

static void unpark_once_each(void *data)
{
	(void)data;
	for (unsigned int i = 1; i <= TIMES; i++) {
		while (atomic_load_explicit(&asked, memory_order_acquire) < i)
			yield();
		kthread_unpark(subject);
	}
}

static void by_itself(void **state)
{
	(void)state;
	for (unsigned int cpu = 0; cpu < HARTS; cpu++) {
		atomic_store(&asked, 0);
		subject = begin_kthread(park_itself, cpu);
		wake_up_process(subject);
		begin(unpark_once_each, NULL, 1);
		all_end();
		kthread_stop_put(subject);
	}
}

/* --- parked before it was ever woken; what was done before it goes on is seen --- */

static int promised, kept;

static int keep_promise(void *data)
{
	(void)data;
	kept = promised;
	while (!kthread_should_stop()) {
		if (kthread_should_park()) {
			kthread_parkme();
			kept = promised;
		} else {
			yield();
		}
	}
	return kept;
}

static void wake_it(void *data)
{
	struct task_struct *k = data;

	wake_up_process(k);
	put_task_struct(k);
}

static void new_ones(void **state)
{
	(void)state;
	for (int i = 1; i <= TIMES / 2; i++) {
		unsigned int cpu = (unsigned int)i % (HARTS + 1);
		int result;

		subject = begin_kthread(keep_promise, cpu < HARTS ? cpu : CPU_ANY);
		begin(wake_it, get_task_struct(subject), (cpu + 1) % HARTS);
		if (kthread_park(subject))
			panic("a new one cannot park");
		promised = i;
		kthread_unpark(subject);
		if (i % 3 == 0)
			usleep(30);
		result = kthread_stop_put(subject);
		all_end();
		if (result != i && result != -EINTR)
			panic("it has not seen what was done before");
	}
}

/* --- stopped while others park it and wait for that --- */

static void park_until_end(void *data)
{
	int err;

	(void)data;
	do {
		err = kthread_park(subject);
		if (err == -EBUSY)
			usleep(5);
	} while (err != -ENOSYS && !atomic_load_explicit(&over, memory_order_acquire));
	put_task_struct(subject);
}

static void stopped(void **state)
{
	(void)state;
	for (int i = 1; i <= TIMES / 3; i++) {
		subject = begin_kthread(keep_promise, (unsigned int)i % HARTS);
		promised = i;
		atomic_store(&over, false);
		wake_up_process(subject);
		get_task_struct(subject);
		begin(park_until_end, NULL, (unsigned int)(i + 1) % HARTS);
		if (i % 2)
			usleep(100);
		kthread_stop(subject);
		atomic_store_explicit(&over, true, memory_order_release);
		all_end();
		put_task_struct(subject);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(exclusive), cmocka_unit_test(has_left), cmocka_unit_test(crossing),
	cmocka_unit_test(by_itself), cmocka_unit_test(new_ones), cmocka_unit_test(stopped),
};
THREAD_MAIN(tests)
