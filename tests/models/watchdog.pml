/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The watchdog: an interrupt is lost between a push and its target, and the waiter's ring makes good for it (ipi/call_wait.c).
 *
 * One caller makes calls to two targets: without wait by its one csd, which it waits for before the next use, then with wait.
 * Another calls the first target with wait. Firmware may lose up to LOSSES rings, whichever it likes. A waiter's deadline passes
 * when it likes, but it rings at most LOSSES + 1 times for one wait: one of them arrives.
 *
 * Checked: every accepted call runs, once, whichever rings are lost; a wait ends. What the watchdog cannot do: a call that
 * nobody waits for, now or by a later use of its csd, has nobody to ring for it (LIMIT_NOBODY_WAITS).
 */
#ifndef LOSSES
#define LOSSES 2
#endif

#define NONE 0
/* csds: 1 is the first caller's own one, 2 and 3 on stacks */
byte head[2], next[4];
bool locked[4], sip[2];
byte queued[4], ran[4];
byte lost;
byte callers = 2;

inline ring(t)
{
	if
	:: sip[t] = true
	:: atomic { lost < LOSSES -> lost++ }
	fi
}

inline push(c, t)
{
	atomic {
		locked[c] = true;
		old = head[t];
		next[c] = old;
		head[t] = c;
		queued[c]++
	};
	if
	:: old == NONE -> old = 0; ring(t)
	:: else -> old = 0
	fi
}

/* csd_lock_wait(csd, cpu) */
inline wait(c, t)
{
	do
	:: !locked[c] -> break
	:: locked[c] && rings <= LOSSES ->
		rings++;
#if defined(MUTANT_NO_SECOND_RING)
		skip
#elif defined(MUTANT_QUEUED_AGAIN)
		push(c, t)
#else
		ring(t)
#endif
#ifdef MUTANT_RINGS_ONCE
		;rings = LOSSES + 1
#endif
	od;
	rings = 0
}

proctype first()
{
	byte old, rings;

	push(1, 0);
#ifndef LIMIT_NOBODY_WAITS
#ifdef MUTANT_RINGS_THE_NEXT_TARGET
	wait(1, 1);
#else
	wait(1, 0);
#endif
	push(1, 1);
	wait(1, 1);
	push(2, 0);
	wait(2, 0);
	assert(ran[1] == 2 && ran[2] == 1);
#endif
	callers--
}

proctype second()
{
	byte old, rings;

#ifndef LIMIT_NOBODY_WAITS
	push(3, 0);
	wait(3, 0);
	assert(ran[3] == 1);
#endif
	callers--
}

#define OVER (callers == 0 && ran[1] == queued[1] && ran[2] == queued[2] && ran[3] == queued[3])

proctype target(byte t)
{
	byte list, csd;

	do
	:: OVER -> break
	:: sip[t] ->
		sip[t] = false;
		atomic { list = head[t]; head[t] = NONE };
		do
		:: list == NONE -> break
		:: else ->
			d_step { csd = list; list = next[csd]; ran[csd]++; assert(ran[csd] <= queued[csd]) };
#ifdef MUTANT_QUEUED_AGAIN
			assert(queued[csd] <= 1 + (csd == 1));
#endif
			locked[csd] = false;
			csd = 0
		od
	od
}

init { atomic { run first(); run second(); run target(0); run target(1) } }
