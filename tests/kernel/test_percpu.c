/* SPDX-License-Identifier: BSD-2-Clause */
/* Per-cpu memory of this machine: a copy for each possible cpu, on its node, static and dynamic. */
#include "percpu/percpu.h"

#include <stdint.h>

#include "core/cpu.h"
#include "core/page.h"
#include "tests/kernel/ktest.h"

#define CANARY 0x6d75737465722121UL

static DEFINE_PER_CPU(uint64_t, canary) = CANARY;

/* A cpu for which there was no memory has no area. */
static bool has_area(unsigned int cpu)
{
	return percpu_base[cpu];
}

static bool node_has_memory(int node)
{
	struct page_stats stats;

	for (unsigned int i = 0; page_node_stats(i, &stats); i++)
		if (stats.node == node)
			return true;
	return false;
}

KTEST(percpu, areas_are_apart_and_on_their_nodes)
{
	size_t size = percpu_area_size();

	KTEST_EXPECT_EQ(arch_tp(), percpu_base[smp_processor_id()]);
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		int node = cpu_to_node(cpu);

		if (!has_area(cpu))
			continue;
		KTEST_EXPECT_EQ(percpu_base[cpu] % PAGE_SIZE, 0);
		KTEST_EXPECT_EQ(per_cpu(cpu_number, cpu), cpu);
		KTEST_EXPECT_EQ(per_cpu(numa_node, cpu), node);
		if (node_has_memory(node))
			KTEST_EXPECT_EQ(page_to_node(per_cpu_ptr(&canary, cpu)), node);
		/* Pairs of neighbours are enough to catch a base that is used twice. */
		if (cpu && has_area(cpu - 1))
			KTEST_EXPECT(percpu_base[cpu] >= percpu_base[cpu - 1] + size ||
				     percpu_base[cpu - 1] >= percpu_base[cpu] + size);
	}
}

KTEST(percpu, statics_have_their_initial_values)
{
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (has_area(cpu))
			KTEST_EXPECT_EQ(per_cpu(canary, cpu), CANARY);
	this_cpu(canary) = 1;
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (has_area(cpu) && cpu != smp_processor_id())
			KTEST_EXPECT_EQ(per_cpu(canary, cpu), CANARY);
	KTEST_EXPECT_EQ(this_cpu(canary), 1);
	this_cpu(canary) = CANARY;
}

KTEST(percpu, dynamic_is_zeroed_and_distinct)
{
	for (int round = 0; round < 2; round++) {
		uint64_t __percpu *a = alloc_percpu(uint64_t);
		uint64_t __percpu *b = (uint64_t __percpu *)__alloc_percpu(100, CACHE_LINE);

		if (KTEST_EXPECT(a) && KTEST_EXPECT(b)) {
			for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
				if (!has_area(cpu))
					continue;
				KTEST_EXPECT_EQ(*per_cpu_ptr(a, cpu), 0);
				KTEST_EXPECT_EQ(*per_cpu_ptr(b, cpu), 0);
				KTEST_EXPECT_EQ((uintptr_t)per_cpu_ptr(b, cpu) % CACHE_LINE, 0);
				KTEST_EXPECT((unsigned long)per_cpu_ptr(a, cpu) - percpu_base[cpu] <
					     percpu_area_size());
				*per_cpu_ptr(a, cpu) = cpu + 1;
				*per_cpu_ptr(b, cpu) = ~(uint64_t)cpu;
			}
			for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
				if (!has_area(cpu))
					continue;
				KTEST_EXPECT_EQ(*per_cpu_ptr(a, cpu), cpu + 1);
				KTEST_EXPECT_EQ(*per_cpu_ptr(b, cpu), ~(uint64_t)cpu);
			}
			KTEST_EXPECT_EQ(*this_cpu_ptr(a), smp_processor_id() + 1);
		}
		/* The next round gets the same memory, dirty. */
		free_percpu(a);
		free_percpu(b);
	}
}

KTEST(percpu, exhaustion)
{
	void __percpu *held[PERCPU_CHUNK / 16];
	unsigned int n = 0;

	KTEST_EXPECT(!__alloc_percpu(PERCPU_CHUNK + 1, 1));
	KTEST_EXPECT(!__alloc_percpu(0, 1));
	while (n < ARRAY_SIZE(held) && (held[n] = __alloc_percpu(16, 16)))
		n++;
	KTEST_EXPECT(n > 0);
	KTEST_EXPECT(!__alloc_percpu(1, 1));
	for (unsigned int i = 0; i < n; i++)
		free_percpu(held[i]);
	held[0] = __alloc_percpu(16, 16);
	KTEST_EXPECT(held[0]);
	free_percpu(held[0]);
}
