/* SPDX-License-Identifier: BSD-2-Clause */
/* One operation after the other, drawn at random from all kinds of calls. */
#include "tests/torture/ops.h"

#include <errno.h>

#include "core/cpu.h"

unsigned int torture_any_cpu(uint64_t *random)
{
	unsigned int cpu = (unsigned int)random_below(random, nr_cpu_ids);

	while (!torturers[cpu])
		cpu = (cpu + 1) % nr_cpu_ids;
	return cpu;
}

unsigned int other_cpu(struct torturer *me)
{
	unsigned int cpu = any_cpu(me);

	for (unsigned int n = 0; n < nr_cpu_ids && (cpu == me->cpu || !torturers[cpu]); n++)
		cpu = (cpu + 1) % nr_cpu_ids;
	return cpu;
}

void answered(struct torturer *me, struct ticket *t, unsigned int target, uint64_t value, int err)
{
	if (!err) {
		ticket_book(me, target, value);
		return;
	}
	if (err != -ENXIO && err != -ENOMEM)
		torture_fault(FAULT_ANSWER, "cpu%u called cpu%u: error %d", me->cpu, target, err);
	ticket_drop(t);
}

struct ticket *prepare(struct torturer *me, unsigned int target)
{
	struct ticket *t = ticket_take(me, target);

	if (!t) {
		count(&me->busy);
		return NULL;
	}
	count(&me->tried);
	return t;
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
