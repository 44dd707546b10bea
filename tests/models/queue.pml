/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The closing queue, the doorbell and polling idle: ipi/call_queue.h, run_calls, ipi_interrupt and call_queue_poll of
 * ipi/call.c, with a hart that stops and starts.
 *
 * Senders make CALLS calls each, waiting or not as they like, with CSDS csds in turn, whenever they like. The owner takes
 * interrupts, sleeps, polls, stops and starts, whenever it likes. A sender is not interrupted between push and ring (call_submit). One step here is one atomic access there; memory is
 * sequentially consistent (for what is not, see fences.pml). Firmware drops a ring to a stopped hart, or
 * delivers it at the next start.
 *
 * Checked: what was accepted runs once, in its sender's order; what was refused never runs; a hart never sleeps for good
 * with calls queued; a push that rings nobody finds somebody on the way.
 */
#ifndef SENDERS
#define SENDERS 2
#endif
#ifndef CALLS
#define CALLS 3
#endif
#ifndef CSDS
#define CSDS 2
#endif
#ifndef LIVES
#define LIVES 2
#endif

/* The head: one of these, or a csd. */
#define OPEN	0
#define POLLING 1
#define CLOSED	2
#define NODE(c) ((c) + 3)
#define IS_NODE(h) ((h) > CLOSED)

byte head = CLOSED;
byte next[SENDERS * CSDS]; /* as the head, OPEN: the last */
bool locked[SENDERS * CSDS];
bool sync[SENDERS * CSDS];
byte func[SENDERS * CSDS]; /* which of its sender's calls */

bool powered; /* as HSM sees it */
bool sip;
bool asleep;	/* nothing but sip will wake the owner */
byte underway; /* rings decided upon and not yet delivered */

byte accepted[SENDERS], ran[SENDERS]; /* a bit for each call */
byte sending = SENDERS;

#if SENDERS == 3
#define ALL_RAN (ran[0] == accepted[0] && ran[1] == accepted[1] && ran[2] == accepted[2])
#else
#define ALL_RAN (ran[0] == accepted[0] && ran[1] == accepted[1])
#endif
#define OVER (sending == 0 && ALL_RAN)

/* The model forgets what nobody may read again, so that it is no state. */
inline free(c)
{
	d_step { locked[c] = false; sync[c] = false; func[c] = 0; next[c] = 0 }
}

proctype sender(byte s)
{
	byte call, csd, old;
	bool wait;
#ifdef MUTANT_RING_BY_FIRST_LOOK
	byte first;
#endif

	do
	:: call == CALLS -> break
	:: else ->
		csd = s * CSDS + call % CSDS;
		/* csd_lock_wait(), or -EBUSY and another try */
		!locked[csd];
		atomic {
			locked[csd] = true;
			func[csd] = call;
			if
			:: wait = true
			:: wait = false
			fi;
			sync[csd] = wait
		}
		old = head;
#ifdef MUTANT_RING_BY_FIRST_LOOK
		first = old;
#endif
again:
		if
#ifndef MUTANT_PUSH_ON_CLOSED
		:: old == CLOSED ->
			free(csd);
			assert(true); goto next_call /* must happen: refused */
#endif
		:: else
		fi;
#ifdef MUTANT_PUSH_WITHOUT_EXCHANGE
		next[csd] = (old == POLLING -> OPEN : old);
		accepted[s] = accepted[s] | (1 << call);
		head = NODE(csd);
		underway = underway + (old == OPEN);
#else
		atomic {
			if
			:: head == old ->
				next[csd] = (old == POLLING || old == CLOSED -> OPEN : old);
				head = NODE(csd);
				accepted[s] = accepted[s] | (1 << call);
				underway = underway + (old == OPEN);
				/* Who rings nobody knows that the owner is awake, or will be. */
				assert(old == OPEN || !asleep || sip || underway > 0)
			:: else ->
				old = head; /* must happen: two push at once */
				goto again
			fi
		}
#endif
		if
#if defined(MUTANT_RING_BY_FIRST_LOOK)
		:: first == OPEN ->
#else
		:: old == OPEN ->
#endif
#ifdef MUTANT_INTERRUPTED_BEFORE_RING
			/* A handler on this hart makes the other's calls. */
			(s != 0 || sending == 1);
#endif
			if
			:: powered -> sip = true
			:: !powered -> skip /* lost */
			:: !powered -> sip = true /* must happen: stale at the next start */
			fi;
			underway = underway - (underway > 0)
		:: else
		fi;
		if
		:: wait ->
			!locked[csd];
			assert(ran[s] & (1 << call))
		:: else
		fi;
next_call:
		call++;
		d_step { csd = 0; old = 0; wait = false }
	od;
	sending--
}

byte list, node; /* the owner's own */

/* call_queue_take(): the look, then the exchange */
inline take()
{
	list = OPEN;
	if
#ifdef MUTANT_TAKE_WITHOUT_LOOK
	:: true ->
#else
	:: IS_NODE(head) ->
#endif
		atomic {
			list = (IS_NODE(head) -> head : OPEN);
			head = OPEN
		}
	:: !IS_NODE(head)
	fi
}

/* call_queue_reverse(): the list is the owner's alone */
inline reverse()
{
	d_step {
		node = OPEN;
		do
		:: list == OPEN -> break
		:: else ->
			tmp = next[list - 3];
			next[list - 3] = node;
			node = list;
			list = tmp
		od;
		list = node;
		node = OPEN;
		tmp = 0
	}
}

inline execute(c, k)
{
	d_step {
		assert(accepted[(c) / CSDS] & (1 << k));
		/* Neither this one nor a later one of the same sender has run. */
		assert(!(ran[(c) / CSDS] >> k));
		ran[(c) / CSDS] = ran[(c) / CSDS] | (1 << k)
	}
}

inline run_list()
{
#ifndef MUTANT_NEWEST_FIRST
	reverse();
#endif
	do
	:: list == OPEN -> break
	:: else ->
		d_step {
			node = list - 3;
			k = func[node];
#ifndef MUTANT_FREE_BEFORE_READ
			list = next[node]
#endif
		}
		if
		:: sync[node] ->
#ifdef MUTANT_FREE_BEFORE_RUN
			free(node);
			execute(node, k)
#else
			execute(node, k);
			free(node)
#endif
		:: !sync[node] ->
			free(node);
			execute(node, k)
		fi;
#ifdef MUTANT_FREE_BEFORE_READ
		list = next[node];
#endif
		d_step { node = 0; k = 0 }
	od
}

/* handle_interrupt() and ipi_interrupt() */
inline interrupt()
{
#ifdef MUTANT_DRAIN_BEFORE_ACK
	take();
	sip = false;
#else
	sip = false;
	take();
#endif
	run_list()
}

proctype owner()
{
	byte lives, tmp, k;

birth:
	powered = true;
#ifdef MUTANT_CLEAR_AFTER_OPEN
	atomic { assert(head == CLOSED); head = OPEN };
	sip = false;
#else
	sip = false;
	atomic { assert(head == CLOSED); head = OPEN };
#endif
	lives++;
	do
	:: OVER -> break
	:: sip -> interrupt()
	/* The idle loop's sleep. With calls queued it does not sleep, but only an interrupt runs them. */
	:: true ->
		asleep = true;
		atomic { (sip || OVER); asleep = false }
	/* call_queue_poll() */
	:: true ->
		if
		:: atomic { head == OPEN -> head = POLLING };
			(head != POLLING || sip || OVER);
#if defined(MUTANT_SLEEP_WHILE_POLLING)
			asleep = true;
			atomic { (sip || OVER); asleep = false }
			if
			:: atomic { head == POLLING -> head = OPEN }
			:: else -> take(); run_list()
			fi
#elif defined(MUTANT_NO_LOOK_AFTER_POLL_END)
			atomic {
				if
				:: head == POLLING -> head = OPEN
				:: else
				fi
			}
#elif defined(MUTANT_POLL_END_WITHOUT_EXCHANGE)
			if
			:: head == POLLING -> head = OPEN
			:: else -> take(); run_list()
			fi
#else
			if
			:: atomic { head == POLLING -> head = OPEN } /* must happen: nothing came */
			:: else -> take(); run_list()
			fi
#endif
		:: else -> take(); run_list()
		fi
	/* smpcfd_dying_cpu(); a wait on the way down looks at the queue once more */
	:: true ->
#if defined(MUTANT_FLUSH_BEFORE_CLOSE)
		take();
		run_list();
		head = CLOSED;
#elif defined(MUTANT_CLOSE_WITHOUT_FLUSH)
		head = CLOSED;
#else
		atomic {
			list = (IS_NODE(head) -> head : OPEN); /* must happen: closed */
			head = CLOSED
		}
		run_list();
#endif
		take();
		assert(list == OPEN);
		powered = false;
		if
		:: lives < LIVES -> goto birth
		:: break
		fi
	od;
	(OVER)
}

init
{
	atomic {
		run owner();
		run sender(0);
		run sender(1);
#if SENDERS == 3
		run sender(2);
#endif
	}
}
