/* SPDX-License-Identifier: BSD-2-Clause */
/* What actors share, and what each does: it is told of in actors.c. */
#ifndef TESTS_TORTURE_ACTORS_H
#define TESTS_TORTURE_ACTORS_H

#include "tests/torture/internal.h"

struct actor {
	const char *name;
	enum torture_mix kind;
	/* Does it once, which it counts; may sleep. */
	void (*act)(struct actor *me);
	int (*begin)(void); /* or NULL; 0, or -ENOMEM */
	void (*end)(void);  /* or NULL; after its thread has ended */
	struct task_struct *task;
	uint64_t random;
	_Atomic uint64_t done;
};

static inline void did(struct actor *me)
{
	atomic_fetch_add_explicit(&me->done, 1, memory_order_relaxed);
}

/* movers.c: harts go down and come up. What came of it, since the start: */
struct hart_moves {
	_Atomic uint64_t rows_failed, freezes, suspends, offlines;
};
extern struct hart_moves hart_moves;
void act_hotplug(struct actor *me);
void end_hotplug(void);

/* parkee.c: a thread is parked, and goes on. */
int begin_park(void);
void end_park(void);
void act_park(struct actor *me);
/* How often it went round its loop, ever. */
uint64_t parkee_turns(void);

/* guests.c: per-cpu threads come and go. */
int begin_smpboot(void);
void act_smpboot(struct actor *me);

/* stoppers.c: all harts are held. */
void act_stop(struct actor *me);

#endif
