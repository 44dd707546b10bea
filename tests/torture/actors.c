/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that each do one thing to the whole system, again and again: harts off and on above all.
 */
#include "tests/torture/actors.h"

#include "core/printk.h"
#include "threads/kthread.h"

static uint64_t done(const struct actor *me)
{
	return atomic_load_explicit(&me->done, memory_order_relaxed);
}

/* In the order in which they end: harts stand still when the rest ends. */
static struct actor actors[] = {
	{"hotplug", MIX_HOTPLUG, act_hotplug, NULL, end_hotplug, NULL, 0, 0},
	{"park", MIX_PARK, act_park, begin_park, end_park, NULL, 0, 0},
	{"smpboot", MIX_SMPBOOT, act_smpboot, begin_smpboot, NULL, NULL, 0, 0},
	{"stop", MIX_STOP, act_stop, NULL, NULL, NULL, 0, 0},
};

static int actor_main(void *data)
{
	struct actor *me = data;

	while (!kthread_should_stop()) {
		me->act(me);
		usleep(random_below(&me->random, 500));
	}
	return 0;
}

static int start(struct actor *me, uint64_t seed)
{
	int err;

	me->random = random_mix(seed + 2000 + me->kind);
	err = me->begin ? me->begin() : 0;
	if (err)
		return err;
	me->task = kthread_run(actor_main, me, "act/%s", me->name);
	if (!IS_ERR(me->task))
		return 0;
	err = (int)PTR_ERR(me->task);
	me->task = NULL;
	if (me->end)
		me->end();
	return err;
}

int actors_start(uint64_t seed)
{
	hart_moves = (struct hart_moves){0};
	turns_begin();
	for (struct actor *it = actors; it < actors + ARRAY_SIZE(actors); it++)
		atomic_store_explicit(&it->done, 0, memory_order_relaxed);
	for (struct actor *it = actors; it < actors + ARRAY_SIZE(actors); it++) {
		int err = torture_mixes(it->kind) ? start(it, seed) : 0;

		if (err) {
			actors_stop();
			return err;
		}
	}
	return 0;
}

void actors_stop(void)
{
	for (struct actor *it = actors; it < actors + ARRAY_SIZE(actors); it++) {
		if (!it->task)
			continue;
		kthread_stop(it->task);
		it->task = NULL;
		if (it->end)
			it->end();
	}
}

bool actors_acted(void)
{
	for (struct actor *it = actors; it < actors + ARRAY_SIZE(actors); it++) {
		if (torture_mixes(it->kind) && !done(it))
			return false;
	}
	return turns_done() >= torture_turns();
}

void actors_tell(void)
{
	printk_raw("STATS torture=threads hotplug=%lu failed_rows=%lu freezes=%lu suspends=%lu "
		   "park=%lu smpboot=%lu stop=%lu wakes=%lu",
		   done(&actors[0]), hart_moves.rows_failed, hart_moves.freezes,
		   hart_moves.suspends, done(&actors[1]), done(&actors[2]), done(&actors[3]),
		   sleepers_woken());
	if (torture_turns())
		turns_tell();
	for (struct actor *it = actors; it < actors + ARRAY_SIZE(actors); it++) {
		if (torture_mixes(it->kind) && !done(it))
			printk_raw("# torture: %s has never come about", it->name);
	}
}
