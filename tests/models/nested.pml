/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts that call each other with interrupts off: who waits runs what others ask meanwhile (run_own_calls of ipi/call_wait.c,
 * flush_own_calls and run_todo of ipi/call.c), up to CALL_NESTING_MAX deep.
 *
 * HARTS harts in a ring. Each calls the next and waits, interrupts off; the function that runs there does the same, DEPTH times.
 * Somebody else sends hart 0 two calls without wait (PAIR). A process is a frame of a hart's stack: only the topmost moves. The
 * queue itself is proved elsewhere (queue.pml): here it is a channel.
 *
 * Checked: all end; each call runs once; calls of one caller to one target start in order, also where a function in between
 * waits. LIMIT_NESTING: with a bound below what the calls need they wait for ever; the watchdog reports that.
 */
#ifndef HARTS
#define HARTS 3
#endif
#ifndef DEPTH
#define DEPTH 2
#endif
#ifdef LIMIT_NESTING
#define NESTING 0
#else
#define NESTING 8
#endif

/* A call of hart h at depth d: d * HARTS + h; then the two of the other sender. */
#ifdef PAIR
#define CALLS	(HARTS * DEPTH + 2)
#else
#define CALLS	(HARTS * DEPTH)
#endif
#define FIRST	(HARTS * DEPTH)
#define SECOND	(HARTS * DEPTH + 1)
#define BIT(c)	(1 << (c))
chan queue[HARTS] = [CALLS] of { byte };
chan todo[HARTS] = [CALLS] of { byte };
short queued, started, done;
byte nesting[HARTS];
byte finished;

/* What a run has taken and not come to: the hart's, or (wrongly) the run's. */
#ifdef MUTANT_LIST_OF_ITS_OWN
#define DECLARE_LIST chan list = [CALLS] of { byte }
#else
#define DECLARE_LIST
#define list todo[h]
#endif

inline push(t, c)
{
	d_step { assert(!(queued & BIT(c))); queued = queued | BIT(c); queue[t]!c }
}

/* call_queue_take(), behind what an interrupted run has not come to */
inline take()
{
	d_step {
		do
		:: nempty(queue[h]) -> queue[h]?c; list!c
		:: empty(queue[h]) -> break
		od;
		c = 0
	}
}

inline run_todo()
{
	do
	:: empty(list) -> break
	:: atomic {
		list?c;
		assert(!(started & BIT(c)));
		started = started | BIT(c);
		assert(c != SECOND || (started & BIT(FIRST)));
		run frame(h, (c >= FIRST -> 0 : c / HARTS), back)
	   };
		back?_;
		done = done | BIT(c);
		c = 0
	od
}

/* A function that goes on to make depth calls, the first of them from here. */
proctype frame(byte h; byte depth; chan over)
{
	byte call, c;
	chan back = [0] of { bit };
	DECLARE_LIST;

	if
	:: depth == 0 -> goto out
	:: else
	fi;
	call = (depth - 1) * HARTS + h;
	push((h + 1) % HARTS, call);
	/* csd_lock_wait() */
	do
	:: done & BIT(call) -> break
#ifndef MUTANT_NO_DRAIN_WHILE_WAITING
	:: atomic { !(done & BIT(call)) && (nempty(queue[h]) || nempty(list)) && nesting[h] < NESTING -> nesting[h]++ };
		take();
		run_todo();
		nesting[h]--
#endif
	od;
out:
	over!0
}

proctype hart(byte h)
{
	byte c;
	chan back = [0] of { bit };
	DECLARE_LIST;

	run frame(h, DEPTH, back);
	back?_;
	finished++;
	/* Interrupts on again. */
	do
	:: nempty(queue[h]) -> take(); run_todo()
	:: done == BIT(CALLS) - 1 -> break
	od
}

init
{
	byte h;

	atomic {
		for (h : 0 .. HARTS - 1) { run hart(h) }
	};
#ifdef PAIR
	push(0, FIRST);
	push(0, SECOND)
#endif
}
