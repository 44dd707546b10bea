/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations: works for an interrupt, one's own, and those that anybody may ask for. */
#include <errno.h>

#include "arch/riscv/processor.h"
#include "core/time.h"
#include "tests/torture/ops.h"

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

void op_irq_work(struct torturer *me)
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
