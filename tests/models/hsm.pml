/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One hart stopped and started again (core/smp_cycle.c, smp_start_cpu and smp_give_up of
 * core/smp.c) against the firmware's pending states, a stop that comes back, a hart that comes
 * late, deadlines that pass.
 *
 * The control side starts and stops the hart LIVES times; at most LATE waits end by their deadline.
 * The firmware takes its time for every start and stop, refuses a start unless the hart is STOPPED,
 * and (BACK) lets the hart come back from hart_stop, after it has been STOPPED for a while.
 *
 * Checked: a hart lives only when it is wanted, and with what was prepared for it; a hart that
 * counts as dead does not live; a hart that was seen dead can be started; nobody waits for ever
 * where no deadline passes.
 */
#ifndef LIVES
#define LIVES 3
#endif
#ifndef LATE
#define LATE 1
#endif
#ifndef BACK
#define BACK 0
#endif
#define STOP_TRIES 2

#define STOPPED	      0
#define START_PENDING 1
#define STARTED	      2
#define STOP_PENDING  3
byte hsm;
byte opaque;

/* The boot record; its pieces are in boot_record.pml. */
#define EXPIRED 0
#define ARMED	1
#define TAKEN	2
byte record, armed;

/* cpu_info->state */
#define CPU_OFFLINE  0
#define CPU_STARTING 1
#define CPU_ONLINE   2
#define CPU_REFUSED  3
#define CPU_LATE     4
#define CPU_STUCK    5
#define CPU_DYING    6
#define CPU_PARKED   7
byte cpu;

bool alive;    /* runs what needs its rows */
bool prepared; /* what it needs is there */
bool wanted;   /* started, and neither given up nor dead */
bool die, over;
byte late = LATE;

/* arch/riscv/head.S, secondary_hart_main, cpu_die, smp_park */
proctype hart()
{
	byte generation, tries;

off:
	generation = 0;
	tries = 0;
	do
	:: atomic { hsm == START_PENDING -> hsm = STARTED; generation = opaque }; break
	:: over -> goto end
	od;
	atomic {
		if
#ifdef MUTANT_LATE_HART_JOINS
		:: record != TAKEN -> record = TAKEN
#else
		:: record == ARMED && armed == generation -> record = TAKEN
#endif
		:: else -> goto refuse /* must happen: late */
		fi
	};
main:
	atomic {
		if
#ifdef MUTANT_LATE_HART_JOINS
		:: true -> cpu = CPU_ONLINE
#else
		:: cpu == CPU_STARTING -> cpu = CPU_ONLINE
#endif
		:: else -> goto stop /* must happen: given up in between */
		fi
	};
#ifdef MUTANT_RETURN_IGNORED
living:
#endif
	alive = true;
	assert(wanted && prepared);
	if
	:: die -> die = false
	:: over -> goto end
	fi;
	assert(wanted && prepared);
	alive = false;
	atomic { assert(cpu == CPU_ONLINE); cpu = CPU_DYING };
stop:
	hsm = STOP_PENDING;
	hsm = STOPPED;
	atomic {
		if
		:: BACK && hsm == STOPPED -> hsm = STARTED; tries++
		:: goto off
		fi
	};
#ifdef MUTANT_RETURN_IGNORED
	goto living;
#endif
	if
	:: tries < STOP_TRIES -> goto stop
	:: tries == STOP_TRIES
	fi;
	/* Parked */
#ifdef MUTANT_PARKED_BY_STORE
	cpu = CPU_PARKED;
#else
	atomic {
		if
		:: cpu == CPU_DYING -> cpu = CPU_PARKED; goto parked
		:: else
		fi
	};
	atomic {
		if
		:: cpu == CPU_OFFLINE -> cpu = CPU_PARKED /* must happen: was seen stopped */
		:: else -> goto end /* lost */
		fi
	};
#endif
	goto parked;
refuse:
	/* Not a hart of the kernel: it waits for ever where it cannot be stopped. */
	hsm = STOP_PENDING;
	hsm = STOPPED;
	atomic {
		if
		:: BACK && hsm == STOPPED -> hsm = STARTED; goto end
		:: goto off
		fi
	};
parked:
	if
	:: cpu == CPU_STARTING -> tries = 0; goto main /* must happen: a second life without the firmware */
	:: over
	fi;
end:
	skip
}

/* boot_record_expire() */
inline expire()
{
	atomic {
		never_came = (record == ARMED);
		if
		:: never_came -> record = EXPIRED
		:: else
		fi
	}
}

/* cpu_start_hart: sets comes */
inline start()
{
	comes = false;
	if
	:: cpu == CPU_DYING && hsm != STOPPED -> goto busy
	:: else
	fi;
	prepared = true;
	atomic {
		wanted = true;
		if
		:: cpu == CPU_PARKED -> cpu = CPU_STARTING; comes = true
		:: else
		fi
	};
	do
	:: comes -> break
	:: !comes ->
		record = EXPIRED;
		armed++;
		record = ARMED;
		cpu = CPU_STARTING;
		/* hart_start */
		atomic {
			if
			:: hsm == STOPPED -> hsm = START_PENDING; opaque = armed; comes = true
			:: else
			fi
		};
		if
		:: comes -> break
		:: else
		fi;
#ifdef MUTANT_REFUSAL_IGNORED
		comes = true;
		break;
#endif
		/* hart_get_status */
		status = hsm;
		expire();
		if
		:: !never_came -> comes = true
		:: never_came ->
			atomic {
				if
				:: cpu == CPU_STARTING -> cpu = CPU_OFFLINE
				:: else -> comes = true /* must happen: it was parked just now */
				fi
			}
		fi;
		if
		:: comes
		:: !comes && status != STARTED && retries > 0 -> retries-- /* must happen: not now */
		:: !comes && (status == STARTED || retries == 0) -> break
		fi
	od
}

active proctype control()
{
	byte lives, status, retries;
	bool comes, never_came, strange;

	run hart();
	do
	:: lives == LIVES -> break
	:: lives < LIVES ->
		lives++;
		retries = 1;
		start();
		if
		:: !comes ->
			assert(strange || BACK);
			atomic { wanted = false; cpu = CPU_REFUSED };
			prepared = false;
			goto next
		:: comes
		fi;
		/* cpu_wait_started */
		if
		:: cpu != CPU_STARTING
		:: late > 0 ->
			late--;
			strange = true;
			expire();
#ifdef MUTANT_GIVEN_UP_BY_STORE
			atomic { wanted = false; cpu = CPU_LATE };
			prepared = false;
			goto next
#else
			atomic {
				if
				:: cpu == CPU_STARTING ->
					cpu = (never_came -> CPU_LATE : CPU_STUCK);
					wanted = false
				:: else
				fi
			};
			if
			:: !wanted -> prepared = false; goto next
			:: wanted /* must happen: in the last moment */
			fi
#endif
		fi;
		assert(cpu == CPU_ONLINE);
		/* It lives, and is told to die; cpu_wait_dead. */
		die = true;
		if
#ifdef MUTANT_STOPPED_NOT_AWAITED
		:: cpu == CPU_DYING
#else
		:: cpu == CPU_DYING && hsm == STOPPED
#endif
#ifndef MUTANT_PARKED_IS_NOT_GONE
		:: cpu == CPU_PARKED
#endif
		:: late > 0 && cpu == CPU_DYING -> late--; strange = true; goto next /* must happen: its memory stays */
		fi;
		atomic {
			wanted = false;
			if
			:: cpu == CPU_DYING -> cpu = CPU_OFFLINE
			:: else -> assert(cpu == CPU_PARKED)
			fi
		};
		assert(!alive);
		prepared = false;
next:
		skip;
busy:
		skip
	od;
	over = true
}
