/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls to many cpus: who is meant, who is not, and how many of them at once. */
#include <errno.h>

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "core/cpumask.h"
#include "core/page.h"
#include "ipi/call.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"

static DEFINE_PER_CPU(_Atomic unsigned int, ran_here);
static _Atomic unsigned int ran;

static void mark(void *info)
{
	_Atomic unsigned int *here = this_cpu_ptr(&ran_here);

	(void)info;
	atomic_fetch_add(here, 1);
	atomic_fetch_add(&ran, 1);
}

static void clear_marks(void)
{
	unsigned int cpu;

	atomic_store(&ran, 0);
	for_each_online_cpu (cpu)
		atomic_store(per_cpu_ptr(&ran_here, cpu), 0);
}

/* Each online cpu ran it once if it is in the mask, this one only with self; others never. */
static void expect_marks(struct ktest_run *run, const struct cpumask *mask, bool self,
			 unsigned int n)
{
	unsigned int cpu, expected = 0;

	for_each_online_cpu (cpu) {
		unsigned int once =
			cpumask_test_cpu(cpu, mask) && (self || cpu != smp_processor_id());

		expected += once;
		KTEST_EXPECT_EQ(atomic_load(per_cpu_ptr(&ran_here, cpu)), once);
	}
	KTEST_EXPECT_EQ(n, expected);
	clear_marks();
}

static bool odd(unsigned int cpu, void *info)
{
	(void)info;
	return cpu & 1;
}

static bool none(unsigned int cpu, void *info)
{
	(void)cpu;
	(void)info;
	return false;
}

KTEST(call, many)
{
	struct cpumask *mask = cpumask_alloc(NUMA_NO_NODE);
	unsigned int self = smp_processor_id(), cpu;

	if (!KTEST_EXPECT(mask))
		return;
	clear_marks();
	/* Possible cpus that are not online are passed over. */
	expect_marks(run, cpu_online_mask, false,
		     smp_call_function_many(cpu_possible_mask, mark, NULL, true));
	expect_marks(run, cpu_online_mask, false, smp_call_function(mark, NULL, true));
	expect_marks(run, cpu_online_mask, true, on_each_cpu(mark, NULL, true));
	expect_marks(run, cpu_online_mask, true,
		     smp_call_function_many_cond(cpu_online_mask, mark, NULL,
						 SCF_WAIT | SCF_RUN_LOCAL, NULL));

	/* Nobody, and this cpu alone. */
	expect_marks(run, mask, true, on_each_cpu_mask(mask, mark, NULL, true));
	cpumask_set_cpu(self, mask);
	expect_marks(run, mask, false, smp_call_function_many(mask, mark, NULL, true));
	expect_marks(run, mask, true, on_each_cpu_mask(mask, mark, NULL, true));
	KTEST_EXPECT_EQ(smp_call_function_many(cpu_online_mask, NULL, NULL, true), 0);

	cpumask_clear(mask);
	for_each_possible_cpu (cpu) {
		if (cpu & 1)
			cpumask_set_cpu(cpu, mask);
	}
	expect_marks(run, mask, true, on_each_cpu_mask(mask, mark, NULL, true));
	expect_marks(run, mask, true, on_each_cpu_cond(odd, mark, NULL, true));
	expect_marks(run, mask, true,
		     on_each_cpu_cond_mask(odd, mark, NULL, true, cpu_possible_mask));
	cpumask_clear(mask);
	expect_marks(run, mask, true, on_each_cpu_cond(none, mark, NULL, true));
	cpumask_free(mask);
}

KTEST(call, many_without_wait)
{
	unsigned int n = 0;

	clear_marks();
	for (unsigned int i = 0; i < 50; i++) {
		n += smp_call_function(mark, NULL, false);
		n += on_each_cpu(mark, NULL, i & 1);
	}
	KTEST_EXPECT_EQ(n, 50 * (2 * num_online_cpus() - 1));
	KTEST_EXPECT(calls_balance());
	KTEST_EXPECT_EQ(atomic_load(&ran), n);
	clear_marks();
}

KTEST(call, many_interrupts_off)
{
	unsigned long flags = local_irq_save();
	unsigned int n = on_each_cpu(mark, NULL, true);

	KTEST_EXPECT(irqs_disabled());
	local_irq_restore(flags);
	expect_marks(run, cpu_online_mask, true, n);
}

static _Atomic unsigned int nested_accepted;

/* So many cpus at most: each calls all, and many harts on few processors would take minutes. */
#define BROADCASTERS 32

static void broadcast(void *info)
{
	if (smp_processor_id() >= BROADCASTERS)
		return;
	atomic_fetch_add(&nested_accepted, on_each_cpu(mark, info, true));
	atomic_fetch_add(&nested_accepted, smp_call_function(mark, info, false));
}

/* Harts broadcast at once, from within a broadcast. */
KTEST(call, broadcasts_from_broadcasts)
{
	unsigned int harts = num_online_cpus(), broadcasters = 0, cpu;
	struct call_totals before, after;

	for_each_online_cpu (cpu)
		broadcasters += cpu < BROADCASTERS;
	clear_marks();
	atomic_store(&nested_accepted, 0);
	call_stats_sum(&before);
	for (unsigned int i = 0; i < 5; i++)
		KTEST_EXPECT_EQ(on_each_cpu(broadcast, NULL, true), harts);
	KTEST_EXPECT(calls_balance());
	KTEST_EXPECT_EQ(atomic_load(&nested_accepted), 5 * broadcasters * (2 * harts - 1));
	KTEST_EXPECT_EQ(atomic_load(&ran), atomic_load(&nested_accepted));
	call_stats_sum(&after);
	KTEST_EXPECT_EQ(after.timeouts - before.timeouts, 0);
	clear_marks();
}

static void where(void *info)
{
	*(unsigned int *)info = smp_processor_id();
}

KTEST(call, any)
{
	struct cpumask *mask = cpumask_alloc(NUMA_NO_NODE);
	unsigned int self = smp_processor_id(), cpu, at = nr_cpu_ids;

	if (!KTEST_EXPECT(mask))
		return;
	KTEST_EXPECT_EQ(smp_call_function_any(mask, where, &at, true), -ENXIO);
	KTEST_EXPECT_EQ(smp_call_function_any(cpu_possible_mask, NULL, &at, true), -EINVAL);
	/* This cpu, if it may be. */
	KTEST_EXPECT_EQ(smp_call_function_any(cpu_possible_mask, where, &at, true), 0);
	KTEST_EXPECT_EQ(at, self);
	for_each_online_cpu (cpu) {
		cpumask_clear(mask);
		cpumask_set_cpu(cpu, mask);
		KTEST_EXPECT_EQ(smp_call_function_any(mask, where, &at, true), 0);
		KTEST_EXPECT_EQ(at, cpu);
	}
	/* A neighbour, if there is one. */
	cpumask_copy(mask, cpu_online_mask);
	cpumask_clear_cpu(self, mask);
	for_each_cpu (cpu, mask) {
		if (cpu_to_node(cpu) != cpu_to_node(self))
			continue;
		KTEST_EXPECT_EQ(smp_call_function_any(mask, where, &at, true), 0);
		KTEST_EXPECT_EQ(cpu_to_node(at), cpu_to_node(self));
		KTEST_EXPECT(at != self);
		break;
	}
	cpumask_free(mask);
}
