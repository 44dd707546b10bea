/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A timer and a hart that goes down (core/timer.c): hart 0 leaves the online mask and hands its timers over, while it and one or two others arm, delete
 * and send that timer, and its function arms it again.
 *
 * Checked: a timer that is pending fires or is deleted, whoever comes and goes; it is never pending on a dead hart; a dead
 * hart is never kicked; the function never runs on two harts at once; the locks cannot deadlock.
 */
#ifndef HARTS
#define HARTS 2
#endif
#ifndef OPS
#define OPS 1
#endif
#ifndef AGAIN
#define AGAIN 0
#endif
#ifndef LIVES
#define LIVES 1
#endif

/* Of each hart: in the mask, owner of the lock + 1, whether the register is set, and an interrupt from another pending. */
bool online[3] = true;
byte lock[3];
bool compare[3], kick[3], running[3];
bool dead; /* hart 0, from its handing over to its next life */

bool pending; /* the timer */
byte tcpu;

byte again = AGAIN, busy = HARTS;

#define HERE(c) (pending && tcpu == (c))

inline take(l)
{
	atomic { lock[l] == 0 -> lock[l] = h + 1 }
}

inline take_pair(a, b)
{
	if
	:: a < b -> take(a); take(b)
	:: a > b -> take(b); take(a)
	:: a == b -> take(a)
	fi
}

/* What happens with locks held is one step with their release, but for looks at the mask, which no lock guards. */
inline give_pair(a, b)
{
	assert(lock[a] == h + 1 && lock[b] == h + 1);
	lock[a] = 0;
	lock[b] = 0
}

/* lock_with_target(): which lock guards the timer is known only with it held. */
inline take_timer()
{
	do
	:: from = tcpu;
		take_pair(from, to);
#ifdef MUTANT_BASE_NOT_LOOKED_AT_AGAIN
		break
#else
		if
		:: tcpu == from -> break
		:: else -> d_step { give_pair(from, to) }
		fi
#endif
	od
}

/* follow(), for hart c, whose lock is held: its own register, or a kick for who has it set later or not at all */
inline follow(c)
{
	if
	:: c == h -> compare[h] = HERE(h)
	:: c != h && HERE(c) && !compare[c] ->
		assert(!(c == 0 && dead));
		kick[c] = true
	:: else
	fi
}

/* It goes to hart to. One whose function runs elsewhere stays there, if it may. */
inline arm(stays)
{
	atomic {
		tcpu = (stays && from != to && running[from] -> from : to);
		pending = true;
		assert(!(dead && HERE(0)));
#ifdef MUTANT_KICK_AFTER_UNLOCK
		late = to != h && HERE(to) && !compare[to];
		if :: !late -> follow(to) :: else fi;
#else
		follow(to);
#endif
		follow(from);
		give_pair(from, to)
	};
#ifdef MUTANT_KICK_AFTER_UNLOCK
	if
	:: late -> late = false; assert(!(to == 0 && dead)); kick[to] = true
	:: else
	fi;
#endif
	d_step { from = 0; to = 0 }
}

inline mod_timer()
{
	to = h;
	do
	:: take_timer();
		if
		:: online[to] -> break
		:: else ->
			d_step { give_pair(from, to); to = 1 }
		fi
	od;
#ifdef MUTANT_TAKEN_FROM_A_RUNNING_FUNCTION
	arm(false)
#else
	arm(true)
#endif
}

/* add_timer_on(), for hart 0; the caller knows that the function does not run anywhere else */
inline send_to_0()
{
	to = 0;
#ifdef MUTANT_ASKED_WITHOUT_THE_LOCK
	if
	:: online[0] -> take_timer(); if :: !pending && !running[from] -> arm(true) :: else -> d_step { give_pair(from, to) } fi
	:: else
	fi
#else
	take_timer();
	if
	:: online[0] && !pending && !running[from] -> arm(true)
	:: !online[0] -> d_step { give_pair(from, to) } /* must happen */
	:: else -> d_step { give_pair(from, to) }
	fi
#endif
	;
	d_step { from = 0; to = 0 }
}

inline delete()
{
	to = tcpu;
	take_timer();
	atomic {
		if
		:: pending && from == to ->
			pending = false;
			follow(from)
		:: else
		fi;
		give_pair(from, to);
		from = 0;
		to = 0
	}
}

/* timers_reprogram() and timer_interrupt() */
inline interrupt()
{
	if
	:: kick[h] ->
		kick[h] = false; /* must happen */
		take(h);
		d_step { follow(h); give_pair(h, h) }
	:: compare[h] ->
		take(h);
		d_step {
			compare[h] = false;
			if
			:: HERE(h) ->
				pending = false;
				assert(!running[0] && !running[1] && !running[2]);
				running[h] = true
			:: else
			fi;
			give_pair(h, h)
		};
		if
		:: running[h] ->
			if
			:: again -> again--; mod_timer()
			:: true
			fi;
			take(h);
			d_step { running[h] = false; follow(h); give_pair(h, h) }
		:: else
		fi
	fi
}

/* timers_dying_cpu(), interrupts off; harts 1 and 2 are there */
inline hand_over()
{
	take_pair(h, 1);
	d_step {
		tcpu = (HERE(0) -> 1 : tcpu);
		dead = true;
#ifndef MUTANT_HEIR_NOT_KICKED
		follow(1);
#endif
		follow(0);
		lock[0] = 0;
		lock[1] = 0
	}
}

inline die()
{
#ifdef MUTANT_HANDED_OVER_BEFORE_LEAVING_THE_MASK
	hand_over();
	online[0] = false;
#else
	online[0] = false;
	hand_over();
#endif
	/* What came before that. */
	kick[0] = false
}

proctype hart_0()
{
	byte h = 0, from, to, life = 1, n;
	bool late;

birth:
	do
	:: kick[h] || compare[h] -> interrupt()
	:: n < OPS -> n++; mod_timer()
	:: true -> break
	od;
	die();
	/* What still runs there. */
	if
	:: n < OPS -> n++; mod_timer() /* must happen */
	:: true
	fi;
	assert(!HERE(0) && !kick[0] && !compare[0]);
	if
	:: life < LIVES ->
		life++;
		atomic { dead = false; online[0] = true };
		goto birth
	:: else
	fi;
	busy--
}

proctype hart(byte h)
{
	byte from, to, n;
	bool late;

	do
	:: kick[h] || compare[h] -> interrupt()
	:: n < OPS -> n++; mod_timer()
	:: n < OPS && h == 1 -> n++; send_to_0()
	:: n < OPS && h == HARTS - 1 && pending -> n++; delete()
	:: n == OPS -> n++; busy--
	:: n > OPS && !busy && !pending && !running[1] && !running[2] && !kick[h] -> break
	od
}

init
{
	/* It may wait anywhere at first. */
	atomic {
		if
		:: tcpu = 0
		:: tcpu = 1
		fi;
		if
		:: pending = true; compare[tcpu] = true
		:: true
		fi;
		run hart_0();
		run hart(1);
#if HARTS > 2
		run hart(2)
#endif
	}
}
