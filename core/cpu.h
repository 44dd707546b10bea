/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of every cpu: a logical index for software, a hart id for hardware, and its state.
 */
#ifndef CORE_CPU_H
#define CORE_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "core/compiler.h"
#include "core/cpumask.h"
#include "percpu/percpu.h"

/*
 *                hart_start              sets itself up
 *   CPU_OFFLINE ------------> CPU_STARTING ------------> CPU_ONLINE
 *        |                      |        |
 *        | refused     deadline |        | deadline, the hart
 *        v       it never came  v        v has come but is not online
 *   CPU_REFUSED              CPU_LATE  CPU_STUCK
 *
 *                 cpu_die             the firmware says STOPPED
 *   CPU_ONLINE ------------> CPU_DYING ------------------------> CPU_OFFLINE
 *                               |
 *                               '-- hart_stop comes back --> CPU_PARKED
 *
 * A cpu that is refused, late, stuck or parked may be started again like one that is offline. The
 * hart itself takes the arrows to CPU_ONLINE, CPU_DYING and CPU_PARKED; who starts or stops it
 * takes all others, one hart at a time (at boot the boot hart, later who holds hotplug). Each arrow
 * that somebody else's could meet is a compare-exchange: a hart that has been given up stays given
 * up, and parks.
 */
enum cpu_state {
	CPU_OFFLINE,
	CPU_STARTING,
	CPU_ONLINE,
	CPU_REFUSED,
	CPU_LATE,
	CPU_STUCK,
	CPU_DYING,
	CPU_PARKED,
};

struct fdt_cpu;

struct cpu_info {
	unsigned long hartid;
	int node;		       /* memory node, NUMA_NO_NODE if the tree names none */
	_Atomic int state;	       /* enum cpu_state */
	int error;		       /* negative errno of a refused start */
	long stop_error;	       /* what hart_stop said last when it came back */
	const struct fdt_cpu *fdt;     /* NULL if the tree does not name it (a boot hart only) */
	uint64_t start_ticks;	       /* time CSR just before hart_start */
	_Atomic uint64_t online_ticks; /* time CSR when it joined the online mask */
};

extern unsigned int nr_cpu_ids; /* possible cpus; fixed at INIT_PERCPU */

/*
 * For enumeration: possible is fixed at INIT_PERCPU, a bit of online is set and cleared by the hart
 * itself. It is set a little later than the state becomes CPU_ONLINE, and cleared a little before
 * it is left.
 */
extern const struct cpumask *cpu_possible_mask;
extern const struct cpumask *cpu_online_mask;

#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < nr_cpu_ids; (cpu)++)
#define for_each_online_cpu(cpu)   for_each_cpu (cpu, cpu_online_mask)
/* Those with per-cpu memory: where there is none for a cpu it is possible, and never started. */
#define for_each_populated_cpu(cpu)                \
	for_each_possible_cpu (cpu)                \
		if (unlikely(!percpu_base[cpu])) { \
		} else

DECLARE_PER_CPU(unsigned int, cpu_number);

struct cpu_info *cpu_info(unsigned int cpu);

/* Any context with a valid tp. */
static inline unsigned int smp_processor_id(void)
{
	return this_cpu(cpu_number);
}
unsigned long cpu_to_hartid(unsigned int cpu);
int cpu_to_node(unsigned int cpu);
/* The cpu of a hart id, or -ENOENT. Any context after INIT_PERCPU. */
int hartid_to_cpu(unsigned long hartid);
unsigned int num_online_cpus(void);
/*
 * True if every possible cpu has that extension, see fdt_cpu_has_isa(). Any context after
 * INIT_PERCPU.
 */
bool cpus_have_isa(const char *extension);

const char *cpu_state_name(int state);

/*
 * This hart joins the online mask, its own last step of coming up, or leaves it, its first of going
 * down.
 */
void set_cpu_online(unsigned int cpu, bool online);

#endif
