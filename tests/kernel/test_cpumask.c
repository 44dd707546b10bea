/* SPDX-License-Identifier: BSD-2-Clause */
/* Cpu masks at this machine's size. */
#include "core/cpumask.h"

#include <stdio.h>
#include <string.h>

#include "core/cpu.h"
#include "core/page.h"
#include "tests/kernel/ktest.h"

KTEST(cpumask, possible_and_online)
{
	unsigned int cpu, n = 0;

	KTEST_EXPECT_EQ(cpumask_words, (nr_cpu_ids + 63) / 64);
	KTEST_EXPECT_EQ(cpumask_weight(cpu_possible_mask), nr_cpu_ids);
	KTEST_EXPECT(cpumask_subset(cpu_online_mask, cpu_possible_mask));
	KTEST_EXPECT(cpumask_test_cpu(smp_processor_id(), cpu_online_mask));
	for_each_cpu (cpu, cpu_online_mask) {
		KTEST_EXPECT_EQ(hartid_to_cpu(cpu_to_hartid(cpu)), cpu);
		n++;
	}
	KTEST_EXPECT_EQ(n, num_online_cpus());
}

KTEST(cpumask, operations)
{
	struct cpumask *all = cpumask_alloc(NUMA_NO_NODE), *one = cpumask_alloc(NUMA_NO_NODE);
	unsigned int last = nr_cpu_ids - 1, cpu, n = 0;
	char text[24], expected[24];

	if (KTEST_EXPECT(all) && KTEST_EXPECT(one)) {
		KTEST_EXPECT(cpumask_empty(all));
		cpumask_setall(all);
		KTEST_EXPECT(cpumask_equal(all, cpu_possible_mask));
		snprintf(expected, sizeof(expected), last ? "0-%u" : "%u", last);
		KTEST_EXPECT_EQ(cpumask_format(text, sizeof(text), all), strlen(expected));
		KTEST_EXPECT(!strcmp(text, expected));
		/* Every cpu alone: found, and the only one. */
		for (cpu = 0; cpu <= last; cpu++) {
			unsigned int found;

			cpumask_set_cpu(cpu, one);
			for_each_cpu_and (found, one, all)
				n += found == cpu;
			KTEST_EXPECT_EQ(cpumask_next(cpu, one), nr_cpu_ids);
			KTEST_EXPECT(cpumask_test_and_clear_cpu(cpu, one));
		}
		KTEST_EXPECT_EQ(n, nr_cpu_ids);
		KTEST_EXPECT(cpumask_empty(one));
		cpumask_set_cpu(last, one);
		KTEST_EXPECT_EQ(cpumask_andnot(all, all, one), last > 0);
		KTEST_EXPECT(!cpumask_intersects(all, one));
		KTEST_EXPECT_EQ(cpumask_weight(all), last);
		cpumask_or(all, all, one);
		KTEST_EXPECT(cpumask_equal(all, cpu_possible_mask));
	}
	cpumask_free(one);
	cpumask_free(all);
}
