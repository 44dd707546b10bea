/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All harts held in lockstep (threads/stop_machine.c): two callers on different harts, one after the other, and interrupt handlers that call another
 * hart.
 *
 * Checked: while a function runs every hart has its interrupts off, and no call runs anywhere; nobody touches what is on a caller's stack after
 * the caller has gone on; both callers, every stopper and every handler come to their end.
 */
#define HARTS 3

#define PREPARE	    0
#define DISABLE_IRQ 1
#define RUN	    2
#define EXIT	    3
#define OVER	    4

/* Of each caller's stop. */
byte stage[2], missing[2];
bool alive[2];
byte functions;

/* Of each hart. multi, asked: whose stop, from 1. */
byte multi[HARTS], asked[HARTS];
bool irqs_off[HARTS], in_handler[HARTS], runs_call[HARTS];
bool queued[HARTS]; /* a call, of one handler each */

bool mutex;
byte over; /* callers and handlers that are through */
#define ALL_OVER (over == 2 + HANDLERS)

inline arrive(c, st)
{
	atomic {
		assert(alive[c] && missing[c] > 0);
		missing[c]--;
		last = missing[c] == 0
	};
	if
	:: last -> atomic { assert(alive[c] && stage[c] == st); stage[c] = st + 1; missing[c] = HARTS; last = false }
	:: !last
	fi
}

/* A call that was queued here runs, without interrupts. */
inline run_call(h)
{
	atomic { queued[h] -> runs_call[h] = true; assert(functions == 0) };
	atomic { assert(functions == 0); runs_call[h] = false; queued[h] = false }
}

inline wait_for_all(h, c, st)
{
	do
	:: atomic { stage[c] != st -> assert(alive[c]); break }
#ifndef MUTANT_NO_CALLS_WHILE_WAITING
	:: st == DISABLE_IRQ && stage[c] == st && queued[h] ->
#if defined(MUTANT_CALLS_WITHOUT_TAKING_BACK)
		run_call(h)
#elif defined(MUTANT_STAGE_AND_COUNT_APART)
		missing[c]++; /* looked at in one step, changed in the next */
		run_call(h);
		arrive(c, st)
#else
		if
		:: atomic { stage[c] == st && missing[c] > 0 -> missing[c]++ };
			run_call(h); /* must happen */
			arrive(c, st)
		:: atomic { else -> skip } /* too late */
		fi
#endif
#endif
	od
}

inline function(h, c)
{
	atomic {
		functions++;
		i = 0;
		do
		:: i < HARTS -> assert(irqs_off[i] && !in_handler[i] && !runs_call[i]); i++
		:: else -> i = 0; break
		od
	};
	functions--
}

inline take_part(h, c)
{
	arrive(c, PREPARE);
	wait_for_all(h, c, PREPARE);
	atomic { !in_handler[h] -> irqs_off[h] = true };
	arrive(c, DISABLE_IRQ);
#ifndef MUTANT_RUN_BEFORE_ALL_ARE_STOPPED
	wait_for_all(h, c, DISABLE_IRQ);
#endif
	if
	:: h == c -> function(h, c)
	:: else
	fi;
	arrive(c, RUN);
#ifndef MUTANT_ON_BEFORE_ALL_HAVE_RUN
	wait_for_all(h, c, RUN);
#endif
	irqs_off[h] = false;
	arrive(c, EXIT)
}

/* On the hart of the same number. */
proctype caller(byte me)
{
	byte h, i;
	bool last;

#ifndef MUTANT_NO_MUTEX
	atomic { !mutex -> mutex = true };
#endif
	atomic {
		alive[me] = true; stage[me] = PREPARE; missing[me] = HARTS;
		h = 0;
		do
		:: h < HARTS ->
			if
			:: h != me -> asked[h] = me + 1
			:: else
			fi;
			h++
		:: else -> break
		od
	};
	take_part(me, me);
#ifndef MUTANT_CALLER_LEAVES_FIRST
	wait_for_all(me, me, EXIT);
#endif
	atomic { alive[me] = false; mutex = false; over++ }
}

/* What a hart does for others. */
proctype hart(byte me)
{
	byte c, i;
	bool last;

end:	do
	:: atomic { multi[me] != 0 -> c = multi[me] - 1;
#ifndef MUTANT_FORGETS_AFTERWARDS
		multi[me] = 0
#endif
		};
		take_part(me, c);
#ifdef MUTANT_FORGETS_AFTERWARDS
		multi[me] = 0
#endif
	od
}

/* Its interrupts, but for the handler below, whose hart runs calls while it waits. */
proctype calls(byte me)
{
end:	do
	:: atomic { asked[me] != 0 && !irqs_off[me] && !in_handler[me] -> multi[me] = asked[me]; asked[me] = 0 }
	:: atomic { queued[me] && !irqs_off[me] && !in_handler[me] -> queued[me] = false }
	od
}

/* An interrupt handler that calls another hart and waits, at any time when interrupts are on; then calls it and does not wait. */
proctype handler(byte me; byte target)
{
	atomic { !irqs_off[me] -> in_handler[me] = true; queued[target] = true };
	do
	:: atomic { !queued[target] -> break }
	:: atomic { queued[me] -> queued[me] = false }
	od;
	atomic { in_handler[me] = false; queued[target] = true; over++ }
}

#ifdef CROSS
#define HANDLERS 2
#else
#define HANDLERS 1
#endif

init
{
	atomic {
		run caller(0); run caller(1);
		run hart(0); run hart(1); run hart(2);
		run calls(0); run calls(1); run calls(2);
		run handler(2, 1);
#ifdef CROSS
		run handler(1, 2);
#endif
	};
	ALL_OVER
}
