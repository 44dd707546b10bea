/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of hotplug rows, as its registration (hotplug.c) and its engine (hotplug_move.c) see
 * it.
 */
#ifndef CORE_HOTPLUG_INTERNAL_H
#define CORE_HOTPLUG_INTERNAL_H

#include "core/cpumask.h"
#include "core/hotplug.h"

union cpuhp_function {
	int (*single)(unsigned int cpu);
	int (*multi)(unsigned int cpu, struct cpuhp_node *node);
};

struct cpuhp_step {
	const char *name; /* NULL: free */
	union cpuhp_function startup, teardown;
	struct cpuhp_node instances; /* a ring, if multi */
	bool multi;
	bool boot; /* from the linker's table: boot has it run by cpuhp_boot_prepare */
};

/*
 * Changed under the ops' lock, or by the boot hart alone; walked by whoever moves a cpu, which the
 * lock keeps away.
 */
extern struct cpuhp_step cpuhp_steps[CPUHP_ONLINE + 1];

/* Below nr_cpu_ids; one that got no memory has no state either. */
static inline bool has_state(unsigned int cpu)
{
	return cpu < nr_cpu_ids && percpu_base[cpu];
}

static inline bool is_prepare(int s)
{
	return s > CPUHP_OFFLINE && s < CPUHP_BRINGUP_CPU;
}

static inline bool is_starting(int s)
{
	return s > CPUHP_AP_IDLE_DEAD && s < CPUHP_AP_ONLINE;
}

static inline bool is_online(int s)
{
	return s > CPUHP_TEARDOWN_CPU && s < CPUHP_ONLINE;
}

/*
 * One function of a row, for an instance of a multi row; 0 where the row has none in that
 * direction. Where the row's section says.
 */
int cpuhp_call(unsigned int cpu, int s, bool up, struct cpuhp_node *node);

/* Whether the row is to fail now; once. */
bool cpuhp_takes_failure(struct cpuhp_cpu_state *st, int s, bool up);

#endif
