/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The states of one irq_work (ipi/irq_work.c): claimed by harts that queue it on themselves, on another hart and from its own
 * function, refused by a hart that goes down, run on two harts, waited for.
 *
 * Checked: it is never on two lists; every claim that was not refused is one run; a claim that finds it pending is covered by
 * a run that starts later, unless that queueing is refused (LIMIT_REFUSED_FOR_BOTH); when irq_work_sync returns,
 * it is on no list and its function runs nowhere.
 */
#ifndef ROUNDS
#define ROUNDS 1
#endif

bool pending;
byte running; /* how many harts are in its function */
#ifdef MUTANT_ONE_BIT_FOR_RUNNING
bool busy; /* set by the claim, cleared by a run that finds nothing else changed */
#endif

/* Two harts: 0 queues on itself and stays; 1 may go down. */
bool listed[2], closed;

byte claims, runs, inside; /* what is true; inside: taken off a list and not over */
byte owed;		   /* claims that were told "it is pending": must see a start */
byte requeues = ROUNDS;
byte queuers = 2;

#ifdef MUTANT_ONE_BIT_FOR_RUNNING
#define IS_BUSY busy
#else
#define IS_BUSY (pending || running > 0)
#endif

inline claim()
{
#ifdef MUTANT_CLAIM_WITHOUT_EXCHANGE
	won = !pending;
	atomic { pending = true; if :: won -> claims++ :: else -> owed = 1 fi }
#else
	atomic {
		won = !pending;
		pending = true;
#ifdef MUTANT_ONE_BIT_FOR_RUNNING
		busy = true;
#endif
		if
		:: won -> claims++
		:: else -> owed = 1
		fi
	}
#endif
}

/* Pushes are safe by themselves (queue.pml): a list of one. */
inline put(h)
{
	d_step { assert(!listed[0] && !listed[1]); listed[h] = true }
}

/* irq_work_queue() on hart 0; an interrupt there, or its function, is the same to the words */
inline queue_here()
{
	claim();
	if
	:: won -> put(0)
	:: else
	fi;
	won = false
}

/* irq_work_queue_on(work, 1) */
inline queue_there()
{
	claim();
	if
	:: won ->
		if
		:: atomic { !closed -> put(1) }
		:: closed ->
#if defined(MUTANT_ONE_BIT_FOR_RUNNING)
			atomic { pending = false; busy = false; claims--; owed = 0 }
#elif defined(MUTANT_REFUSED_STAYS_PENDING)
			claims--
#elif defined(LIMIT_REFUSED_FOR_BOTH)
			atomic { pending = false; claims-- }
#else
			atomic { pending = false; claims--; owed = 0 } /* must happen: refused */
#endif
		fi
	:: else
	fi;
	won = false
}

/* irq_work_run_node() */
inline run_it()
{
#ifdef MUTANT_ONE_BIT_FOR_RUNNING
	atomic { pending = false; runs++; owed = 0 };
#elif defined(MUTANT_PENDING_UNTIL_OVER)
	atomic { running++; runs++; owed = 0 };
#elif defined(MUTANT_NOT_RUNNING_AT_START)
	atomic { pending = false; owed = 0 };
	atomic { running++; runs++ };
#else
	atomic { pending = false; running++; runs++; owed = 0 };
#endif
	/* The function may queue the work again. */
	if
	:: atomic { requeues > 0 -> requeues-- };
		if
		:: queue_here()
		:: queue_there()
		fi
	:: true
	fi;
	inside--;
#ifdef MUTANT_ONE_BIT_FOR_RUNNING
	/* compare-exchange: only if it is as it was at the start */
	atomic { if :: !pending && busy -> busy = false :: else fi }
#elif defined(MUTANT_PENDING_UNTIL_OVER)
	atomic { running--; pending = false }
#elif defined(MUTANT_ALL_CLEARED_AT_THE_END)
	atomic { running = 0; pending = false }
#else
	running--
#endif
}

proctype hart0()
{
	bool won;
end:
	do
	:: atomic { listed[0] -> listed[0] = false; inside++ }; run_it()
	od
}

proctype hart1()
{
	bool won;
end:
	do
	:: atomic { listed[1] -> listed[1] = false; inside++ }; run_it()
	:: atomic { !closed -> closed = true }; /* what is listed is run: the next turn */
	od
}

proctype here()
{
	bool won;
	byte n;

	do
	:: n < ROUNDS -> queue_here(); n++
	:: else -> break
	od;
	queuers--
}

proctype there()
{
	bool won;
	byte n;

	do
	:: n < ROUNDS -> queue_there(); n++
	:: else -> break
	od;
	queuers--
}

proctype waiter()
{
	atomic { !IS_BUSY -> assert(inside == 0 && !listed[0] && !listed[1]) }
}

/* When all is quiet: as many runs as claims, nothing owed, nothing left set. */
proctype quiet()
{
	atomic {
		timeout;
		assert(queuers == 0);
		assert(runs == claims);
		assert(owed == 0);
		assert(!IS_BUSY)
	}
}

init { atomic { run hart0(); run hart1(); run here(); run there(); run waiter(); run quiet() } }
