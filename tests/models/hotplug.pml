/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of one cpu (core/hotplug_move.c, core/hotplug.c): the control side, the hart and its
 * hotplug thread hand the cpu to each other, each row may fail, there and on the way back; a row is
 * registered and removed meanwhile.
 *
 * CONTROLS of them move the cpu OPS times, to any state that can be asked for. Rows are 1, 2
 * (prepare), 4 (starting, not to fail), 5, 6 (online); 5 comes and goes. FAILS things go wrong: a
 * row, a hart that does not come in time, or does not stop in time.
 *
 * Checked: a row starts up when all below it are up and none above it, and goes down in reverse;
 * what the prepare rows made is there as long as the hart runs; who is done leaves the rows up to
 * the state, and no others; the state is what was asked for, or what it was, or the way back has
 * failed, too.
 */
#ifndef CONTROLS
#define CONTROLS 2
#endif
#ifndef OPS
#define OPS 1
#endif
#ifndef FAILS
#define FAILS 2
#endif

#define PREPARED 2
#define DEAD	 3 /* CPUHP_AP_IDLE_DEAD */
#define HERE	 4 /* CPUHP_AP_ONLINE */
#define ONLINE	 6

byte state;
bool up[7];
bool registered = true; /* row 5 */
bool locked;
byte fails = FAILS;
byte busy = CONTROLS + 1;

/* The hart */
bool power, wanted, came, running, stopped = true;

/* cpuhp_ap_work: what the thread is to do, and what came of it */
bool job, done;
byte target, single; /* single: 1 row 5 up, 2 down */
bool failed;

#define THERE(r) ((r) != 5 || registered)

/* One function of a row; err says whether it failed. */
inline row(r, to)
{
	atomic {
		err = false;
		if
		:: !THERE(r)
		:: THERE(r) && r != HERE && fails > 0 -> fails--; err = true
		:: THERE(r) ->
			assert(up[r] == !(to));
			assert((r <= 1 || up[1]) && (r <= 2 || up[2]) && (r <= 4 || up[4]) && (r <= 5 || !registered || up[5]));
			assert(!up[6] || r == 6 || (single > 0 && r == 5));
			assert(r >= 5 || !up[5]);
			assert(r >= 4 || !up[4]);
			assert(r >= 2 || !up[2]);
			assert(r > PREPARED || !running);
			up[r] = to
		fi
	}
}

/* rows_up, rows_down */
inline rows_to()
{
	err = false;
	do
	:: !err && state < limit ->
		row(state + 1, true);
#ifdef MUTANT_FAILED_ROW_COUNTS
		state++
#else
		if
		:: err
		:: !err -> state++
		fi
#endif
	:: !err && state > limit ->
		row(state, false);
		if
		:: err
		:: !err -> state--
		fi
	:: err || state == limit -> break
	od
}

proctype hart()
{
	bool err;
	byte limit;

off:
	err = false;
	do
	:: power ->
		atomic { power = false; stopped = false };
#ifdef MUTANT_LATE_HART_JOINS
		break
#else
		atomic {
			if
			:: wanted -> wanted = false; break
			:: !wanted -> stopped = true; assert(true) /* must happen: late, it parks */
			fi
		}
#endif
	:: busy == 0 -> goto over
	od;
	running = true;
	assert(up[1] && up[2]);
	row(HERE, true);
	state = HERE;
	came = true;
thread:
	if
	:: job -> job = false
	:: busy == 0 -> goto over
	fi;
#ifdef MUTANT_DONE_BEFORE_THE_ROWS
	failed = false;
	done = true;
#endif
	assert(up[1] && up[2] && up[HERE]);
	if
	:: single ->
		row(5, single == 1)
	:: !single ->
		limit = (target > HERE -> target : HERE);
		rows_to()
	fi;
	failed = err;
	if
	:: single || err || target >= HERE ->
#ifndef MUTANT_DONE_BEFORE_THE_ROWS
		done = true;
#endif
		goto thread
	:: else
	fi;
	/* cpuhp_dying, then hart_stop */
	row(HERE, false);
	state = DEAD;
	done = true;
	assert(up[1] && up[2]);
	atomic { running = false; stopped = true };
	goto off;
over:
	skip
}

/* ops->run */
inline work()
{
	done = false;
	job = true;
	done;
	err = failed
}

/* The deadline of a wait. */
#define TOO_LATE (fails > 0)

/* raise_to */
inline raise()
{
	target = goal;
	if
	:: state >= HERE -> work()
	:: state < HERE ->
		limit = (goal < PREPARED -> goal : PREPARED);
		rows_to();
		if
		:: !err && goal > PREPARED ->
#ifdef MUTANT_LOCK_DROPPED
			locked = false;
			atomic { !locked -> locked = true };
#endif
			came = false;
			wanted = true;
			power = true;
			if
			:: came
			:: TOO_LATE ->
				atomic {
					if
					:: wanted -> wanted = false; fails--; err = true
					:: !wanted /* must happen: it came in the last moment */
					fi
				}
			fi;
			if
			:: !err -> came; work()
			:: err
			fi
		:: else
		fi
	fi
}

/* lower_to */
inline lower()
{
	target = goal;
	err = false;
	if
	:: state >= HERE ->
		work();
		if
		:: !err && goal < HERE ->
			if
#ifdef MUTANT_STOPPED_NOT_AWAITED
			:: state == DEAD -> state = PREPARED
#else
			:: stopped -> state = PREPARED
#endif
			:: TOO_LATE -> fails--; err = true
			fi
		:: else
		fi
	:: state < HERE
	fi;
	if
	:: !err && goal < HERE ->
#ifdef MUTANT_TORN_DOWN_IN_ORDER_OF_STARTUP
		if
		:: goal == 0 && state == 2 ->
			row(1, false);
			if
			:: !err -> row(2, false); state = 0
			:: err
			fi
		:: else -> limit = goal; rows_to()
		fi
#else
		limit = goal;
		rows_to()
#endif
	:: else
	fi
}

inline check()
{
	atomic {
		assert(up[1] == (state >= 1) && up[2] == (state >= 2) && up[4] == (state >= HERE));
		assert(up[5] == (registered && state >= 5) && up[6] == (state >= 6));
		assert(state != DEAD || !up[4])
	}
}

proctype control()
{
	byte from, goal, limit, asked, n;
	bool err, back;

	do
	:: n == OPS -> break
	:: n < OPS ->
		n++;
		atomic { !locked -> locked = true };
		back = false;
		err = false;
		if
		:: asked = 0
		:: asked = 1
		:: asked = HERE
		:: asked = 5
		:: asked = ONLINE
		fi;
		/* confirm_death */
		if
		:: state == DEAD && stopped -> state = PREPARED; assert(true) /* must happen: found stopped later */
		:: state == DEAD && !stopped -> goto out /* must happen: still not */
		:: state != DEAD
		fi;
		from = state;
		goal = asked;
again:
		if
		:: state < goal -> raise()
		:: state > goal -> lower()
		:: state == goal -> err = false
		fi;
#ifndef MUTANT_NO_ROLLBACK
		if
		:: err && !back && state != DEAD -> back = true; goal = from; goto again /* must happen: the way back */
		:: else
		fi;
#endif
		check();
		if
		:: !back && err -> assert(state == DEAD) /* must happen: it does not stop */
		:: back && err -> assert(fails == 0) /* must happen: stuck on the way back */
		:: back && !err -> assert(state == from) /* must happen: as if nothing had been */
		:: !back && !err -> assert(state == asked)
		fi;
out:
		err = false;
		locked = false
	od;
	busy--
}

/* cpuhp_setup_state and cpuhp_remove_state of an online row */
proctype registrar()
{
	bool err;
	byte n;

	do
	:: n == 2 -> break
	:: n < 2 ->
		n++;
#ifndef MUTANT_REGISTERED_WITHOUT_LOCK
		atomic { !locked -> locked = true };
#endif
		err = false;
		if
		:: registered ->
			if
			:: state >= 5 ->
				single = 2;
				work();
				single = 0;
				/* It is gone, whatever it said. */
				up[5] = false
			:: else
			fi;
			registered = false
		:: !registered ->
			registered = true;
			if
			:: state >= 5 ->
				single = 1;
				work();
				single = 0
			:: else
			fi;
			if
			:: err -> registered = false /* must happen: refused */
			:: !err
			fi
		fi;
		check();
#ifndef MUTANT_REGISTERED_WITHOUT_LOCK
		locked = false
#endif
	od;
	busy--
}

init {
	byte i;

	atomic {
		run hart();
		run registrar();
		do
		:: i < CONTROLS -> run control(); i++
		:: i == CONTROLS -> break
		od
	}
}
