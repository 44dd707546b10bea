/* SPDX-License-Identifier: BSD-2-Clause */
/* An actor: all harts are held, and nobody gets on with anything meanwhile. */
#include <errno.h>

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "core/time.h"
#include "tests/torture/actors.h"
#include "threads/stop_machine.h"

static _Atomic unsigned int stopped;

static uint64_t all_ops(void)
{
	uint64_t n = parkee_turns();
	unsigned int cpu;

	for_each_possible_cpu (cpu) {
		if (torturers[cpu])
			n += atomic_load_explicit(&torturers[cpu]->ops, memory_order_relaxed);
	}
	return n;
}

/* Nobody gets on with anything meanwhile. */
static int look_around(void *unused)
{
	uint64_t before = all_ops();

	(void)unused;
	atomic_fetch_add_explicit(&stopped, 1, memory_order_relaxed);
	udelay(2);
	if (!irqs_disabled() || all_ops() != before)
		torture_fault(FAULT_PLACE, "a stopped machine moves");
	return 7;
}

static int look_at_cpu(void *cpu)
{
	if (smp_processor_id() != *(unsigned int *)cpu)
		torture_fault(FAULT_PLACE, "a stopper of cpu%u runs on cpu%u", *(unsigned int *)cpu,
			      smp_processor_id());
	return 8;
}

void act_stop(struct actor *me)
{
	unsigned int cpu = torture_any_cpu(&me->random);
	bool everywhere = random_below(&me->random, 2);
	int err;

	atomic_store_explicit(&stopped, 0, memory_order_relaxed);
	err = stop_machine(look_around, NULL, everywhere ? cpu_possible_mask : NULL);
	if (err != 7 || !stopped || (!everywhere && stopped != 1))
		torture_fault(FAULT_ANSWER, "stop_machine ran on %u cpus: error %d", stopped, err);
	err = stop_one_cpu(cpu, look_at_cpu, &cpu);
	if (err != 8 && err != -ENOENT)
		torture_fault(FAULT_ANSWER, "stop_one_cpu: error %d", err);
	did(me);
}
