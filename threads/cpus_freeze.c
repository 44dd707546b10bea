/* SPDX-License-Identifier: BSD-2-Clause */
/* All harts but one go down together, and come back: for a machine that sleeps. */
#include <errno.h>

#include "core/cpu.h"
#include "core/page.h"
#include "core/printk.h"
#include "threads/cpuhp.h"
#include "threads/internal.h"

/* Those that freeze has taken down. */
static struct cpumask *frozen;

void thaw_secondary_cpus(void)
{
	unsigned int cpu;

	cpus_write_lock();
	cpu_hotplug_disabled--;
	for_each_cpu (cpu, frozen) {
		int err = cpu_up_locked(cpu);

		if (err)
			pr_err("cpu%u: does not come back: error %d", cpu, err);
	}
	cpumask_clear(frozen);
	cpus_write_unlock();
}

int freeze_secondary_cpus(unsigned int first)
{
	unsigned int cpu;
	int err = 0;

	if (!frozen)
		frozen = cpumask_alloc(NUMA_NO_NODE);
	if (!frozen)
		return -ENOMEM;
	if (first >= nr_cpu_ids || !cpumask_test_cpu(first, cpu_online_mask))
		return -ENXIO;
	cpus_write_lock();
	if (cpu_hotplug_disabled) {
		cpus_write_unlock();
		return -EBUSY;
	}
	for_each_possible_cpu (cpu) {
		if (cpu == first || !cpumask_test_cpu(cpu, cpu_online_mask))
			continue;
		err = cpu_down_locked(cpu);
		if (err)
			break;
		cpumask_set_cpu(cpu, frozen);
	}
	cpu_hotplug_disabled++;
	cpus_write_unlock();
	if (err)
		thaw_secondary_cpus();
	return err;
}
