/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls with a deadline: who frees the memory (ipi/call_timeout.c). One waiter, its target, and the deadline at any moment.
 *
 * Checked: freed exactly once, never touched afterwards; a waiter that returns 0 has seen the function run; it runs once,
 * also after the waiter has gone.
 */
#define WAITED 0
#define DONE   1
#define LEFT   2

byte owner = WAITED;
bool locked = true, queued, closed, ran, freed;
byte left; /* who is through with it */

#define TOUCH assert(!freed)

inline free_it()
{
	d_step { assert(!freed); freed = true }
}

active proctype waiter()
{
	byte old;

	if
	:: atomic { closed -> free_it() }; /* refused: -ENXIO */
		goto out
	:: atomic { !closed -> queued = true }
	fi;
	/* csd_lock_wait_until() */
	do
	:: atomic { !locked -> TOUCH; goto over }
	:: true -> break /* the deadline */
	od;
#ifdef MUTANT_OWNER_WITHOUT_EXCHANGE
	TOUCH;
	old = owner;
	owner = (old == WAITED -> LEFT : old);
#else
	atomic { TOUCH; old = owner; owner = LEFT };
#endif
	if
	:: old == WAITED ->
#ifdef MUTANT_WAITER_FREES_WHEN_LEAVING
		free_it();
#endif
		assert(true); goto out /* must happen: -ETIMEDOUT */
	:: else
	fi;
	/* It has just run; its last access is still to come. */
#ifndef MUTANT_NO_WAIT_FOR_LAST_ACCESS
	atomic { !locked -> TOUCH }; /* must happen: in the last moment */
#endif
over:
	assert(ran);
	free_it();
out:
	left++
}

active proctype target()
{
	byte old;

	if
	:: atomic { !queued -> closed = true }; goto out /* goes down before */
	:: queued
	fi;
	TOUCH;
	d_step { assert(!ran); ran = true };
#ifdef MUTANT_UNLOCK_BEFORE_OWNER
	atomic { TOUCH; locked = false };
#endif
#ifdef MUTANT_OWNER_WITHOUT_EXCHANGE
	TOUCH;
	old = owner;
	owner = DONE;
#else
	atomic { TOUCH; old = owner; owner = DONE };
#endif
	if
#ifdef MUTANT_NOBODY_FREES
	:: old == LEFT -> goto out
#else
	:: old == LEFT -> free_it(); assert(true); goto out /* must happen */
#endif
#ifdef MUTANT_BOTH_FREE
	:: old != LEFT -> atomic { TOUCH; locked = false }; free_it(); goto out
#endif
	:: else
	fi;
	atomic { TOUCH; locked = false };
out:
	left++
}

/* At the very end nothing is left over. */
active proctype after()
{
	(left == 2);
	assert(freed);
	assert(ran != closed)
}
