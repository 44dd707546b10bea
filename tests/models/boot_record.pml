/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bring-up of one hart, with a late one, a second start and firmware that lies: the boot record (arch/riscv/boot.c, secondary_hart of
 * arch/riscv/head.S) and the cpu's state and the pending count (core/smp.c).
 *
 * The boot hart starts the hart up to STARTS times: again after a refusal, or after a deadline. The firmware accepts,
 * refuses, or refuses and starts it all the same; it delivers when it likes, or never. A hart that parks is stopped, and can be started
 * again. The pieces of the record are written and read one by one.
 *
 * Checked: a hart goes on only with a record that is whole, armed, and of its own start; one start is taken at most once;
 * a start that arrives in time is never lost; the pending count never falls below what is pending; at the end the boot hart's
 * books and the hart agree.
 */
#ifndef STARTS
#define STARTS 2
#endif

/* The six bits in opaque, here as wide as need be; an old start 64 arms later would be taken for the new one. */
#ifdef LIMIT_GENERATION_WRAPS
#define SAME(a, b) ((a) % 2 == (b) % 2)
#else
#define SAME(a, b) ((a) == (b))
#endif

/* record->state */
#define IDLE	0
#define ARMED	1
#define TAKEN	2
#define EXPIRED 3
#define LATE	4
byte state;
byte state_generation; /* in the same word */
bool magic;
byte content; /* sp, tp, satp ...: of which start; 255 while they are written */

byte armed;  /* the latest start */
bool wanted; /* neither taken nor given up */

/* cpu_info->state */
#define CPU_OFFLINE  0
#define CPU_STARTING 1
#define CPU_ONLINE   2
#define CPU_REFUSED  3
#define CPU_LATE     4
#define CPU_STUCK    5
byte cpu;

byte pending; /* bringup_pending, without the boot hart's own */
bool in_kernel, in_idle, boot_done;

/* HSM */
#define STOPPED 0
#define STARTING 1
#define STARTED 2
byte hsm;
byte opaque; /* generation that the hart will be handed */

inline done_one()
{
	d_step { assert(pending > 0); pending-- }
}

proctype hart()
{
	byte generation, seen;

off:
	skip;
	d_step { generation = 0; seen = 0 };
	do
	:: atomic { hsm == STARTING -> hsm = STARTED; generation = opaque }; break
	:: boot_done && hsm == STOPPED -> goto out
	:: boot_done && hsm == STARTING -> goto out /* never comes */
	od;
	/* secondary_hart */
	if
	:: !magic -> goto park
	:: magic
	fi;
#ifdef MUTANT_GENERATION_LOOKED_AT_APART
	if
	:: armed != generation -> goto park
	:: armed == generation
	fi;
#endif
#if defined(MUTANT_TAKEN_WITHOUT_EXCHANGE)
	if
	:: state == ARMED && SAME(state_generation, generation) -> skip
	:: else -> goto park
	fi;
	state = TAKEN;
#elif defined(MUTANT_LATE_BY_PLAIN_STORE)
	atomic {
		if
		:: state == ARMED && SAME(state_generation, generation) -> state = TAKEN; seen = TAKEN
		:: state == EXPIRED && SAME(state_generation, generation) -> seen = LATE
		:: else -> seen = IDLE
		fi
	};
	if
	:: seen == TAKEN
	:: seen == LATE -> state = LATE; goto park
	:: seen == IDLE -> goto park
	fi;
#else
	atomic {
		if
#if defined(MUTANT_GENERATION_IGNORED) || defined(MUTANT_GENERATION_LOOKED_AT_APART)
		:: state == ARMED -> state = TAKEN
#elif defined(MUTANT_TAKEN_AFTER_EXPIRE)
		:: (state == ARMED || state == EXPIRED) && SAME(state_generation, generation) -> state = TAKEN
#else
		:: state == ARMED && SAME(state_generation, generation) -> state = TAKEN
		:: state == EXPIRED && SAME(state_generation, generation) -> state = LATE; assert(true); goto park /* must happen: late */
#endif
		:: else -> goto park
		fi
	};
#endif
	assert(!in_kernel && content == generation && armed == generation);
	in_kernel = true;
	wanted = false;
	/* secondary_hart_main() */
#ifdef MUTANT_ONLINE_WITHOUT_EXCHANGE
	if
	:: cpu == CPU_STARTING -> cpu = CPU_ONLINE
	:: cpu != CPU_STARTING -> goto stuck
	fi;
#else
	atomic {
		if
		:: cpu == CPU_STARTING -> cpu = CPU_ONLINE
		:: else -> goto stuck
		fi
	};
#endif
	done_one();
	in_idle = true;
	goto out;
park:
	assert(!wanted || generation != armed);
	/* hart_stop; where that returns, for ever in wfi, as if never started again */
	if
	:: hsm = STOPPED; goto off
	:: true
	fi;
stuck:
	skip;
out:
	skip
}

/* boot_record_arm() */
inline arm()
{
	magic = false;
	state = IDLE;
	content = 255;
	armed++;
	content = armed;
	magic = true;
	atomic { state = ARMED; state_generation = armed; wanted = true }
}

/* boot_record_expire() */
inline expire()
{
#ifdef MUTANT_EXPIRE_WITHOUT_EXCHANGE
	never_came = (state == ARMED);
	state = EXPIRED
#else
	atomic {
		never_came = (state == ARMED && state_generation == armed);
		if
		:: never_came -> state = EXPIRED; wanted = false
		:: else
		fi
	}
#endif
}

/* hart_start; the hart is this one's only */
inline hart_start()
{
	atomic {
		if
		:: hsm == STOPPED -> accepted = true; hsm = STARTING; opaque = armed
		:: hsm == STOPPED -> accepted = false; hsm = STARTING; opaque = armed /* a lie */
		:: accepted = false
		fi
	}
}

active proctype boot()
{
	byte starts;
	bool accepted, never_came;

	pending = 1;
	run hart();
again:
	starts++;
	arm();
	cpu = CPU_STARTING;
	hart_start();
	if
	:: !accepted ->
		expire();
		if
#ifndef MUTANT_REFUSAL_BELIEVED
		:: !never_came -> assert(true) /* must happen: it has come all the same */
#else
		:: !never_came -> cpu = CPU_OFFLINE; goto refused
#endif
		:: never_came ->
			cpu = CPU_OFFLINE;
			if
			:: starts < STARTS -> goto again
			:: true ->
				cpu = CPU_REFUSED;
				done_one();
				goto over
			fi
		fi
	:: accepted
	fi;
	/* It came in time, or the deadline passes. */
	if
	:: pending == 0 -> goto over
	:: true
	fi;
	/* give_up() */
	expire();
	atomic {
		if
		:: cpu == CPU_STARTING ->
			cpu = (never_came -> CPU_LATE : CPU_STUCK);
			done_one()
		:: else -> goto over
		fi
	};
	/* A later start, when the hart is seen stopped. */
	if
	:: starts < STARTS && cpu == CPU_LATE && hsm == STOPPED -> pending = 1; assert(true); goto again /* must happen: a second life */
	:: true
	fi;
	goto over;
#ifdef MUTANT_REFUSAL_BELIEVED
refused:
	cpu = CPU_REFUSED;
	done_one();
#endif
over:
	boot_done = true;
	/* The hart may still be between the two. */
	(cpu != CPU_ONLINE || in_idle);
	assert(pending == 0);
	assert(cpu == CPU_ONLINE || !in_idle);
	assert(cpu != CPU_REFUSED || !in_kernel);
	assert(cpu != CPU_LATE || !in_kernel)
}
