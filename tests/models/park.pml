/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking a thread to park and to stop (threads/kthread.c): two who park and unpark it, one who unparks it at any time, one who
 * wakes it at any time, and one who stops it.
 *
 * Checked: between a kthread_park that returned 0 and the next unparking the thread does nothing of its own; everybody gets an answer,
 * and the thread ends; who is told that it has ended finds it ended.
 */
#define RUNNING	      0
#define NEW	      1
#define INTERRUPTIBLE 2
#define PARK_STATE    3
#define DEAD	      4

/* The flags, each changed in one step. */
bool should_park, parked, should_stop, ended, started;

/* The thread: a message to wake it may be under way. */
byte state = NEW;
bool asleep = true, message;

/* Whoever waits for an answer: 0 and 1 park, 2 stops. */
bool queued[3];

/* Of the claims: somebody was told that it is parked, and nobody has unparked it since. */
bool held;

#ifdef PATIENT
/* Who is not done yet, of parkers and unparker. */
byte busy;
#define begins busy++
#define is_done busy--
#else
#define begins skip
#define is_done skip
#endif

#ifdef MUTANT_PARK_DESPITE_STOP
#define should_be_parked should_park
#else
#define should_be_parked (should_park && !should_stop)
#endif

#define wake(is_in)                 \
	if                          \
	:: is_in -> message = true  \
	:: else                     \
	fi
#define wake_normal wake(state == NEW || state == INTERRUPTIBLE)
#define wake_parked wake(state == PARK_STATE || state == NEW)
#define wake_queue                  \
	atomic {                    \
		queued[0] = false;  \
		queued[1] = false;  \
		queued[2] = false   \
	}

/* The hart that the thread is on takes messages between any two steps. */
active proctype hart()
{
end:
	do
	:: atomic {
		message -> message = false;
		if
		:: state != DEAD -> state = RUNNING; asleep = false
		:: else
		fi
	}
	od
}

inline schedule()
{
	atomic {
		if
		:: state != RUNNING -> asleep = true
		:: else
		fi
	}
	!asleep
}

inline answer_parked(is_news)
{
	atomic {
#ifdef MUTANT_ANSWER_BLINDLY
		is_news = !parked;
		parked = true
#else
		if
		:: should_be_parked && !parked -> parked = true; is_news = true
		:: else -> is_news = false
		fi
#endif
	}
}

inline parkme()
{
	do
	::
#ifdef MUTANT_LOOK_THEN_SAY
		atomic { shall = should_be_parked; news = parked };
		state = PARK_STATE;
#else
		state = PARK_STATE;
		atomic { shall = should_be_parked; news = parked };
#endif
		if
		:: !shall -> break
		:: shall && news -> schedule() /* must happen */
		:: shall && !news ->
			answer_parked(news);
			if
			:: news -> wake_queue; schedule() /* must happen */
#ifdef MUTANT_SLEEP_UNANSWERED
			:: else -> schedule()
#else
			:: else /* must happen */
#endif
			fi
		fi;
#ifdef MUTANT_AWAKE_IS_UNPARKED
		break
#endif
	od;
	state = RUNNING;
	/* It has not come back for nothing. */
	assert(!held || should_stop)
}

active proctype thread()
{
	bool shall, news;

	!asleep;
	started = true;
	if
	:: should_stop -> goto out
	:: else
	fi;
	parkme();
	do
	:: state = INTERRUPTIBLE;
		if
		:: should_stop -> break
		:: else
		fi;
		if
		:: should_park -> state = RUNNING; parkme() /* must happen */
		:: else ->
			schedule();
			/* Something of its own. */
			assert(!held)
		fi
	od;
out:
	state = RUNNING;
	ended = true;
#ifndef MUTANT_END_SILENTLY
	wake_queue;
#endif
	asleep = true;
	state = DEAD
}

inline unpark()
{
	if
	:: !should_park
	:: else ->
		atomic {
			was = parked;
			should_park = false;
			held = false;
#ifndef MUTANT_ANSWER_STAYS
			parked = false
#endif
		}
		if
		:: was -> wake_parked
#ifdef MUTANT_UNPARK_TELLS_NOBODY
		:: else
#else
		:: else -> wake_queue
#endif
		fi
	fi
}

proctype parker(byte me; byte rounds)
{
	bool was, new, got;

	do
	:: rounds == 0 -> break
	:: else ->
		rounds--;
#ifdef MUTANT_NEW_BEFORE_ASKED
		new = !started && !should_stop;
#endif
		atomic {
			if
			:: ended -> break /* -ENOSYS */
			:: else
			fi;
			was = should_park;
			should_park = true;
#ifndef MUTANT_NEW_BEFORE_ASKED
			new = !started && !should_stop;
#endif
			if
			:: !was && new -> parked = true /* must happen */
			:: else
			fi
		}
		if
		:: was -> goto again /* -EBUSY: must happen */
		:: !was && started -> wake_normal
		:: !was && !started
		fi;
		do
		:: queued[me] = true;
			/* The answer is of the flags at one time. */
			atomic {
				got = parked && !ended;
				held = held || got;
				if
				:: parked || ended || !should_park -> break
				:: else
				fi
			}
			!queued[me]
		od;
		queued[me] = false;
		if
		:: ended -> break /* -ENOSYS: must happen */
#ifdef KEEPS
		:: !ended && got && !rounds /* must happen */
#endif
		:: !ended && got -> unpark() /* must happen */
		:: !ended && !got /* -EINTR: must happen */
		fi;
again:
	od;
	is_done
}

proctype unparker()
{
	bool was;

	unpark();
	is_done
}

proctype waker()
{
	wake_normal
}

proctype stopper()
{
	bool was;

#ifdef PATIENT
	!busy;
#endif
	should_stop = true;
#ifndef MUTANT_STOP_LEAVES_PARKED
	unpark();
#endif
	wake_normal;
	do
	:: queued[2] = true;
		if
		:: ended -> break
		:: else
		fi;
		!queued[2]
	od;
	assert(ended)
}

init {
	atomic {
		begins;
		run parker(0, ROUNDS);
#ifdef TWO
		begins;
		run parker(1, 1);
#endif
#ifdef UNPARKER
		begins;
		run unparker();
#endif
#ifdef WAKER
		run waker();
#endif
		run stopper()
	}
}
