/* SPDX-License-Identifier: BSD-2-Clause */
/* An actor: harts go down and come up, one at a time, all but one, or the whole machine sleeps. */
#include <errno.h>

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "core/suspend.h"
#include "sbi/base.h"
#include "sbi/sbi.h"
#include "tests/torture/actors.h"
#include "threads/cpuhp.h"

struct hart_moves hart_moves;

static bool has_state(unsigned int cpu, enum cpuhp_state state)
{
	return cpuhp_state_of(cpu) == state &&
	       cpumask_test_cpu(cpu, cpu_online_mask) == (state == CPUHP_ONLINE);
}

static void nothing(void *info)
{
	(void)info;
}

/* Nobody but this thread moves harts: so the answers are known. */
void torture_expect_moved(unsigned int cpu, bool up)
{
	int err = smp_call_function_single(cpu, nothing, NULL, true);

	atomic_fetch_add_explicit(&hart_moves.offlines, !up, memory_order_relaxed);
	if (!has_state(cpu, up ? CPUHP_ONLINE : CPUHP_OFFLINE) || err != (up ? 0 : -ENXIO))
		torture_fault(FAULT_ANSWER, "cpu%u: brought %s, state %d, a call to it: error %d",
			      cpu, up ? "up" : "down", cpuhp_state_of(cpu), err);
	if (!up && timers_pending_on(cpu))
		torture_fault(FAULT_PLACE, "cpu%u is down, and has %u timers", cpu,
			      timers_pending_on(cpu));
}

/* Of the states only some are rows, and some of them can fail. */
static bool arrange_failure(struct actor *me, unsigned int cpu, bool up)
{
	if (!torture_mixes(MIX_FAIL) || random_below(&me->random, 4))
		return false;
	for (int i = 0; i < 50; i++) {
		if (!cpuhp_fail_set((int)random_below(&me->random, CPUHP_ONLINE), cpu, up))
			return true;
	}
	return false;
}

static void move(struct actor *me, unsigned int cpu, bool up)
{
	bool fails = arrange_failure(me, cpu, up);
	int err = up ? cpu_up(cpu) : cpu_down(cpu);

	if (!err) {
		/* The row that was to fail was none, or is none any more. */
		cpuhp_fail_set(CPUHP_INVALID, cpu, up);
		torture_expect_moved(cpu, up);
		did(me);
	} else if (fails && err == -EAGAIN) {
		atomic_fetch_add_explicit(&hart_moves.rows_failed, 1, memory_order_relaxed);
		torture_expect_moved(cpu, !up);
	} else {
		torture_fault(FAULT_ANSWER, "cpu%u is not brought %s: error %d", cpu,
			      up ? "up" : "down", err);
	}
}

static void sleep_whole(void)
{
	unsigned long flags = local_irq_save();
	int err = system_suspend();

	local_irq_restore(flags);
	if (err)
		torture_fault(FAULT_ANSWER, "the machine does not sleep: error %d", err);
	else
		atomic_fetch_add_explicit(&hart_moves.suspends, 1, memory_order_relaxed);
}

/* All but one at once, and now and then a sleep of the machine, which takes seconds. */
static void freeze(struct actor *me)
{
	unsigned int first = torture_any_cpu(&me->random);
	int err;

	if (!cpumask_test_cpu(first, cpu_online_mask))
		return;
	atomic_fetch_add_explicit(&hart_moves.offlines, num_online_cpus() - 1,
				  memory_order_relaxed);
	err = freeze_secondary_cpus(first);
	if (err) {
		torture_fault(FAULT_ANSWER, "all but cpu%u are not brought down: error %d", first,
			      err);
		return;
	}
	if (num_online_cpus() != 1 || smp_processor_id() != first)
		torture_fault(FAULT_ANSWER, "%u cpus are left beside cpu%u", num_online_cpus(),
			      first);
	if (sbi_probe(SBI_EXT_SUSP) && !(atomic_load(&hart_moves.freezes) % 64))
		sleep_whole();
	thaw_secondary_cpus();
	atomic_fetch_add_explicit(&hart_moves.freezes, 1, memory_order_relaxed);
}

static void act_turns(struct actor *me)
{
	if (turns_done() < torture_turns() && turns_take())
		did(me);
}

void act_hotplug(struct actor *me)
{
	unsigned int cpu = torture_any_cpu(&me->random);
	bool up = !cpumask_test_cpu(cpu, cpu_online_mask);

	if (torture_turns())
		act_turns(me);
	else if (torture_mixes(MIX_FREEZE) && !random_below(&me->random, 32))
		freeze(me);
	else if (up)
		move(me, cpu, true);
	/* So that more than half of them are up most of the time. */
	else if (num_online_cpus() > 1 && random_below(&me->random, 2))
		move(me, cpu, false);
}

void end_hotplug(void)
{
	unsigned int cpu;

	for_each_possible_cpu (cpu) {
		if (!torturers[cpu])
			continue;
		cpuhp_fail_set(CPUHP_INVALID, cpu, true);
		if (!cpumask_test_cpu(cpu, cpu_online_mask) && cpu_up(cpu))
			torture_fault(FAULT_ANSWER, "cpu%u does not come back", cpu);
	}
}

uint64_t actors_offlines(void)
{
	return atomic_load_explicit(&hart_moves.offlines, memory_order_relaxed);
}
