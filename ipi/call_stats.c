/* SPDX-License-Identifier: BSD-2-Clause */
/* Adding up what cpus count. */
#include "ipi/call_stats.h"

#include "ipi/internal.h"

static uint64_t get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void add(struct call_totals *t, const struct call_stats *s)
{
	t->queued += get(&s->queued);
	t->refused += get(&s->refused);
	t->run += get(&s->run);
	t->local += get(&s->local);
	t->own_work += get(&s->own_work);
	t->rings += get(&s->rings);
	t->other_rings += get(&s->other_rings);
	t->interrupts += get(&s->interrupts);
	t->spurious += get(&s->spurious);
	t->timeouts += get(&s->timeouts);
	t->recovered += get(&s->recovered);
}

static void finish(struct call_totals *t)
{
	uint64_t calls = t->queued - t->own_work, rings = t->rings - t->other_rings;

	t->saved = calls > rings ? calls - rings : 0;
}

void call_stats_of(unsigned int cpu, struct call_totals *totals)
{
	*totals = (struct call_totals){0};
	add(totals, &per_cpu_ptr(&ipi_cpu, cpu)->stats);
	finish(totals);
}

void call_stats_sum(struct call_totals *totals)
{
	unsigned int cpu;

	*totals = (struct call_totals){0};
	for_each_populated_cpu (cpu)
		add(totals, &per_cpu_ptr(&ipi_cpu, cpu)->stats);
	finish(totals);
}
