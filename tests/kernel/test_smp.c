/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cpus and harts: both ways of the numbering, states against the mask, what the firmware thinks of
 * each.
 */
#include <errno.h>
#include <stdatomic.h>

#include "arch/riscv/boot.h"
#include "core/cpu.h"
#include "core/fdt.h"
#include "core/smp.h"
#include "sbi/base.h"
#include "sbi/hsm.h"
#include "sbi/sbi.h"
#include "tests/kernel/ktest.h"
#include "threads/idle.h"

static int state_of(unsigned int cpu)
{
	return atomic_load_explicit(&cpu_info(cpu)->state, memory_order_relaxed);
}

KTEST(smp, numbering)
{
	unsigned int cpu;

	KTEST_EXPECT_EQ(cpu_to_hartid(0), boot_hartid);
	for_each_possible_cpu (cpu)
		KTEST_EXPECT_EQ(hartid_to_cpu(cpu_to_hartid(cpu)), cpu);
	KTEST_EXPECT_EQ(hartid_to_cpu(0x7ffffffffffffff1), -ENOENT);
}

KTEST(smp, tree_and_cpus_agree)
{
	unsigned int n;
	const struct fdt_cpu *cpus = fdt_cpus(&n);

	for (unsigned int i = 0; i < n; i++) {
		int cpu = hartid_to_cpu(cpus[i].hartid);

		/* A hart that the tree forbids is no cpu, but for one that runs already. */
		if (cpus[i].use != FDT_CPU_USABLE && cpus[i].use != FDT_CPU_DUPLICATE)
			KTEST_EXPECT(cpu == -ENOENT || cpu == 0);
	}
	KTEST_EXPECT(n > 0);
}

KTEST(smp, mask_and_states_agree)
{
	unsigned int cpu, online = 0;

	for_each_possible_cpu (cpu) {
		KTEST_EXPECT_EQ(cpumask_test_cpu(cpu, cpu_online_mask),
				state_of(cpu) == CPU_ONLINE);
		online += state_of(cpu) == CPU_ONLINE;
	}
	KTEST_EXPECT_EQ(num_online_cpus(), online);
	KTEST_EXPECT_EQ(online, 1 + bringup_result.online);
	KTEST_EXPECT_EQ(cpumask_weight(cpu_possible_mask), nr_cpu_ids);
	KTEST_EXPECT_EQ(smp_processor_id(), 0);
}

KTEST(smp, times_of_bringup)
{
	unsigned int cpu;

	for_each_online_cpu (cpu) {
		const struct cpu_info *info = cpu_info(cpu);

		if (cpu)
			KTEST_EXPECT(atomic_load(&info->online_ticks) >= info->start_ticks);
	}
	KTEST_EXPECT_EQ(late_arrivals(), 0);
	KTEST_EXPECT_EQ(atomic_load(&stray_harts), 0);
}

KTEST(smp, online_means_started)
{
	unsigned int cpu;

	if (!sbi_probe(SBI_EXT_HSM))
		KTEST_SKIP("no HSM");
	for_each_online_cpu (cpu) {
		struct sbiret ret = sbi_hart_get_status(cpu_to_hartid(cpu));
		long error;

		KTEST_EXPECT_EQ(ret.error, 0);
		KTEST_EXPECT(ret.value != HSM_STOPPED);
		/* See hsm_start_nonsense in test_sbi.c. */
		if (idle_suspends(cpu, 0, NULL) >= 0)
			continue;
		KTEST_EXPECT_EQ(hsm_start(cpu_to_hartid(cpu), secondary_entry(), 0, &error),
				HSM_START_ALREADY);
	}
}
