/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the fences and orders are for: five windows between two or three harts whose accesses may be performed in any order
 * that the RISC-V memory model (RVWMO) leaves open.
 *
 * A hart is a set of accesses. Each is performed once, atomically for all harts (RVWMO is multi-copy atomic), as soon as
 * those that it must follow have been: by a fence, by acquire or release, by the address, by a dependency.
 * No other order holds, so loads and stores pass each other both ways: more than a store buffer does. Accesses to sip and
 * to devices are device output and input. Data dependencies are modelled only where the code has them; speculation that
 * RVWMO allows on a control dependency (a load behind it) is allowed here.
 *
 * WINDOW 1: push and ring against acknowledge and drain (backend_*.c against trap.c, backend_imsic.c). Also the reason word.
 * WINDOW 2: what a call carries, there and back (push/take, run_calls/is_free).
 * WINDOW 3: a csd that is used again (run_calls/smp_call_function_single_async).
 * WINDOW 4: birth: clearing sip against opening the queue (smpcfd_online_cpu).
 * WINDOW 5: birth: joining the online mask against a change of mappings or code (set_cpu_online, fence_others in tlb.c).
 */
#ifndef WINDOW
#define WINDOW 1
#endif

/* One access: when it may be performed, and what it does. */
#define ACCESS(done, when, effect) :: atomic { !(done) && (when) -> effect; done = true }

#if WINDOW == 1

bool sip, pushed[2]; /* the queue, as a set */
byte taken;
bool open = true; /* the head: true: a push must ring */

proctype sender(byte s)
{
	bool push, ring, must;

	do
	ACCESS(push, true, pushed[s] = true; must = open; open = false)
	/* fence iorw, iorw (sbi), fence w, o (writel): the push before the device. By the branch alone it could go first. */
#ifdef MUTANT_NO_FENCE_BEFORE_RING
	ACCESS(ring, true, sip = true)
#else
	ACCESS(ring, push, if :: must -> sip = true :: else fi)
#endif
	:: push && ring -> break
	od;
}

proctype target()
{
	bool ack, look, exchange, seen;

	do
	:: taken == 2 -> break
	:: sip ->
		ack = false; look = false; exchange = false; seen = false;
		do
		ACCESS(ack, true, sip = false)
		/* fence iorw, iorw behind the clear (trap.c) or the claim (backend_imsic.c) */
#ifdef MUTANT_NO_FENCE_AFTER_ACK
		ACCESS(look, true, seen = !open)
#else
		ACCESS(look, ack, seen = !open)
#endif
		/* The same word, and an exchange behind a branch: not before the look. */
		ACCESS(exchange, look, if :: seen -> taken = taken + pushed[0] + pushed[1]; pushed[0] = false; pushed[1] = false; open = true :: else fi)
		:: ack && look && exchange -> break
		od
	od;
}

init { atomic { run sender(0); run sender(1); run target() } }

#elif WINDOW == 2

bool argument, result; /* what info leads to, not by the csd's address */
bool queued, locked = true;

proctype caller()
{
	bool write, push, looked, read;

	do
	ACCESS(write, true, argument = true)
	/* memory_order_release of the push */
#ifdef MUTANT_PUSH_RELAXED
	ACCESS(push, true, queued = true)
#else
	ACCESS(push, write, queued = true)
#endif
	/* The loop's last look. memory_order_acquire of is_free() */
	ACCESS(looked, push && !locked, skip)
#ifdef MUTANT_WAIT_RELAXED
	ACCESS(read, push, assert(result))
#else
	ACCESS(read, looked, assert(result))
#endif
	:: read && looked -> break
	od
}

proctype target()
{
	bool look, exchange, read, write, unlock;

	do
	/* call_queue_pending(), relaxed, and the exchange of call_queue_take() */
	ACCESS(look, queued, skip)
	ACCESS(exchange, look, skip)
	/* memory_order_acquire of the exchange */
#ifdef MUTANT_TAKE_RELAXED
	ACCESS(read, true, assert(argument))
#else
	ACCESS(read, exchange, assert(argument))
#endif
	/* A store behind a branch on the exchange */
	ACCESS(write, exchange, result = true)
	/* memory_order_release of the store to locked */
#ifdef MUTANT_UNLOCK_RELAXED
	ACCESS(unlock, exchange, locked = false)
#else
	ACCESS(unlock, read && write, locked = false)
#endif
	:: unlock && read && write -> break
	od
}

init { atomic { run caller(); run target() } }

#elif WINDOW == 3

bool locked = true;
byte func = 1;

proctype target()
{
	bool read, unlock;

	do
	ACCESS(read, true, assert(func == 1))
	/* memory_order_release of the store to locked: a load must not sink below it */
#ifdef MUTANT_FREE_RELAXED
	ACCESS(unlock, true, locked = false)
#else
	ACCESS(unlock, read, locked = false)
#endif
	:: read && unlock -> break
	od
}

proctype caller()
{
	bool lock, write;

	do
	ACCESS(lock, !locked, locked = true)
	/* memory_order_acquire of the exchange; a store is not performed before the branch that decides on it, either */
	ACCESS(write, lock, func = 2)
	:: lock && write -> break
	od
}

init { atomic { run caller(); run target() } }

#elif WINDOW == 4

bool sip = true; /* from an earlier life */
bool closed = true, queued, ran;

proctype target()
{
	bool clear, open;

	do
	ACCESS(clear, true, sip = false)
	/* fence iorw, iorw of smpcfd_online_cpu(): acquire and release order memory only */
#ifdef MUTANT_NO_FENCE_BEFORE_OPEN
	ACCESS(open, true, closed = false)
#else
	ACCESS(open, clear, closed = false)
#endif
	:: clear && open -> break
	od;
	/* Interrupts on. */
	sip;
	sip = false;
	if
	:: queued -> ran = true
	:: !queued -> skip
	fi;
	(ran)
}

proctype sender()
{
	!closed;
	queued = true;
	sip = true;
	ran
}

init { atomic { run target(); run sender() } }

#else

bool online, change; /* a bit of the mask; what was stored */
bool known; /* by the hart that comes: what it took up at its last fence, or at any time before */
byte over;

proctype initiator()
{
	bool store, look, tell, seen;

	do
	ACCESS(store, true, change = true)
	/* fence rw, rw of fence_others() */
#ifdef MUTANT_NO_FENCE_BEFORE_LOOK
	ACCESS(look, true, seen = online)
#else
	ACCESS(look, store, seen = online)
#endif
	/* By firmware or by call, both of which order what was stored before what the target does. */
	ACCESS(tell, look && store, if :: seen -> known = change /* must happen */ :: else fi)
	:: tell -> break
	od;
	over++
}

proctype target()
{
	bool join, fence;

	do
	ACCESS(join, true, online = true)
	/* fence rw, rw of fence_everything(), in front of fence.i and sfence.vma, which count as the reads that they allow again */
#ifdef MUTANT_NO_FENCE_BEHIND_JOIN
	ACCESS(fence, true, known = change)
#else
#ifdef MUTANT_FENCE_BEFORE_JOIN
	ACCESS(fence, !join, known = change)
#else
	ACCESS(fence, join, known = change) /* must happen */
#endif
#endif
	:: join && fence -> break
#ifdef MUTANT_FENCE_BEFORE_JOIN
	:: join && !fence -> fence = true
#endif
	od;
	over++
}

init { atomic { run initiator(); run target() } over == 2; assert(known) }

#endif
