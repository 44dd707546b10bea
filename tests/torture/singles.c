/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations: calls of one cpu, with and without waiting, and those that must be refused. */
#include <errno.h>

#include "core/cpu.h"
#include "tests/torture/ops.h"

void single_wait(struct torturer *me, unsigned int target)
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

void op_single_wait(struct torturer *me)
{
	unsigned long flags = maybe_irq_off(me);

	single_wait(me, any_cpu(me));
	local_irq_restore(flags);
}

void op_single_nowait(struct torturer *me)
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
void async(struct torturer *me, unsigned int target)
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

void op_async(struct torturer *me)
{
	unsigned int n = 1 + (unsigned int)random_below(&me->random, 8), target = any_cpu(me);

	while (n--)
		async(me, target);
}

void op_timeout(struct torturer *me)
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

void op_nonsense(struct torturer *me)
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
