/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One work (threads/workqueue.c, workpool.c): two that queue it, for different cpus; it queues itself once more; one that cancels it and one that waits
 * for it; the first cpu goes down. Each atomic step is what one lock of a pool holds together, or one atomic instruction.
 *
 * Checked: it never runs twice at once; each accepted queueing has run or was cancelled, once; what was done before a queueing, accepted or not,
 * is seen by a run that begins later, unless that is cancelled; after a cancel it runs nowhere and is on no list; a flush returns when what
 * it found has run; nothing new is listed for the cpu once it is down.
 */
#define POOLS 2
#define NOBODY 9

bool pending, listed;
bool held; /* pending is that of who cancels, by CANCELING, but for a moment */
byte pool = NOBODY; /* where it is listed, or was last */
bool running[POOLS], open[POOLS] = true;
byte seq, run_seq; /* of the latest listing; of the one that runs */
byte done_seq;	   /* the latest that is over */
bool again = true;
byte accepted, ran, cancelled;
bool told[3], seen[3];
byte left; /* who is through */

#define ANY_RUNS (running[0] || running[1])

/* lock_new_pool() and pool_add(); pending is the caller's. */
inline list_it(target)
{
	last = pool;
	listed_it = false;
#ifndef MUTANT_OWN_POOL_IGNORED
	if
	:: last != NOBODY -> atomic {
			if
			:: running[last] -> listed = true; seq++; listed_it = true
			:: else
			fi
		}
	:: else
	fi;
#endif
	where = target;
	do
	:: listed_it -> break
	:: else -> atomic {
			if
#ifdef MUTANT_OPEN_NOT_LOOKED_AT
			:: true ->
#else
			:: open[where] ->
#endif
				assert(open[where] && !listed && pending);
				pool = where; listed = true; seq++; listed_it = true
			:: else -> where = 1 - where
			fi
		}
	od
}

inline queue_it(me, target)
{
	atomic {
		if
		:: held -> skip
		:: else -> told[me] = true
		fi;
		if
		:: pending -> got = false
		:: else -> pending = true; got = true; accepted++
		fi
	};
	if
	:: got -> list_it(target)
	:: else
	fi
}

proctype queuer(byte me; byte target)
{
	byte last, where;
	bool got, listed_it;

	queue_it(me, target);
	left++
}

proctype worker(byte p)
{
	byte last, where;
	bool got, listed_it;

end:	do
#ifdef MUTANT_WORKER_LEAVES_WITH_ITS_CPU
	:: atomic { open[p] && listed && pool == p && !running[p] ->
#else
	:: atomic { listed && pool == p && !running[p] ->
#endif
			assert(!ANY_RUNS);
			listed = false; running[p] = true; run_seq = seq;
#ifndef MUTANT_PENDING_UNTIL_IT_HAS_RUN
			pending = false
#endif
		};
		d_step {
			seen[0] = seen[0] || told[0]; seen[1] = seen[1] || told[1]; seen[2] = seen[2] || told[2]
		};
		if
		:: again -> again = false; queue_it(2, p)
		:: true
		fi;
		atomic {
			assert(running[p] && !running[1 - p]);
			running[p] = false; ran++;
#ifdef MUTANT_PENDING_UNTIL_IT_HAS_RUN
			pending = false;
#endif
			done_seq = run_seq
		}
	od
}

proctype canceler()
{
	byte p;

	/* grab() */
	do
	:: atomic { !pending -> pending = true; held = true; break }
	:: pending && pool != NOBODY ->
		p = pool;
#ifdef MUTANT_UNLISTED_UNDER_ANOTHER_LOCK
		if
		:: atomic { listed -> assert(pool == p); listed = false; held = true; cancelled++; done_seq = seq; break }
#else
		if
		:: atomic { listed && pool == p -> listed = false; held = true; cancelled++; done_seq = seq; break } /* must happen */
#endif
		:: atomic { else -> skip }
		fi
	od;
#ifdef MUTANT_QUEUED_WHILE_CANCELLED
	atomic { held = false; pending = false };
#endif
	/* Until it does not run. */
	do
	:: pool == NOBODY -> break
	:: pool != NOBODY ->
		p = pool;
		if
		:: atomic { pool == p && !running[p] -> break }
		:: atomic { pool == p && running[p] -> skip }; !running[p]
		:: atomic { pool != p -> skip }
		fi
	od;
	assert(!ANY_RUNS && !listed);
	atomic { held = false; pending = false };
	left++
}

proctype flusher()
{
	byte p, wanted, before;

	do
	:: pool == NOBODY -> break
	:: pool != NOBODY ->
		p = pool;
		if
		:: atomic { pool != p -> skip }
		:: atomic {
				pool == p -> before = seq;
				if
				:: running[p] -> wanted = run_seq
				:: else
				fi;
#ifndef MUTANT_FLUSH_OF_THE_RUNNING_ONLY
				if
				:: listed -> wanted = seq
				:: else
				fi
#endif
			};
			if
			:: wanted -> done_seq >= wanted /* must happen */
			:: else
			fi;
			assert(done_seq >= before);
			break
		fi
	od;
	left++
}

/* Nobody is waited for: the pool keeps what it has, and its worker goes on elsewhere. */
proctype hotplug()
{
	atomic { open[0] = false };
	left++
}

init
{
	atomic {
		run queuer(0, 0); run queuer(1, 1);
		run worker(0); run worker(1);
#ifdef CANCEL
		run canceler();
#else
		run flusher();
#endif
		run hotplug()
	};
	(left == 4 && !listed && !ANY_RUNS && !pending);
	assert(ran + cancelled == accepted);
	assert(cancelled || ((!told[0] || seen[0]) && (!told[1] || seen[1]) && (!told[2] || seen[2])))
}
