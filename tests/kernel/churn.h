/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the churn share. Players sleep in pairs and wake each other in turn: one wake-up
 * that is lost stops a pair for good. Nobody else wakes those of the first pairs, so that nothing
 * makes up for it.
 */
#ifndef TESTS_KERNEL_CHURN_H
#define TESTS_KERNEL_CHURN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "arch/riscv/processor.h"
#include "core/random.h"
#include "core/time.h"
#include "core/timer.h"
#include "ipi/call.h"
#include "threads/sched.h"

#define PAIRS	   4
#define NOISY_PAIR 2 /* from this on others wake them, too */
#define BOUND_PAIR 1 /* each player on a cpu of its own, and elsewhere while that is down */
#define PLAYERS	   (2 * PAIRS)
/* Counted instructions pass slowly. */
#define PATIENCE_MS (deterministic ? 200 : 10000)

struct player {
	struct task_struct *task;
	struct pair *pair;
	unsigned int number;
	uint64_t random;
	call_single_data_t csd;
	struct timer_list timer;
	uint64_t due;
	_Atomic unsigned int called, armed; /* 1: its call, or its timer, is on its way */
	unsigned int calls, timers;	    /* accepted; armed, and not taken back */
};

struct pair {
	struct player players[2];
	_Atomic unsigned int ball; /* whose turn it is: the last bit */
};

struct churn {
	struct pair pairs[PAIRS];
	struct task_struct *keeper, *helper;
	_Atomic bool stop, keeper_over;
	_Atomic unsigned int moving; /* the cpu that goes or comes, or did last */
	_Atomic unsigned int over, faults, calls_run, timers_run;
};
extern struct churn churn;

/* Counts it; the first few are told. who: a player's number, a cpu, or 0. */
void churn_fault(const char *what, unsigned int who);

static inline uint64_t churn_patience(void)
{
	return deadline_ms(PATIENCE_MS);
}

static inline void churn_dawdle(uint64_t *random)
{
	for (uint64_t n = random_below(random, 60); n; n--)
		cpu_relax();
}

/* A thread that has not run; false if there is no memory. */
bool churn_make_player(struct player *p, unsigned int number, uint64_t seed);

/*
 * Makes the keeper, who parks, unparks and stops a thread again and again, and its helper; neither
 * has run. What random points to is theirs from then on. False if there is no memory.
 */
bool churn_make_keeper(uint64_t *random, uint64_t *helper_random);

/* Harts go and come, and rows fail; at the end all are up. */
void churn_move_all(uint64_t *random);

#endif
