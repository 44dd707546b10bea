/* SPDX-License-Identifier: BSD-2-Clause */
/* The accounts: every accepted call has a ticket, and a pair of cpus that it is booked on. */
#include "tests/torture/internal.h"

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "core/printk.h"

uint64_t torture_values;

struct torturer *torturer_here(void)
{
	return torturers[smp_processor_id()];
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

struct ticket *ticket_take(struct torturer *me, unsigned int target)
{
	unsigned int first = (unsigned int)(get(&me->tried) % TICKETS);

	for (unsigned int i = 0; i < TICKETS; i++) {
		struct ticket *t = &me->tickets[(first + i) % TICKETS];
		unsigned int free = TICKET_FREE;

		/* Its work stays busy for a moment after the function has freed the ticket. */
		if (irq_work_is_busy(&t->work))
			continue;
		/*
		 * Acquire: pairs with the release in ticket_run; the run before has read all of it.
		 */
		if (!atomic_compare_exchange_strong_explicit(&t->state, &free, TICKET_TAKEN,
							     memory_order_acquire,
							     memory_order_relaxed))
			continue;
		t->caller = me->cpu;
		t->target = target;
		t->order = 0;
		t->nest = false;
		/* Weyl sequence of all tickets: each value is another. */
		t->value = random_mix(__atomic_fetch_add(&torture_values, 1, __ATOMIC_RELAXED));
		return t;
	}
	return NULL;
}

void ticket_arm(struct ticket *t)
{
	/* The queue orders this store before the run. */
	atomic_store_explicit(&t->state, TICKET_ARMED, memory_order_relaxed);
}

void ticket_drop(struct ticket *t)
{
	atomic_store_explicit(&t->state, TICKET_FREE, memory_order_release);
}

void ticket_book(struct torturer *me, unsigned int target, uint64_t value)
{
	struct pair *pair = &me->pairs[target];

	add(&pair->sent, 1);
	add(&pair->sent_sum, value);
	add(&me->accepted, 1);
}

static void arrived(unsigned int caller, unsigned int here, uint64_t value)
{
	struct pair *pair = &torturers[caller]->pairs[here];

	add(&pair->run, 1);
	add(&pair->run_sum, value);
	if (!irqs_disabled())
		torture_fault(FAULT_PLACE, "cpu%u ran a call of cpu%u with interrupts on", here,
			      caller);
}

void ticket_run(void *ticket)
{
	struct ticket *t = ticket;
	unsigned int here = smp_processor_id(), caller = t->caller, state;
	uint64_t value = t->value, order = t->order;
	bool nest = t->nest;

	if (t->target != here)
		torture_fault(FAULT_PLACE, "cpu%u ran a call of cpu%u to cpu%u", here, caller,
			      t->target);
	if (order) {
		struct pair *pair = &torturers[caller]->pairs[here];

		if (order != pair->last_order + 1)
			torture_fault(FAULT_ORDER, "cpu%u ran number %lu of cpu%u after number %lu",
				      here, order, caller, pair->last_order);
		pair->last_order = order;
	}
	arrived(caller, here, value);
	if (nest)
		torture_nested(torturer_here());
	/*
	 * Release: the caller, who takes the ticket again, writes to it only after this has read
	 * it.
	 */
	state = atomic_exchange_explicit(&t->state, TICKET_FREE, memory_order_acq_rel);
	if (state != TICKET_ARMED)
		torture_fault(FAULT_TWICE, "cpu%u ran a call of cpu%u whose ticket is in state %u",
			      here, caller, state);
}

void ticket_work(struct irq_work *work)
{
	ticket_run(container_of(work, struct ticket, work));
}

/* Books a broadcast that is through, and frees it. */
static void settle_shout(struct torturer *me, struct shout *s)
{
	unsigned int cpu;

	for_each_cpu (cpu, s->seen) {
		/*
		 * What one target adds to its sum depends on both, so that two faults cannot cancel
		 * out.
		 */
		ticket_book(me, cpu, random_mix(s->value + cpu));
	}
	if (!cpumask_subset(s->seen, s->want))
		torture_fault(FAULT_PLACE, "a broadcast of cpu%u ran where it was not sent",
			      me->cpu);
	if (cpumask_weight(s->seen) != s->accepted)
		torture_fault(FAULT_LOST, "a broadcast of cpu%u to %u cpus ran on %u", me->cpu,
			      s->accepted, cpumask_weight(s->seen));
	atomic_store_explicit(&s->state, TICKET_FREE, memory_order_release);
}

/* Takes it from whoever could settle it at the same time: an interrupt in between. */
static bool try_settle(struct torturer *me, struct shout *s)
{
	unsigned int sent = 1;

	if (!atomic_load_explicit(&s->sent, memory_order_acquire) ||
	    atomic_load_explicit(&s->ran, memory_order_acquire) < s->accepted ||
	    !atomic_compare_exchange_strong_explicit(&s->sent, &sent, 0, memory_order_acquire,
						     memory_order_relaxed))
		return false;
	settle_shout(me, s);
	return true;
}

struct shout *shout_take(struct torturer *me)
{
	for (unsigned int i = 0; i < SHOUTS; i++) {
		struct shout *s = &me->shouts[i];
		unsigned int free = TICKET_FREE;

		try_settle(me, s);
		if (!atomic_compare_exchange_strong_explicit(&s->state, &free, TICKET_TAKEN,
							     memory_order_acquire,
							     memory_order_relaxed))
			continue;
		cpumask_clear(s->want);
		cpumask_clear(s->seen);
		s->caller = me->cpu;
		atomic_store_explicit(&s->ran, 0, memory_order_relaxed);
		s->value = random_mix(__atomic_fetch_add(&torture_values, 1, __ATOMIC_RELAXED));
		return s;
	}
	return NULL;
}

void shout_sent(struct torturer *me, struct shout *s, unsigned int accepted)
{
	s->accepted = accepted;
	/* Release: who settles it sees the number. */
	atomic_store_explicit(&s->sent, 1, memory_order_release);
	try_settle(me, s);
}

void shout_run(void *shout)
{
	struct shout *s = shout;
	unsigned int here = smp_processor_id();

	arrived(s->caller, here, random_mix(s->value + here));
	if (atomic_load_explicit(&s->state, memory_order_relaxed) != TICKET_TAKEN ||
	    cpumask_test_and_set_cpu(here, s->seen))
		torture_fault(FAULT_TWICE, "cpu%u ran a broadcast of cpu%u again", here, s->caller);
	/* Release: the last thing that is done to it here. */
	atomic_fetch_add_explicit(&s->ran, 1, memory_order_release);
}

static bool hot_is_quiet(const struct hot_work *hot)
{
	return get(&hot->accepted) == get(&hot->run) && get(&hot->wishes) == get(&hot->granted);
}

static void report_hot(struct torturer *me, const struct hot_work *hot, const char *name)
{
	if (!hot_is_quiet(hot))
		torture_fault(FAULT_LOST,
			      "%s of cpu%u: %lu times queued, %lu run; wish %lu of %lu granted",
			      name, me->cpu, get(&hot->accepted), get(&hot->run),
			      get(&hot->granted), get(&hot->wishes));
}

bool torturer_quiet(struct torturer *me)
{
	bool quiet = true;

	for (unsigned int i = 0; i < SHOUTS; i++) {
		try_settle(me, &me->shouts[i]);
		quiet &= atomic_load_explicit(&me->shouts[i].state, memory_order_acquire) ==
			 TICKET_FREE;
	}
	for (unsigned int i = 0; i < TICKETS; i++)
		quiet &= atomic_load_explicit(&me->tickets[i].state, memory_order_acquire) ==
			 TICKET_FREE;
	for (unsigned int i = 0; i < TIMERS; i++)
		quiet &= get(&me->timers[i].armed) == get(&me->timers[i].fired);
	for (unsigned int i = 0; i < WORKS; i++)
		quiet &= get(&me->works[i].accepted) == get(&me->works[i].run);
	return quiet && hot_is_quiet(&me->hot) && hot_is_quiet(&me->hot_lazy);
}

void torturer_report(struct torturer *me)
{
	for (unsigned int i = 0; i < TICKETS; i++) {
		struct ticket *t = &me->tickets[i];

		if (atomic_load_explicit(&t->state, memory_order_relaxed) != TICKET_FREE)
			torture_fault(FAULT_LOST, "a call of cpu%u to cpu%u has not run", me->cpu,
				      t->target);
	}
	for (unsigned int i = 0; i < SHOUTS; i++) {
		struct shout *s = &me->shouts[i];

		if (atomic_load_explicit(&s->state, memory_order_relaxed) != TICKET_FREE)
			torture_fault(FAULT_LOST, "a broadcast of cpu%u ran on %u of %u", me->cpu,
				      atomic_load_explicit(&s->ran, memory_order_relaxed),
				      s->accepted);
	}
	for (unsigned int i = 0; i < TIMERS; i++) {
		uint64_t armed = get(&me->timers[i].armed), fired = get(&me->timers[i].fired);

		if (armed != fired)
			torture_fault(FAULT_LOST, "a timer of cpu%u: armed %lu times, fired %lu",
				      me->cpu, armed, fired);
	}
	for (unsigned int i = 0; i < WORKS; i++) {
		uint64_t accepted = get(&me->works[i].accepted), run = get(&me->works[i].run);

		if (accepted != run)
			torture_fault(FAULT_LOST,
				      "a task of cpu%u: %lu times queued, %lu times run", me->cpu,
				      accepted, run);
	}
	report_hot(me, &me->hot, "work");
	report_hot(me, &me->hot_lazy, "lazy work");
}

static void balance_pair(unsigned int caller, unsigned int target, const struct pair *pair)
{
	uint64_t sent = get(&pair->sent), run = get(&pair->run);

	if (sent > run)
		torture_fault(FAULT_LOST, "cpu%u to cpu%u: %lu accepted, %lu run", caller, target,
			      sent, run);
	else if (sent < run)
		torture_fault(FAULT_TWICE, "cpu%u to cpu%u: %lu accepted, %lu run", caller, target,
			      sent, run);
	else if (get(&pair->sent_sum) != get(&pair->run_sum))
		torture_fault(FAULT_TWICE, "cpu%u to cpu%u: as many run as accepted, but others",
			      caller, target);
	if (pair->next_order != pair->last_order)
		torture_fault(FAULT_ORDER,
			      "cpu%u to cpu%u: the last call is number %lu, number %lu ran last",
			      caller, target, pair->next_order, pair->last_order);
}

void torture_balance(void)
{
	unsigned int caller, target;

	for_each_possible_cpu (caller) {
		for_each_possible_cpu (target) {
			if (torturers[caller])
				balance_pair(caller, target, &torturers[caller]->pairs[target]);
		}
	}
}
