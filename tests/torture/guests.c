/* SPDX-License-Identifier: BSD-2-Clause */
/* An actor: per-cpu threads come and go, also while harts do. */
#include "core/cpu.h"
#include "tests/torture/actors.h"
#include "threads/smpboot.h"

static DEFINE_PER_CPU(struct task_struct *, guests);
static _Atomic uint64_t guests_set_up, guests_cleaned;

static int guest_should_run(unsigned int cpu)
{
	(void)cpu;
	return false;
}

static void guest_run(unsigned int cpu)
{
	torture_fault(FAULT_PLACE, "a thread of cpu%u runs for nothing", cpu);
}

static void expect_here(unsigned int cpu)
{
	if (cpu != smp_processor_id())
		torture_fault(FAULT_PLACE, "a thread of cpu%u runs on cpu%u", cpu,
			      smp_processor_id());
}

static void guest_setup(unsigned int cpu)
{
	expect_here(cpu);
	atomic_fetch_add_explicit(&guests_set_up, 1, memory_order_relaxed);
}

static void guest_cleanup(unsigned int cpu, bool online)
{
	(void)cpu;
	(void)online;
	atomic_fetch_add_explicit(&guests_cleaned, 1, memory_order_relaxed);
}

static struct smp_hotplug_thread guest_threads = {
	.store = &guests,
	.thread_should_run = guest_should_run,
	.thread_fn = guest_run,
	.setup = guest_setup,
	.cleanup = guest_cleanup,
	.park = expect_here,
	.unpark = expect_here,
	.thread_comm = "guest/%u",
};

int begin_smpboot(void)
{
	guests_set_up = guests_cleaned = 0;
	return 0;
}

void act_smpboot(struct actor *me)
{
	int err = smpboot_register_percpu_thread(&guest_threads);

	if (err) {
		torture_fault(FAULT_ANSWER, "threads are not registered: error %d", err);
		return;
	}
	usleep(random_below(&me->random, 1000));
	err = smpboot_unregister_percpu_thread(&guest_threads);
	if (err)
		torture_fault(FAULT_ANSWER, "threads are not unregistered: error %d", err);
	if (atomic_load(&guests_set_up) != atomic_load(&guests_cleaned))
		torture_fault(FAULT_LOST, "%lu threads were set up, %lu cleaned up",
			      atomic_load(&guests_set_up), atomic_load(&guests_cleaned));
	did(me);
}
