/* SPDX-License-Identifier: BSD-2-Clause */
/* Players of the churn: they wake each other, call, fence and arm timers. */
#include <errno.h>

#include "core/cpu.h"
#include "ipi/rfence.h"
#include "ipi/tlb.h"
#include "sbi/hsm.h"
#include "tests/kernel/churn.h"
#include "threads/kthread.h"
#include "threads/mutex.h"

#define LOOKS 8

static DEFINE_MUTEX(lock);
static unsigned int locked;

static void play(struct player *p)
{
	atomic_fetch_add(&p->pair->ball, 1);
	wake_up_process(p->pair->players[!(p->number & 1)].task);
}

static void called(void *player)
{
	struct player *p = player;

	if (atomic_exchange(&p->called, 0) != 1)
		churn_fault("a call ran twice", p->number);
	atomic_fetch_add(&churn.calls_run, 1);
}

static void timer_fires(struct timer_list *timer)
{
	struct player *p = container_of(timer, struct player, timer);

	if (time_now() < p->due)
		churn_fault("a timer was early", p->number);
	if (atomic_exchange(&p->armed, 0) != 1)
		churn_fault("a timer fired twice", p->number);
	atomic_fetch_add(&churn.timers_run, 1);
}

static unsigned int any_cpu(struct player *p)
{
	return (unsigned int)random_below(&p->random, nr_cpu_ids);
}

static void op_call(struct player *p, bool wait)
{
	unsigned int cpu = any_cpu(p);
	int err;

	if (atomic_load(&p->called))
		return;
	atomic_store(&p->called, 1);
	if (wait)
		err = smp_call_function_single(cpu, called, p, true);
	else
		err = smp_call_function_single_async(cpu, &p->csd);
	if (!err)
		p->calls++;
	else if (err != -ENXIO && err != -EBUSY)
		churn_fault("a call was answered wrongly", cpu);
	/* The csd of the last one may be given back later than its function has run. */
	if (err)
		atomic_store(&p->called, 0);
	else if (wait && atomic_load(&p->called))
		churn_fault("a call was not waited for", cpu);
}

static void op_arm(struct player *p, bool far)
{
	unsigned int cpu = any_cpu(p);

	/* Its function may not have returned yet. */
	if (timer_delete_sync(&p->timer)) {
		if (atomic_exchange(&p->armed, 0) != 1)
			churn_fault("a timer was taken back that had fired", p->number);
		p->timers--;
	}
	if (atomic_load(&p->armed))
		churn_fault("a timer is not pending, and has not fired", p->number);
	atomic_store(&p->armed, 1);
	p->due = time_now() + random_below(&p->random, 100);
	p->timers++;
	if (!far) {
		mod_timer(&p->timer, p->due);
		return;
	}
	p->timer.expires = p->due;
	if (add_timer_on(&p->timer, cpu)) {
		atomic_store(&p->armed, 0);
		p->timers--;
	}
}

static void op_lock(struct player *p)
{
	mutex_lock(&lock);
	if (locked++)
		churn_fault("two hold a lock", p->number);
	if (p->number & 1)
		yield();
	else
		usleep(random_below(&p->random, 5));
	locked--;
	mutex_unlock(&lock);
}

static void op_disturb(struct player *p)
{
	unsigned int other =
		2 * NOISY_PAIR + (unsigned int)random_below(&p->random, PLAYERS - 2 * NOISY_PAIR);

	wake_up_process(churn.pairs[other / 2].players[other % 2].task);
	/* It waits for others, and looks again each time: also when they are about to be ready. */
	for (unsigned int i = 0; i < LOOKS; i++) {
		wake_up_process(churn.keeper);
		cpu_relax();
	}
}

/*
 * Who is not ON_RQ has its context saved. It has not run in between if it was not switched to: then
 * what is seen of its way off the cpu is of one time.
 */
static void op_look(void)
{
	for (unsigned int i = 0; i < LOOKS * PLAYERS; i++) {
		struct task_struct *task = churn.pairs[i % PLAYERS / 2].players[i % 2].task;
		uint64_t switches = atomic_load(&task->switches);
		unsigned int home = atomic_load(&task->home);
		enum task_leaving leaving = *(volatile enum task_leaving *)&task->leaving;

		if (!(home & TASK_ON_RQ) && leaving != LEAVES_NOT &&
		    atomic_load(&task->switches) == switches)
			churn_fault("a thread may be run, and has not left its cpu", i % PLAYERS);
		/* Elsewhere it goes on, and is met somewhere else. */
		if (i % PLAYERS == PLAYERS - 1)
			cpu_relax();
	}
}

static void nothing(void *info)
{
	(void)info;
}

/* As a fence by slow firmware, which would wait for ever for a hart that stops. */
static void op_fence(struct player *p)
{
	bool outermost = rfence_begins();
	unsigned int cpu = atomic_load(&churn.moving);
	bool told = !smp_call_function_single(cpu, nothing, NULL, false);

	churn_dawdle(&p->random);
	/* One that is about to stop is given the time. */
	for (unsigned int n = 100; told && n && !cpumask_test_cpu(cpu, cpu_online_mask); n--)
		cpu_relax();
	if (told && sbi_hart_get_status(cpu_to_hartid(cpu)).value == HSM_STOPPED)
		churn_fault("a hart has stopped that firmware waits for", cpu);
	rfence_ends(outermost);
}

static void player_op(struct player *p)
{
	switch (random_below(&p->random, 13)) {
	case 0:
	case 1:
		return op_call(p, false);
	case 2:
		return op_call(p, true);
	case 3:
	case 4:
		return op_arm(p, false);
	case 5:
		return op_arm(p, true);
	case 6:
		return usleep(random_below(&p->random, 20));
	case 7:
		return op_lock(p);
	case 8:
		return op_disturb(p);
	case 9:
		return flush_tlb_all();
	case 10:
		return op_fence(p);
	case 11:
		return op_look();
	default:
		return yield();
	}
}

static int player(void *data)
{
	struct player *p = data;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if ((atomic_load(&p->pair->ball) & 1) != (p->number & 1)) {
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		if (atomic_load(&churn.stop))
			break;
		player_op(p);
		play(p);
	}
	/* The other shall see it, too. */
	play(p);
	atomic_fetch_add(&churn.over, 1);
	return 0;
}

bool churn_make_player(struct player *p, unsigned int number, uint64_t seed)
{
	*p = (struct player){.number = number, .random = random_mix(seed + number)};
	p->pair = &churn.pairs[number / 2];
	INIT_CSD(&p->csd, called, p);
	timer_setup(&p->timer, timer_fires);
	p->task = kthread_create(player, p, "player/%u", number);
	if (IS_ERR(p->task))
		return false;
	get_task_struct(p->task);
	if (number / 2 == BOUND_PAIR)
		kthread_bind(p->task, number % nr_cpu_ids);
	return true;
}
