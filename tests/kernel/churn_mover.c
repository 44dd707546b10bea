/* SPDX-License-Identifier: BSD-2-Clause */
/* The mover of the churn: harts go down and come up, and what a dead one leaves is looked at. */
#include <errno.h>

#include "core/cpu.h"
#include "sbi/hsm.h"
#include "tests/kernel/churn.h"
#include "threads/cpuhp.h"

#define MOVES 16

/* A row that can fail, in the sections that may. */
static int any_row(uint64_t *random)
{
	for (;;) {
		int row = 1 + (int)random_below(random, CPUHP_ONLINE - 1);

		if (cpuhp_state_name(row) && (row < CPUHP_BRINGUP_CPU || row > CPUHP_TEARDOWN_CPU))
			return row;
	}
}

static void look_at_dead(unsigned int cpu)
{
	struct sbiret ret = sbi_hart_get_status(cpu_to_hartid(cpu));

	if (ret.error || ret.value != HSM_STOPPED)
		churn_fault("a cpu counts as down, and its hart is not stopped", cpu);
	if (atomic_load(&cpu_info(cpu)->state) != CPU_OFFLINE)
		churn_fault("a cpu is down, and nobody has seen it stopped", cpu);
	if (timers_pending_on(cpu))
		churn_fault("timers were left on a dead cpu", cpu);
	if (nr_running(cpu))
		churn_fault("threads were left on a dead cpu", cpu);
}

static void move_cpu(unsigned int cpu, uint64_t *random)
{
	bool was_up = cpumask_test_cpu(cpu, cpu_online_mask), fails;
	enum cpuhp_state state = cpuhp_state_of(cpu);
	int err;

	if (was_up && num_online_cpus() == 1)
		return;
	atomic_store(&churn.moving, cpu);
	fails = !random_below(random, 5) && !cpuhp_fail_set(any_row(random), cpu, !was_up);
	err = was_up ? cpu_down(cpu) : cpu_up(cpu);
	if (err) {
		if (err != -EAGAIN || !fails)
			churn_fault("a cpu does not go, or come", cpu);
		if (cpuhp_state_of(cpu) != state)
			churn_fault("a row failed, and the cpu is not what it was", cpu);
	} else if (fails) {
		churn_fault("a row did not fail", cpu);
	}
	cpuhp_fail_set(CPUHP_INVALID, cpu, true);
	if (cpumask_test_cpu(cpu, cpu_online_mask) != (was_up == !!err))
		churn_fault("a cpu is not where it was sent", cpu);
	if (cpuhp_state_of(cpu) == CPUHP_OFFLINE)
		look_at_dead(cpu);
}

void churn_move_all(uint64_t *random)
{
	unsigned int cpu;

	for (unsigned int i = 0; i < MOVES && !atomic_load(&churn.faults); i++) {
		move_cpu((unsigned int)random_below(random, nr_cpu_ids), random);
		usleep(random_below(random, 50));
	}
	for_each_possible_cpu (cpu) {
		if (!cpumask_test_cpu(cpu, cpu_online_mask) && cpu_up(cpu))
			churn_fault("a cpu does not come", cpu);
	}
}
