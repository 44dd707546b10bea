/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One job for a cpu's idle loop (threads/idle.c): two callers, and a hart that goes down.
 *
 * Checked: a job that was accepted runs once, and it is the one that was handed over; one that was answered with -EBUSY or -ENXIO
 * never runs; a caller that is told "done" finds it done.
 */
#define NONE	0
#define SET	1
#define RUNNING 2

byte state, fn; /* fn: whose */
bool online = true;
bool accepted[3], ran[3];
byte callers = 2;

proctype caller(byte me)
{
	byte was;

#ifdef MUTANT_LOOK_THEN_STORE
	was = state;
	if
	:: was != NONE -> goto out /* -EBUSY */
	:: else
	fi;
	fn = me;
	state = SET;
	if
	:: online -> accepted[me] = true
	:: !online -> goto out /* -ENXIO */
	fi;
#else
	/* A call with wait: its function, on that cpu, interrupts off, between any two steps of the idle loop. */
	if
	:: atomic {
		online ->
		if
		:: state == NONE -> fn = me; state = SET; accepted[me] = true
#ifdef MUTANT_SET_WHILE_RUNNING
		:: state == RUNNING -> fn = me; state = SET; accepted[me] = true
#endif
		:: else -> goto out /* -EBUSY */
		fi
	}
	:: !online -> goto out /* -ENXIO */
	fi;
#endif
	/* idle_job_done() */
	(state == NONE || (state != NONE && fn != me));
	assert(ran[me]);
out:
	callers--
}

proctype idle()
{
	byte job;

	do
	:: state == SET ->
#ifdef MUTANT_DONE_BEFORE_RUN
		state = NONE;
		job = fn;
#else
		state = RUNNING;
		job = fn;
#endif
		d_step { assert(!ran[job]); ran[job] = true; job = 0 };
#ifndef MUTANT_DONE_BEFORE_RUN
		state = NONE
#endif
	:: callers == 0 && state != SET -> break
	:: atomic { online && state == NONE -> online = false }
	od;
	assert(ran[1] == accepted[1] && ran[2] == accepted[2])
}

init { atomic { run caller(1); run caller(2); run idle() } }
