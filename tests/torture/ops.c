/* SPDX-License-Identifier: BSD-2-Clause */
/* One operation after the other, drawn at random from all kinds of calls. */
#include <errno.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/time.h"
#include "tests/torture/internal.h"

static uint64_t *stream(struct torturer *me)
{
	/*
	 * Handlers draw from their own: where they interrupt does not change what hart context
	 * draws next.
	 */
	return irqs_disabled() ? &me->handler_random : &me->random;
}

static bool one_in(struct torturer *me, unsigned int n)
{
	return !random_below(stream(me), n);
}

unsigned int torture_any_cpu(uint64_t *random)
{
	unsigned int cpu = (unsigned int)random_below(random, nr_cpu_ids);

	while (!torturers[cpu])
		cpu = (cpu + 1) % nr_cpu_ids;
	return cpu;
}

static unsigned int any_cpu(struct torturer *me)
{
	return torture_any_cpu(stream(me));
}

static unsigned int other_cpu(struct torturer *me)
{
	unsigned int cpu = any_cpu(me);

	for (unsigned int n = 0; n < nr_cpu_ids && (cpu == me->cpu || !torturers[cpu]); n++)
		cpu = (cpu + 1) % nr_cpu_ids;
	return cpu;
}

static void count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Half of them with interrupts off, where a caller must serve others while it waits. */
static unsigned long maybe_irq_off(struct torturer *me)
{
	return one_in(me, 2) ? local_irq_save() : (irqs_disabled() ? 0 : SR_SIE);
}

/* After an answer: books or drops, and counts. */
static void answered(struct torturer *me, struct ticket *t, unsigned int target, uint64_t value,
		     int err)
{
	if (!err) {
		ticket_book(me, target, value);
		return;
	}
	if (err != -ENXIO && err != -ENOMEM)
		torture_fault(FAULT_ANSWER, "cpu%u called cpu%u: error %d", me->cpu, target, err);
	ticket_drop(t);
}

static struct ticket *prepare(struct torturer *me, unsigned int target)
{
	struct ticket *t = ticket_take(me, target);

	if (!t) {
		count(&me->busy);
		return NULL;
	}
	count(&me->tried);
	return t;
}

static void single_wait(struct torturer *me, unsigned int target)
{
	struct ticket *t = prepare(me, target);
	uint64_t value;
	int err;

	if (!t)
		return;
	value = t->value;
	t->nest = one_in(me, 2);
	ticket_arm(t);
	err = smp_call_function_single(target, ticket_run, t, true);
	/*
	 * It is through when the call returns; interrupts may have taken it since, but not armed it
	 * for the same value.
	 */
	if (!err && atomic_load_explicit(&t->state, memory_order_acquire) == TICKET_ARMED &&
	    t->value == value)
		torture_fault(FAULT_EARLY, "a call of cpu%u to cpu%u returned before it had run",
			      me->cpu, target);
	answered(me, t, target, value, err);
}

static void op_single_wait(struct torturer *me)
{
	unsigned long flags = maybe_irq_off(me);

	single_wait(me, any_cpu(me));
	local_irq_restore(flags);
}

static void op_single_nowait(struct torturer *me)
{
	unsigned int target = any_cpu(me);
	struct ticket *t = prepare(me, target);
	unsigned long flags;
	uint64_t value;

	if (!t)
		return;
	value = t->value;
	t->nest = one_in(me, 8);
	ticket_arm(t);
	flags = maybe_irq_off(me);
	answered(me, t, target, value, smp_call_function_single(target, ticket_run, t, false));
	local_irq_restore(flags);
}

/* Number and push are one step for all who call from this cpu: interrupts off. */
static void async(struct torturer *me, unsigned int target)
{
	unsigned long flags = local_irq_save();
	struct ticket *t = prepare(me, target);
	uint64_t value;
	int err;

	if (t) {
		value = t->value;
		t->order = ++me->pairs[target].next_order;
		t->nest = one_in(me, 16);
		t->csd.func = ticket_run;
		t->csd.info = t;
		ticket_arm(t);
		err = smp_call_function_single_async(target, &t->csd);
		if (err)
			me->pairs[target].next_order--;
		answered(me, t, target, value, err);
	}
	local_irq_restore(flags);
}

static void op_async(struct torturer *me)
{
	unsigned int n = 1 + (unsigned int)random_below(&me->random, 8), target = any_cpu(me);

	while (n--)
		async(me, target);
}

static void op_timeout(struct torturer *me)
{
	/* Some are over before the other hart can have looked. */
	uint64_t us = random_below(&me->random, 32) ? 1000000 : random_below(&me->random, 20);
	unsigned int target = any_cpu(me);
	struct ticket *t = prepare(me, target);
	unsigned long flags;
	uint64_t value;
	int err;

	if (!t)
		return;
	value = t->value;
	ticket_arm(t);
	flags = maybe_irq_off(me);
	err = smp_call_function_single_timeout(target, ticket_run, t, us);
	if (err == -ETIMEDOUT) {
		/* Accepted all the same: it will run, once. */
		count(&me->timed_out);
		err = 0;
	}
	answered(me, t, target, value, err);
	local_irq_restore(flags);
}

static void random_mask(struct torturer *me, struct cpumask *mask)
{
	unsigned int cpu;

	cpumask_clear(mask);
	for_each_possible_cpu (cpu) {
		if (torturers[cpu] && one_in(me, 2))
			cpumask_set_cpu(cpu, mask);
	}
}

/* Called where the broadcast is made; info is the shout. */
static bool by_value(unsigned int cpu, void *info)
{
	const struct shout *s = info;

	return random_mix(s->value ^ ~(uint64_t)cpu) & 1;
}

static void op_many(struct torturer *me)
{
	struct shout *s = shout_take(me);
	bool wait = one_in(me, 2), local = one_in(me, 2), cond = one_in(me, 3);
	unsigned int n, cpu, due = 0;
	unsigned long flags;

	if (!s) {
		count(&me->busy);
		return;
	}
	if (one_in(me, 4))
		cpumask_setall(s->want);
	else
		random_mask(me, s->want);
	for_each_cpu (cpu, s->want) {
		if (torturers[cpu] && (cpu != me->cpu || local) && (!cond || by_value(cpu, s)))
			due++;
	}
	atomic_fetch_add_explicit(&me->tried, due, memory_order_relaxed);
	flags = maybe_irq_off(me);
	n = smp_call_function_many_cond(s->want, shout_run, s,
					(wait ? SCF_WAIT : 0) | (local ? SCF_RUN_LOCAL : 0),
					cond ? by_value : NULL);
	local_irq_restore(flags);
	if (wait && atomic_load_explicit(&s->ran, memory_order_acquire) != n)
		torture_fault(FAULT_EARLY,
			      "a broadcast of cpu%u to %u cpus returned when %u had run it",
			      me->cpu, n, atomic_load_explicit(&s->ran, memory_order_relaxed));
	if (n > due)
		torture_fault(FAULT_ANSWER,
			      "a broadcast of cpu%u to %u cpus says that it went to %u", me->cpu,
			      due, n);
	shout_sent(me, s, n);
}

static void op_any(struct torturer *me)
{
	struct shout *s = shout_take(me);
	int err;

	if (!s) {
		count(&me->busy);
		return;
	}
	random_mask(me, s->want);
	if (cpumask_empty(s->want))
		cpumask_set_cpu(any_cpu(me), s->want);
	count(&me->tried);
	err = smp_call_function_any(s->want, shout_run, s, one_in(me, 2));
	if (err && err != -ENXIO)
		torture_fault(FAULT_ANSWER, "cpu%u called any: error %d", me->cpu, err);
	shout_sent(me, s, err ? 0 : 1);
}

struct wish {
	const struct hot_work *hot;
	uint64_t number;
};

static bool is_granted(void *arg)
{
	const struct wish *wish = arg;

	return atomic_load_explicit(&wish->hot->granted, memory_order_relaxed) >= wish->number;
}

/*
 * "Pending already" was the answer: then a run comes that has not begun yet, without anybody asking
 * again.
 */
static void await_grant(struct torturer *me, const struct hot_work *hot, uint64_t number)
{
	struct wish wish = {hot, number};

	if (!poll_until(is_granted, &wish, deadline_ms(deterministic ? 20 : 10000)))
		torture_fault(FAULT_LOST, "cpu%u: work that was pending has not run", me->cpu);
}

static void queue_hot(struct torturer *me, struct hot_work *hot, unsigned int target)
{
	uint64_t number;
	int err;

	/* Counted before it can run; what is refused is taken off again. */
	count(&me->tried);
	number = 1 + atomic_fetch_add_explicit(&hot->wishes, 1, memory_order_relaxed);
	count(&hot->accepted);
	err = irq_work_queue_on(&hot->work, target);
	if (!err) {
		count(&me->accepted);
		return;
	}
	atomic_fetch_sub_explicit(&hot->accepted, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&me->tried, 1, memory_order_relaxed);
	/*
	 * The wish stands: the run that is pending grants it, or one here, where nobody can refuse.
	 */
	if (err == -ENXIO)
		queue_hot(me, hot, me->cpu);
	else if (err == -EBUSY && hot != &me->hot_lazy)
		await_grant(me, hot, number);
	else if (err != -EBUSY)
		torture_fault(FAULT_ANSWER, "cpu%u queued work on cpu%u: error %d", me->cpu, target,
			      err);
}

/*
 * The queue orders a wish before the run that it asked for, or that was pending. Runs of one work
 * may overlap: the latest wish counts.
 */
void hot_run(struct irq_work *work)
{
	struct hot_work *hot = container_of(work, struct hot_work, work);
	uint64_t wish = atomic_load_explicit(&hot->wishes, memory_order_relaxed);
	uint64_t granted = atomic_load_explicit(&hot->granted, memory_order_relaxed);

	while (granted < wish &&
	       !atomic_compare_exchange_weak_explicit(&hot->granted, &granted, wish,
						      memory_order_relaxed, memory_order_relaxed))
		;
	count(&hot->run);
	/* Long enough to be wished for again meanwhile. */
	for (unsigned int i = 0; i < 3; i++)
		cpu_relax();
}

static void op_irq_work(struct torturer *me)
{
	unsigned int target = any_cpu(me);
	struct ticket *t;
	uint64_t value;
	int err;

	/* Anybody's, wherever it may be now; a lazy one only at home. */
	if (one_in(me, 3)) {
		queue_hot(me, &torturers[any_cpu(me)]->hot, target);
		return;
	}
	if (one_in(me, 3)) {
		queue_hot(me, &me->hot_lazy, me->cpu);
		return;
	}
	t = prepare(me, target);
	if (!t)
		return;
	value = t->value;
	t->nest = one_in(me, 8);
	ticket_arm(t);
	if (target == me->cpu)
		err = irq_work_queue(&t->work) ? 0 : -EBUSY;
	else
		err = irq_work_queue_on(&t->work, target);
	answered(me, t, target, value, err);
	if (one_in(me, 4))
		irq_work_sync(&t->work);
}

static bool never(void *unused)
{
	(void)unused;
	return false;
}

/* What would end idle's sleep, but for the timer: it comes anyway, also where a ring never does. */
static bool is_rung(void)
{
	return csr_read(CSR_SIP) & csr_read(CSR_SIE) & ~SIE_STIE;
}

/*
 * As idle does: once nothing has come, it sleeps. So calls that are queued by then have been rung
 * for, or are about to be.
 */
static void watch_queue(struct torturer *me)
{
	/* Without a timer that comes anyway the one without end could wait for ever. */
	bool endless = random_turns && one_in(me, 2);
	unsigned int looks = endless ? UINT32_MAX : 1 + (unsigned int)random_below(&me->random, 8);
	uint64_t give_up = deadline_ms(random_turns ? 1 : 10000);
	unsigned long flags = local_irq_save();

	if (!call_queue_poll(looks) && call_queue_has_calls()) {
		while (!is_rung() && time_now() < give_up)
			cpu_relax();
		if (!is_rung())
			torture_fault(FAULT_LOST, "cpu%u would sleep on calls, and nobody rings",
				      me->cpu);
		flush_call_queue();
	}
	local_irq_restore(flags);
}

/* Asleep, watching its queue, or away with interrupts off: calls find this hart in every state. */
static void op_pause(struct torturer *me)
{
	unsigned long flags;

	if (one_in(me, 2)) {
		watch_queue(me);
		return;
	}
	if (one_in(me, 2)) {
		wait_until(never, NULL, time_now() + random_below(&me->random, 200));
		return;
	}
	flags = local_irq_save();
	udelay(random_below(&me->random, 10));
	local_irq_restore(flags);
}

/*
 * What a hart does that goes down and comes up again, but for the stop in between. Others' calls
 * are refused meanwhile.
 */
static void op_close(struct torturer *me)
{
	unsigned long flags;

	if (!torture_close)
		return;
	flags = local_irq_save();
	smpcfd_dying_cpu();
	udelay(random_below(&me->random, 3));
	csr_clear(CSR_SIP, SIE_SSIE);
	smpcfd_online_cpu();
	local_irq_restore(flags);
}

static void op_nonsense(struct torturer *me)
{
	static call_single_data_t none;
	unsigned int beyond = nr_cpu_ids + (unsigned int)random_below(&me->random, 100);
	int err = smp_call_function_single(beyond, ticket_run, NULL, one_in(me, 2));

	if (err != -ENXIO)
		torture_fault(FAULT_ANSWER, "a call to cpu%u, which is not there: error %d", beyond,
			      err);
	err = smp_call_function_single(any_cpu(me), NULL, NULL, true);
	if (err != -EINVAL)
		torture_fault(FAULT_ANSWER, "a call of no function: error %d", err);
	err = smp_call_function_single_async(other_cpu(me), &none);
	if (err != -EINVAL)
		torture_fault(FAULT_ANSWER, "an asynchronous call of no function: error %d", err);
}

void torture_nested(struct torturer *me)
{
	count(&me->nested);
	if (me->nesting || one_in(me, 4)) {
		async(me, any_cpu(me));
		return;
	}
	/*
	 * One wait at a time within functions on a cpu: what is run from within it does not wait
	 * again.
	 */
	me->nesting = true;
	single_wait(me, any_cpu(me));
	me->nesting = false;
}

static void (*const ops[])(struct torturer *me) = {
	op_single_wait, op_single_wait, op_single_nowait, op_single_nowait, op_async,
	op_async,	op_timeout,	op_many,	  op_many,	    op_any,
	op_irq_work,	op_irq_work,	op_irq_work,	  op_pause,	    op_nonsense,
	op_close,	op_timer,	op_wake,	  op_work,
};

void torture_op(struct torturer *me)
{
	ops[random_below(&me->random, ARRAY_SIZE(ops))](me);
	count(&me->ops);
}
