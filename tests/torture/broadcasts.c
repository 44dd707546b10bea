/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations: calls of many cpus at once, or of any one of them. */
#include <errno.h>

#include "core/cpu.h"
#include "tests/torture/ops.h"

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

void op_many(struct torturer *me)
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

void op_any(struct torturer *me)
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
