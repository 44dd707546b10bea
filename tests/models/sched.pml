/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One thread that sleeps until a condition is true, and who wakes it, while its home goes down and
 * comes back (threads/wake.c: deliver, wake_here, send_away; threads/sched.c: put_prev,
 * finish_switch, sched_dying).
 *
 * Cpu 0 goes down and comes back LIVES - 1 times, the others stay. Each cpu is one process: what it
 * does with interrupts off is not interrupted by its own messages. Each of them makes the condition
 * true WAKES times and wakes the thread. The thread moves HOPS times by itself, and is preempted
 * anywhere. With STAYS it is cpu 0's hotplug thread, which takes its cpu down itself, and sleeps
 * there meanwhile.
 *
 * Checked: it stands in one run queue at most, runs on one cpu at most, and only with its context
 * saved; when nothing can happen any more it sleeps, and has seen every condition.
 */
#ifndef CPUS
#define CPUS 3
#endif
#ifndef WAKES
#define WAKES 1
#endif
/* Of these, by cpu 0 */
#ifndef WAKES_0
#define WAKES_0 WAKES
#endif
#ifndef LIVES
#define LIVES 2
#endif
#ifndef HOPS
#define HOPS 1
#endif

/* The stage of cpu 0 after what was queued has run */
#ifdef MUTANT_HANDED_OVER_AFTER_CLOSE
#define FLUSHED 1
#else
#define FLUSHED 5
#endif

#define ON_RQ 4
#define NONE  9

/* The thread */
byte home;	   /* cpu, ON_RQ */
bool sleeps;	   /* its state says so */
bool saved = true; /* its context */
byte runs = NONE;  /* where */
byte at;	   /* its next step: 0 sets its state, 1 looks, 2 sleeps */
bool given;	   /* the condition */
byte hops = HOPS;

/* Its wake_csd: in use, and the queue that it lies in. */
bool csd;
bool message[CPUS];

/* Of each cpu */
bool open[CPUS] = true, online[CPUS] = true;
bool queued[CPUS]; /* the thread is in its run queue */
bool dead;	   /* cpu 0 has handed over what it had */
bool locked;	   /* what some wake up under, and functions of calls want */

#define IDLE   (!todo && !h && !to && !holds)
#define QUEUED (queued[0] || queued[1] || queued[CPUS - 1])

inline choose(c)
{
	if
	:: online[0] -> c = 0
	:: c = 1
	:: c = CPUS - 1
	fi
}

inline enqueue()
{
	assert(!QUEUED && runs == NONE);
	sleeps = false;
	queued[me] = true
}

proctype cpu(byte me)
{
	byte wakes = (me -> WAKES : WAKES_0), life = 1;
	byte todo;  /* so often deliver() is to be called, before anything else: once, and once for each nested message */
	byte stage; /* of cpu 0: 1 has left the mask, 2 has handed over, 3 is closed, 4 wants the lock, 5 is gone */
	byte h, to;
	bool holds; /* the lock */

end:
	do
	/* deliver(), interrupts off */
	:: todo ->
		h = home;
		if
		:: (h & 3) == me && !(me == 0 && dead) ->
			/* wake_here(); home may have been changed since */
			atomic {
				h = home;
				if
				:: h == (me | ON_RQ) ->
#ifndef MUTANT_STATE_LEFT_WITH_ON_RQ
					sleeps = false;
#endif
					todo-- /* must happen: it has not left yet */
				:: (h & 3) != me
				:: h == me
				fi
			};
			if
			:: todo && h == me ->
#ifdef MUTANT_WOKEN_WITHOUT_EXCHANGE
				home = me | ON_RQ;
				atomic { enqueue(); todo-- }
#else
				atomic {
					if
					:: home == h -> home = me | ON_RQ; enqueue(); todo--
					:: home != h /* must happen: taken over meanwhile */
					fi
				}
#endif
			:: else
			fi
		:: (h & 3) != me || (me == 0 && dead) ->
			if
			:: (h & 3) == me -> goto refused /* must happen: at home on the dying cpu itself */
			:: else
			fi;
			/* smp_call_function_single_async() */
			atomic {
				if
				:: csd -> todo--; goto end /* must happen: busy */
				:: !csd -> csd = true
				fi
			};
			atomic {
				if
				:: open[h & 3] -> message[h & 3] = true; todo--; goto end
				:: !open[h & 3] -> csd = false
				fi
			};
refused:
#if defined(STAYS) && !defined(MUTANT_HOTPLUG_THREAD_TAKEN_OVER)
			todo--;
			goto end;
#endif
#ifdef MUTANT_REFUSED_IS_GIVEN_UP
			todo--;
			goto end;
#endif
			if
			:: h & ON_RQ ->
				/* It changes soon, and nobody's help is needed for that: a lock may be held here. */
				home != h /* must happen: it has left */
			:: !(h & ON_RQ) ->
				choose(to);
#ifdef MUTANT_TAKEN_OVER_BY_STORE
				home = to
#else
				atomic {
					if
					:: home == h -> home = to
					:: home != h /* must happen: somebody else did */
					fi
				}
#endif
			fi
		fi

	/* What is left in registers is no state. */
	:: !todo && (h || to) -> d_step { h = 0; to = 0 }
	:: !todo && holds -> d_step { holds = false; locked = false }

	/* wake_task(): the csd is free before its function runs */
	:: IDLE && stage == 0 && message[me] ->
		message[me] = false;
#ifdef MUTANT_BUSY_WHILE_DELIVERED
		/* To another home it would have to send itself again: "busy". */
		todo = ((home & 3) == me);
		csd = false
#else
		csd = false;
		todo = 1
#endif

	/* wake_up_process(), under a lock or not */
	:: IDLE && stage == 0 && wakes ->
		if
		:: d_step { !locked -> locked = true; holds = true }
		:: true
		fi;
		wakes--;
		given = true;
		if
		:: sleeps -> todo = 1
		:: !sleeps
		fi

	/* The run queue's first, the thread, goes on. */
	:: IDLE && stage == 0 && queued[me] ->
		d_step {
			assert(runs == NONE && saved && home == (me | ON_RQ));
#ifdef STAYS
			assert(me == 0);
#endif
			queued[me] = false;
			saved = false;
			runs = me
		}

	/* The thread's steps; between two of them interrupts are on. */
#ifdef MUTANT_LOOKS_BEFORE_IT_ANNOUNCES
	:: IDLE && stage == 0 && runs == me && at == 0 && given -> given = false
	:: IDLE && stage == 0 && runs == me && at == 0 && !given -> at = 1
	:: IDLE && stage == 0 && runs == me && at == 1 -> sleeps = true; at = 2
#else
	:: IDLE && stage == 0 && runs == me && at == 0 -> sleeps = true; at = 1
	:: IDLE && stage == 0 && runs == me && at == 1 && given -> sleeps = false; given = false; at = 0
	:: IDLE && stage == 0 && runs == me && at == 1 && !given -> at = 2
#endif
	:: IDLE && stage == 0 && runs == me && at == 2 ->
		at = 0;
		if
		:: !sleeps
		:: sleeps ->
#ifdef MUTANT_ON_RQ_CLEARED_EARLY
			runs = NONE;
			home = me;
			saved = true
#else
			d_step { runs = NONE; saved = true };
			home = me
#endif
		fi

	/* Preempted, it stays runnable, whatever it has announced. */
	:: IDLE && stage == 0 && runs == me ->
		d_step { runs = NONE; saved = true };
#ifdef MUTANT_PREEMPTED_SLEEPS
		if
		:: sleeps -> home = me
		:: !sleeps -> queued[me] = true
		fi
#else
		queued[me] = true
#endif

	/* It moves: leave_cpu(), or set_cpus_allowed_ptr(). */
	:: IDLE && stage == 0 && runs == me && at == 0 && hops ->
		hops--;
		choose(to);
		runs = NONE;
#ifdef MUTANT_MOVED_BEFORE_SAVED
		home = to;
		saved = true;
#else
		saved = true;
		home = to;
#endif
		todo = 1

	/* cpu_down(): the hotplug thread runs, interrupts off from here on */
#ifdef STAYS
	:: IDLE && me == 0 && stage == 0 && runs == me && at == 0 && life < LIVES ->
#else
	:: IDLE && me == 0 && stage == 0 && runs != me && life < LIVES ->
#endif
		online[0] = false;
#ifdef MUTANT_HANDED_OVER_AFTER_CLOSE
		stage = 2
#else
		stage = 1
#endif
	:: IDLE && stage == 1 ->
#ifndef MUTANT_STILL_TAKES_THEM_WHEN_HANDED_OVER
		dead = true;
#endif
		if
		:: queued[0] ->
			queued[0] = false;
#ifndef MUTANT_NOT_HANDED_OVER
			choose(to);
			home = to; /* must happen */
			todo = 1
#endif
		:: !queued[0]
		fi;
#ifdef MUTANT_HANDED_OVER_AFTER_CLOSE
		stage = 5
#else
		stage = 2
#endif
	:: IDLE && stage == 2 ->
		/* Closed, and what it had is run. */
		d_step {
			open[0] = false;
			if
			:: message[0] -> message[0] = false; csd = false; todo = 1
			:: else
			fi;
			stage = 3
		}
	:: IDLE && stage == 3 -> stage = 4
	:: IDLE && stage == 3 -> stage = FLUSHED
	:: IDLE && stage == 4 && !locked -> stage = FLUSHED /* must happen */

#ifdef STAYS
	/* Its last sleep there, for now */
	:: IDLE && stage == 5 && runs == me ->
		sleeps = true;
		d_step { runs = NONE; saved = true };
		home = me
#endif

	/* cpu_up() */
	:: IDLE && stage == 5 && runs != me ->
		assert(!queued[0] && !message[0]);
		life++;
		dead = false;
		open[0] = true;
		stage = 0;
		online[0] = true;
#if defined(STAYS) && !defined(MUTANT_HOTPLUG_THREAD_NOT_WOKEN)
		/* Its idle thread looks for what the hotplug thread is to do. */
		if
		:: given -> todo = 1
		:: !given
		fi
#endif
	od
}

/* Nothing can happen any more. */
proctype judge()
{
	timeout -> assert(!given && !QUEUED && runs == NONE && !(home & ON_RQ) && sleeps)
}

init {
	byte i;

	atomic {
		/* Where it is at first, and that it runs, is as good as anything that can come. */
		if
		:: home = ON_RQ
#ifndef STAYS
		:: home = 1 | ON_RQ
#endif
		fi;
		queued[home & 3] = true;
		do
		:: i < CPUS -> run cpu(i); i++
		:: i == CPUS -> break
		od;
		run judge()
	}
}
