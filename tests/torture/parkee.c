/* SPDX-License-Identifier: BSD-2-Clause */
/* An actor: a thread is parked, stands still, and goes on. */
#include "core/time.h"
#include "tests/torture/actors.h"
#include "threads/kthread.h"

static struct task_struct *parkee;
static _Atomic uint64_t turns_taken;

static int parkee_main(void *random)
{
	uint64_t stream = (uint64_t)random;

	while (!kthread_should_stop()) {
		if (kthread_should_park())
			kthread_parkme();
		atomic_fetch_add_explicit(&turns_taken, 1, memory_order_relaxed);
		if (random_below(&stream, 2))
			yield();
		else
			usleep(random_below(&stream, 50));
	}
	return 0;
}

int begin_park(void)
{
	parkee = kthread_run(parkee_main, (void *)1UL, "parkee");
	return IS_ERR(parkee) ? (int)PTR_ERR(parkee) : 0;
}

void end_park(void)
{
	if (!IS_ERR(parkee))
		kthread_stop(parkee);
}

uint64_t parkee_turns(void)
{
	return atomic_load_explicit(&turns_taken, memory_order_relaxed);
}

static bool turns_beyond(void *before)
{
	return parkee_turns() != *(uint64_t *)before;
}

void act_park(struct actor *me)
{
	uint64_t before;
	int err = kthread_park(parkee);

	if (err) {
		torture_fault(FAULT_ANSWER, "a thread is not parked: error %d", err);
		return;
	}
	before = parkee_turns();
	usleep(random_below(&me->random, 100));
	if (parkee_turns() != before)
		torture_fault(FAULT_PLACE, "a parked thread runs");
	kthread_unpark(parkee);
	if (random_below(&me->random, 2) && !poll_until(turns_beyond, &before, torture_patience()))
		torture_fault(FAULT_LOST, "an unparked thread does not run");
	did(me);
}
