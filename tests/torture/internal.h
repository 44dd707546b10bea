/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the torture share. */
#ifndef TESTS_TORTURE_INTERNAL_H
#define TESTS_TORTURE_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/compiler.h"
#include "core/cpumask.h"
#include "core/random.h"
#include "core/timer.h"
#include "ipi/call.h"
#include "ipi/irq_work.h"
#include "tests/torture/torture.h"
#include "threads/sched.h"
#include "threads/workqueue.h"

/* What one cpu sent to another, and what arrived: at the end both sides are equal. */
struct pair {
	_Atomic uint64_t sent, sent_sum; /* written on the caller */
	_Atomic uint64_t run, run_sum;	 /* written on the target */
	uint64_t next_order; /* caller, interrupts off: number of the next asynchronous call */
	uint64_t last_order; /* target: number of the last that ran */
};

/*
 * One call by one cpu on one other, which must run once:
 *
 *   [ FREE ] -- caller takes it --> [ TAKEN ] -- caller --> [ ARMED ] -- the call runs --> [ FREE ]
 *                                                              '-- refused --> [ FREE ]
 */
enum ticket_state { TICKET_FREE, TICKET_TAKEN, TICKET_ARMED };

struct ticket {
	_Atomic unsigned int state; /* enum ticket_state */
	unsigned int caller, target;
	uint64_t value; /* of this one call, for the sums */
	uint64_t order; /* 0: may run in any order */
	bool nest;	/* its function calls others */
	call_single_data_t csd;
	struct irq_work work;
};

/* One broadcast, which must run once on each of its targets. */
struct shout {
	_Atomic unsigned int state; /* FREE or TAKEN */
	_Atomic unsigned int sent;  /* 1: accepted is valid */
	_Atomic unsigned int ran;
	unsigned int caller, accepted;
	uint64_t value;
	struct cpumask *want, *seen;
};

/*
 * Works that anybody queues at any time: their runs are counted, and the last run must come after
 * the last wish for one, also after one that was answered by "pending already".
 */
struct hot_work {
	struct irq_work work;
	_Atomic uint64_t accepted, run;
	_Atomic uint64_t wishes, granted;
};

/*
 * A timer that its torturer alone arms, here or on another cpu. Counted as armed before it is, and
 * taken off again if it was refused or deleted.
 */
struct hot_timer {
	struct timer_list timer;
	_Atomic uint64_t armed, fired;
};

/* A work that its torturer alone queues, on any cpu: each time that was accepted it runs once. */
struct hot_task {
	struct work_struct work;
	_Atomic uint64_t accepted, run;
};

#define TICKETS 64
#define SHOUTS	4
#define TIMERS	4
#define WORKS	4

/* What one cpu needs to torture others. On its own memory node. */
struct torturer {
	unsigned int cpu;
	uint64_t random;	 /* stream of its own choices */
	uint64_t handler_random; /* of those of functions that it runs for others */
	struct pair *pairs;	 /* as caller, by target */
	struct ticket tickets[TICKETS];
	struct shout shouts[SHOUTS];
	struct hot_work hot, hot_lazy;
	struct hot_timer timers[TIMERS];
	struct hot_task works[WORKS];
	bool nesting; /* a function that it runs waits for a call of its own */
	_Atomic uint64_t ops, tried, accepted, busy, timed_out, nested;
	_Atomic bool at_work; /* in an operation, or on the way home */
	_Atomic bool home;    /* none of its calls is out any more */
	int counter;	      /* of IPIs sent, the firmware's; negative: none */
	uint64_t rings;	      /* the kernel's count when that began */
};

/* Parameter torture_mix: what goes on beside calls and irq_works. */
enum torture_mix {
	MIX_TIMERS,
	MIX_WAKES,
	MIX_HOTPLUG,
	MIX_FAIL,
	MIX_FREEZE,
	MIX_PARK,
	MIX_SMPBOOT,
	MIX_STOP,
	MIX_WORKS,
	MIXES
};
/* Whether it goes on in this run. */
bool torture_mixes(enum torture_mix kind);
/* Names the words of torture_mix that are none of these, and returns their number. */
unsigned int torture_mix_unknown(void);

/* Of this run. */
extern struct torture_limits torture_limits;
/* Cycles that are due of harts that go off and on in turn; 0: they go at random. */
uint64_t torture_turns(void);

/* By cpu; NULL for those that do not take part. */
extern struct torturer **torturers;
extern uint64_t torture_values;

/* Faults, counted by kind; the first few of each are told. */
enum fault_kind {
	FAULT_TWICE,
	FAULT_ORDER,
	FAULT_PLACE,
	FAULT_EARLY,
	FAULT_ANSWER,
	FAULT_LOST,
	FAULT_LEAK,
	FAULTS
};
void torture_fault(enum fault_kind kind, const char *fmt, ...) __printf(2, 3);

/* This cpu's, which it must have. */
struct torturer *torturer_here(void);

/* A cpu that takes part, drawn at random. */
unsigned int torture_any_cpu(uint64_t *random);

/* When what is under way must have come home, from now. */
uint64_t torture_patience(void);

/* tickets.c: making and accounting. Any context. */
struct ticket *ticket_take(struct torturer *me, unsigned int target);
void ticket_arm(struct ticket *t);
/* Refused: nobody will run it. */
void ticket_drop(struct ticket *t);
/* Accepted. By value: an accepted ticket may be through by now, and even be another call's. */
void ticket_book(struct torturer *me, unsigned int target, uint64_t value);
/* What runs there: ticket_run for calls, ticket_work for works. */
void ticket_run(void *ticket);
void ticket_work(struct irq_work *work);
struct shout *shout_take(struct torturer *me);
void shout_sent(struct torturer *me, struct shout *s, unsigned int accepted);
void shout_run(void *shout);
/* True if none of this cpu's calls is on its way; settles broadcasts that are through. */
bool torturer_quiet(struct torturer *me);
/* Names what is on its way. */
void torturer_report(struct torturer *me);
/* Holds sent against run, for all pairs. */
void torture_balance(void);

/* ops.c: one operation, drawn at random. Hart context. */
void torture_op(struct torturer *me);
/* What a function does that calls others in turn. Interrupts off. */
void torture_nested(struct torturer *me);
/* irq_works.c: what a hot work runs. */
void hot_run(struct irq_work *work);

/* sleepers.c: threads that torturers wake. start: 0 or -ENOMEM; stop: false if one does not end. */
int sleepers_start(uint64_t seed);
bool sleepers_stop(void);
void op_wake(struct torturer *me);
/* Who was woken has seen why: at the end. Reports who has not. */
bool sleepers_quiet(void);
uint64_t sleepers_woken(void);
void op_timer(struct torturer *me);
void hot_timer_fires(struct timer_list *timer);
void op_work(struct torturer *me);
void hot_task_runs(struct work_struct *work);

/*
 * actors.c: threads that do one thing again and again, each its own. stop leaves all harts online
 * that were at the start.
 */
int actors_start(uint64_t seed);
void actors_stop(void);
/* True if each has done what it does, once at least. */
bool actors_acted(void);
/* Prints how often each did, and which never did. */
void actors_tell(void);

/* movers.c */
/* How often any cpu went down. */
uint64_t actors_offlines(void);
/* A cpu was brought up, or down, and nobody else moves it: everything that it answers is known. */
void torture_expect_moved(unsigned int cpu, bool up);

/* turns.c: one hart after the other off and on. take: one cycle; false if it failed. */
void turns_begin(void);
bool turns_take(void);
uint64_t turns_done(void);
void turns_tell(void);

/*
 * harts.c: the threads that torture. make: 0 or -ENOMEM. run: false if some harts are still at it,
 * and what they use must stay.
 */
int torturers_make(uint64_t seed);
bool torturers_run(uint64_t seconds, uint64_t seed);
void torturers_free(void);

/* Of all torturers so far. */
struct torture_totals {
	uint64_t ops, tried, accepted, busy, timed_out, nested;
};
void torture_sum(struct torture_totals *sum);

/* Calls of each hart that must be accepted. */
#define ACCEPTED_MIN 20

/*
 * firmware.c: IPIs that the firmware has counted, and the kernel's rings meanwhile; for a torturer
 * from begin to end, which run on its cpu.
 */
extern _Atomic uint64_t fw_ipis, fw_rings;
void count_begins(unsigned int cpu);
void count_ends(unsigned int cpu);
/* Whether the firmware counts what the kernel sends; then whether there was one IPI for each ring. */
bool firmware_counts(void);
bool firmware_sent_all(void);

/* Parameter torture_close: harts close their queues for moments, as if they went down. */
extern bool torture_close;

#endif
