/* SPDX-License-Identifier: BSD-2-Clause */
/* All harts but one go down together, and come back: for a machine that sleeps. */
#include <errno.h>

#include "core/cpu.h"
#include "core/page.h"
#include "core/printk.h"
#include "threads/cpuhp.h"
#include "threads/internal.h"

/* Those that freeze has taken down: for who has cpus_write_lock. */
static struct cpumask *frozen;

static void bring_back(void)
{
	unsigned int cpu;

	for_each_cpu (cpu, frozen) {
		int err = cpu_up_locked(cpu);

		if (err)
			pr_err("cpu%u: does not come back: error %d", cpu, err);
	}
	cpumask_clear(frozen);
}

static int take_down_but(unsigned int first)
{
	unsigned int cpu;
	int err;

	if (first >= nr_cpu_ids || !cpumask_test_cpu(first, cpu_online_mask))
		return -ENXIO;
	for_each_possible_cpu (cpu) {
		if (cpu == first || !cpumask_test_cpu(cpu, cpu_online_mask))
			continue;
		err = cpu_down_locked(cpu);
		if (err)
			return err;
		cpumask_set_cpu(cpu, frozen);
	}
	return 0;
}

static int freeze_locked(unsigned int first)
{
	int err;

	if (cpu_hotplug_disabled)
		return -EBUSY;
	if (!frozen)
		frozen = cpumask_alloc(NUMA_NO_NODE);
	if (!frozen)
		return -ENOMEM;
	err = take_down_but(first);
	if (err)
		bring_back();
	else
		cpu_hotplug_disabled++;
	return err;
}

int freeze_secondary_cpus(unsigned int first)
{
	int err;

	cpus_write_lock();
	err = freeze_locked(first);
	cpus_write_unlock();
	return err;
}

void thaw_secondary_cpus(void)
{
	cpus_write_lock();
	cpu_hotplug_disabled--;
	bring_back();
	cpus_write_unlock();
}
