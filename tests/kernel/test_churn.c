/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads wake, park, stop, call, fence and arm timers while harts go down and come up, all
 * accounted for. With seed= in deterministic mode each seed is another schedule (scripts/schedules
 * --work threads).
 */
#include <stdatomic.h>

#include "core/cpu.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/random.h"
#include "core/time.h"
#include "sbi/base.h"
#include "sbi/sbi.h"
#include "tests/kernel/churn.h"
#include "tests/kernel/ktest.h"

#define FAULTS_TOLD 5

static unsigned int churn_rounds = 1;
PARAM_UINT("churn_rounds", churn_rounds, 1, 100000,
	   "suite churn: so many times over, with rising seeds, until one fails");

struct churn churn;

void churn_fault(const char *what, unsigned int who)
{
	if (atomic_fetch_add(&churn.faults, 1) < FAULTS_TOLD)
		printk_raw("# churn: %s (%u)", what, who);
}

static bool all_settled(void)
{
	unsigned int calls = 0, timers = 0;

	if (atomic_load(&churn.over) < PLAYERS || !atomic_load(&churn.keeper_over))
		return false;
	for (unsigned int i = 0; i < PLAYERS; i++) {
		struct player *p = &churn.pairs[i / 2].players[i % 2];

		if (atomic_load(&p->called) || atomic_load(&p->armed))
			return false;
		calls += p->calls;
		timers += p->timers;
	}
	return atomic_load(&churn.calls_run) == calls && atomic_load(&churn.timers_run) == timers;
}

static bool begin(uint64_t *seeds)
{
	bool all = true;

	atomic_store(&churn.stop, false);
	atomic_store(&churn.over, 0);
	atomic_store(&churn.faults, 0);
	atomic_store(&churn.calls_run, 0);
	atomic_store(&churn.timers_run, 0);
	atomic_store(&churn.keeper_over, false);
	for (unsigned int i = 0; i < PAIRS; i++)
		atomic_store(&churn.pairs[i].ball, 0);
	for (unsigned int i = 0; i < PLAYERS; i++)
		all &= churn_make_player(&churn.pairs[i / 2].players[i % 2], i, seeds[0]);
	all &= churn_make_keeper(&seeds[2], &seeds[1]);
	if (!all)
		return false;
	get_task_struct(churn.keeper);
	for (unsigned int i = 0; i < PLAYERS; i++)
		wake_up_process(churn.pairs[i / 2].players[i % 2].task);
	wake_up_process(churn.keeper);
	return true;
}

static void tell(struct task_struct *task, void *arg)
{
	const char *what = atomic_load(&task->waits_for);

	(void)arg;
	printk_raw("# churn: %s: %s, home 0x%x, %s", task->comm, task_state_name(task),
		   atomic_load(&task->home), what ? what : "waits for nothing");
}

static bool all_possible_online(void)
{
	unsigned int cpu;

	for_each_possible_cpu (cpu) {
		if (!cpumask_test_cpu(cpu, cpu_online_mask))
			return false;
	}
	return true;
}

static void nothing_lost(struct ktest_run *run, uint64_t seed)
{
	static uint64_t seeds[4];
	uint64_t give_up;

	if (random_turns)
		random_turns_start(random_mix(seed));
	for (unsigned int i = 0; i < ARRAY_SIZE(seeds); i++)
		seeds[i] = random_next(&seed);
	if (!KTEST_EXPECT(begin(seeds)))
		return;
	churn_move_all(&seeds[3]);
	atomic_store(&churn.stop, true);
	give_up = churn_patience();
	while (!all_settled() && time_now() < give_up)
		usleep(20);
	if (!all_settled())
		for_each_task(tell, NULL);
	KTEST_EXPECT_EQ(atomic_load(&churn.faults), 0);
	KTEST_EXPECT_EQ(atomic_load(&churn.over), PLAYERS);
	KTEST_EXPECT(atomic_load(&churn.keeper_over));
	/* The last of them may still be about to return. */
	for (unsigned int i = 0; i < PLAYERS && atomic_load(&churn.over) == PLAYERS; i++) {
		struct player *p = &churn.pairs[i / 2].players[i % 2];

		KTEST_EXPECT(wait_task_inactive(p->task, 0));
		KTEST_EXPECT_EQ(atomic_load(&p->called), 0);
		KTEST_EXPECT_EQ(atomic_load(&p->armed), 0);
		put_task_struct(p->task);
	}
	put_task_struct(churn.keeper);
	KTEST_EXPECT(all_settled());
	KTEST_EXPECT(all_possible_online());
}

KTEST(churn, nothing_lost)
{
	uint64_t seed = seed_given ? random_seed : time_now();

	if (nr_cpu_ids < 2 || !sbi_probe(SBI_EXT_HSM) || !all_possible_online())
		KTEST_SKIP("needs two harts that go and come");
	for (unsigned int round = 0; round < churn_rounds && !run->failures; round++) {
		if (churn_rounds > 1)
			printk_raw("# churn: seed %lu", seed + round);
		nothing_lost(run, seed + round);
	}
}
