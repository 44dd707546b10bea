/* SPDX-License-Identifier: BSD-2-Clause */
/* What is set going: threads that sleep anywhere and go where they like, timers and works. */
#include <errno.h>

#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/time.h"
#include "tests/torture/internal.h"
#include "threads/kthread.h"

/*
 * Nobody wakes it for another reason while a post is not taken: so a wake-up that gets lost stays
 * lost, and is seen at the end.
 */
struct sleeper {
	struct task_struct *task;
	_Atomic uint64_t posted, taken;
	uint64_t random;
	struct cpumask *mask;
};

static struct sleeper *sleepers;
static unsigned int nr_sleepers;

static uint64_t get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* To other cpus, of which some may be down by then: then anywhere. */
static void wander(struct sleeper *s)
{
	unsigned int cpu;

	cpumask_clear(s->mask);
	for_each_possible_cpu (cpu) {
		if (torturers[cpu] && !random_below(&s->random, 2))
			cpumask_set_cpu(cpu, s->mask);
	}
	set_cpus_allowed_ptr(current, s->mask);
}

static int sleeper_main(void *data)
{
	struct sleeper *s = data;

	while (!kthread_should_stop()) {
		uint64_t posted;

		set_current_state(TASK_INTERRUPTIBLE);
		posted = get(&s->posted);
		if (get(&s->taken) == posted && !kthread_should_stop()) {
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		if (!random_below(&s->random, 16))
			wander(s);
		if (!random_below(&s->random, 4))
			usleep(random_below(&s->random, 50));
		atomic_store_explicit(&s->taken, posted, memory_order_relaxed);
	}
	return 0;
}

void op_wake(struct torturer *me)
{
	struct sleeper *s;

	if (!nr_sleepers)
		return;
	s = &sleepers[random_below(&me->random, nr_sleepers)];
	if (get(&s->posted) != get(&s->taken))
		return;
	add(&s->posted, 1);
	wake_up_process(s->task);
}

int sleepers_start(uint64_t seed)
{
	if (!torture_mixes(MIX_WAKES))
		return 0;
	sleepers = kzalloc(num_online_cpus() * sizeof(*sleepers));
	if (!sleepers)
		return -ENOMEM;
	for (unsigned int i = 0; i < num_online_cpus(); i++) {
		struct sleeper *s = &sleepers[i];

		s->random = random_mix(seed + 1000 + i);
		s->mask = cpumask_alloc(NUMA_NO_NODE);
		s->task = kthread_create(sleeper_main, s, "sleeper/%u", i);
		nr_sleepers = i + 1;
		if (!IS_ERR(s->task))
			get_task_struct(s->task);
		/*
		 * Anywhere, which it may be anyway: but what that needs is there from the start,
		 * and no leak later.
		 */
		if (!s->mask || IS_ERR(s->task) ||
		    set_cpus_allowed_ptr(s->task, cpu_possible_mask)) {
			sleepers_stop();
			return -ENOMEM;
		}
		wake_up_process(s->task);
	}
	return 0;
}

bool sleepers_quiet(void)
{
	bool quiet = true;

	for (unsigned int i = 0; i < nr_sleepers; i++)
		quiet &= get(&sleepers[i].posted) == get(&sleepers[i].taken);
	return quiet;
}

uint64_t sleepers_woken(void)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < nr_sleepers; i++)
		n += get(&sleepers[i].taken);
	return n;
}

static bool all_taken(void *unused)
{
	(void)unused;
	return sleepers_quiet();
}

bool sleepers_stop(void)
{
	bool quiet = poll_until(all_taken, NULL, torture_patience());

	for (unsigned int i = 0; i < nr_sleepers; i++) {
		struct sleeper *s = &sleepers[i];

		if (!quiet && get(&s->posted) != get(&s->taken))
			torture_fault(FAULT_LOST,
				      "thread %s was woken by post %lu and has seen %lu",
				      s->task->comm, get(&s->posted), get(&s->taken));
		if (!IS_ERR(s->task))
			kthread_stop_put(s->task);
		cpumask_free(s->mask);
	}
	kfree(sleepers);
	sleepers = NULL;
	nr_sleepers = 0;
	return quiet;
}

void hot_timer_fires(struct timer_list *timer)
{
	struct hot_timer *hot = container_of(timer, struct hot_timer, timer);

	if (!cpumask_test_cpu(smp_processor_id(), cpu_online_mask))
		torture_fault(FAULT_PLACE, "a timer fired on cpu%u, which is not online",
			      smp_processor_id());
	add(&hot->fired, 1);
}

/* Armed and not yet fired or deleted: its owner only deletes it. */
static void stop_timer(struct hot_timer *hot)
{
	if (timer_delete(&hot->timer))
		add(&hot->armed, -1UL);
}

void op_timer(struct torturer *me)
{
	struct hot_timer *hot = &me->timers[random_below(&me->random, TIMERS)];
	uint64_t expires = time_now() + random_below(&me->random, 1000);

	if (!torture_mixes(MIX_TIMERS))
		return;
	if (timer_pending(&hot->timer)) {
		if (!random_below(&me->random, 4))
			stop_timer(hot);
		return;
	}
	add(&hot->armed, 1);
	if (random_below(&me->random, 2)) {
		mod_timer(&hot->timer, expires);
		return;
	}
	hot->timer.expires = expires;
	if (add_timer_on(&hot->timer, torture_any_cpu(&me->random)))
		add(&hot->armed, -1UL);
}

/* Some sleep, so that others must step in for their thread. */
void hot_task_runs(struct work_struct *work)
{
	struct hot_task *task = container_of(work, struct hot_task, work);
	uint64_t run = get(&task->run) + 1;

	if (run % 8 == 0)
		usleep(20);
	atomic_store_explicit(&task->run, run, memory_order_relaxed);
}

void op_work(struct torturer *me)
{
	struct hot_task *task = &me->works[random_below(&me->random, WORKS)];
	unsigned int cpu = torture_any_cpu(&me->random);
	struct workqueue_struct *wq = random_below(&me->random, 2) ? system_wq : system_unbound_wq;

	if (!torture_mixes(MIX_WORKS))
		return;
	if (queue_work_on(cpu, wq, &task->work))
		add(&task->accepted, 1);
	if (!random_below(&me->random, 16))
		flush_work(&task->work);
}
