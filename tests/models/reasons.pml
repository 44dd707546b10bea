/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reason word (ipi/ipi.c, ipi_interrupt of ipi/call.c): two senders, each of a reason of its own, to a hart that stops and starts
 * while they look at an old online mask.
 *
 * Checked: a reason that was sent to a hart in this life is handled in it, if it stays; a reason is rung for only by who
 * finds none pending, and that is enough; what an earlier life left over keeps nobody from ringing.
 */
#ifndef SENDS
#define SENDS 2
#endif
#ifndef LIVES
#define LIVES 2
#endif

byte reasons; /* bits 1 and 2 */
bool sip, powered, online;
byte life;

byte due[3]; /* by reason: life in which it was sent and must be handled, 0: none */
byte sending = 2;

#define OVER (sending == 0 && due[1] != life && due[2] != life)

proctype sender(byte r)
{
	byte n, old, since;

	do
	:: n == SENDS -> break
	:: else ->
		n++;
		/* ipi_send(): only who is in the online mask, which may be old by the next step */
		if
		:: atomic { online -> since = life };
			atomic {
				old = reasons;
				reasons = reasons | r;
				due[r] = (online && since == life -> life : due[r])
			};
#ifdef MUTANT_RING_FOR_OWN_REASON_ONLY_ONCE
			if :: !(old & r) && !(old & (3 - r)) && n == 1 -> skip :: else -> old = 3 fi;
#endif
			if
			:: old == 0 ->
				if
				:: powered -> sip = true
				:: !powered -> skip
				:: !powered -> sip = true
				fi
			:: else
			fi;
			d_step { old = 0; since = 0 }
		:: !online
		fi
	od;
	sending--
}

inline handle()
{
#ifdef MUTANT_TAKE_BEFORE_ACK
	atomic { taken = reasons; reasons = 0 };
	sip = false;
#else
	sip = false;
#ifdef MUTANT_TAKE_WITHOUT_EXCHANGE
	taken = reasons;
	reasons = 0;
#else
	atomic { taken = reasons; reasons = 0 };
#endif
#endif
	d_step {
		due[1] = (taken & 1 -> 0 : due[1]);
		due[2] = (taken & 2 -> 0 : due[2]);
		taken = 0
	}
}

active proctype owner()
{
	byte taken;

	run sender(1);
	run sender(2);
birth:
	life++;
	powered = true;
	sip = false;
#ifndef MUTANT_KEPT_OVER_A_STOP
	reasons = 0;
#endif
	online = true;
	do
	:: OVER -> break
	:: sip -> handle()
	:: life < LIVES ->
		/* What was sent and not yet handled goes with it. */
		online = false;
		powered = false;
		goto birth
	od
}
