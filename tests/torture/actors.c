/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that each do one thing to the whole system, again and again: harts off and on above all.
 */
#include <errno.h>

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "core/printk.h"
#include "core/suspend.h"
#include "core/time.h"
#include "sbi/base.h"
#include "sbi/sbi.h"
#include "tests/torture/internal.h"
#include "threads/cpuhp.h"
#include "threads/kthread.h"
#include "threads/smpboot.h"
#include "threads/stop_machine.h"

struct actor {
	const char *name;
	enum torture_mix kind;
	/* Does it once, which it counts; may sleep. */
	void (*act)(struct actor *me);
	int (*begin)(void); /* or NULL; 0, or -ENOMEM */
	void (*end)(void);  /* or NULL; after its thread has ended */
	struct task_struct *task;
	uint64_t random;
	_Atomic uint64_t done;
};

static void did(struct actor *me)
{
	atomic_fetch_add_explicit(&me->done, 1, memory_order_relaxed);
}

static uint64_t done(const struct actor *me)
{
	return atomic_load_explicit(&me->done, memory_order_relaxed);
}

/* --- harts go down and come up --- */

static _Atomic uint64_t rows_failed, freezes, suspends, offlines;

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

	atomic_fetch_add_explicit(&offlines, !up, memory_order_relaxed);
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
		atomic_fetch_add_explicit(&rows_failed, 1, memory_order_relaxed);
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
		atomic_fetch_add_explicit(&suspends, 1, memory_order_relaxed);
}

/* All but one at once, and now and then a sleep of the machine, which takes seconds. */
static void freeze(struct actor *me)
{
	unsigned int first = torture_any_cpu(&me->random);
	int err;

	if (!cpumask_test_cpu(first, cpu_online_mask))
		return;
	atomic_fetch_add_explicit(&offlines, num_online_cpus() - 1, memory_order_relaxed);
	err = freeze_secondary_cpus(first);
	if (err) {
		torture_fault(FAULT_ANSWER, "all but cpu%u are not brought down: error %d", first,
			      err);
		return;
	}
	if (num_online_cpus() != 1 || smp_processor_id() != first)
		torture_fault(FAULT_ANSWER, "%u cpus are left beside cpu%u", num_online_cpus(),
			      first);
	if (sbi_probe(SBI_EXT_SUSP) && !(atomic_load(&freezes) % 64))
		sleep_whole();
	thaw_secondary_cpus();
	atomic_fetch_add_explicit(&freezes, 1, memory_order_relaxed);
}

static void act_turns(struct actor *me)
{
	if (turns_done() < torture_turns() && turns_take())
		did(me);
}

static void act_hotplug(struct actor *me)
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

static void end_hotplug(void)
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

/* --- a thread is parked, and goes on --- */

static struct task_struct *parkee;
static _Atomic uint64_t parkee_turns;

static int parkee_main(void *random)
{
	uint64_t stream = (uint64_t)random;

	while (!kthread_should_stop()) {
		if (kthread_should_park())
			kthread_parkme();
		atomic_fetch_add_explicit(&parkee_turns, 1, memory_order_relaxed);
		if (random_below(&stream, 2))
			yield();
		else
			usleep(random_below(&stream, 50));
	}
	return 0;
}

static int begin_park(void)
{
	parkee = kthread_run(parkee_main, (void *)1UL, "parkee");
	return IS_ERR(parkee) ? (int)PTR_ERR(parkee) : 0;
}

static void end_park(void)
{
	if (!IS_ERR(parkee))
		kthread_stop(parkee);
}

static uint64_t turns(void)
{
	return atomic_load_explicit(&parkee_turns, memory_order_relaxed);
}

static bool turns_beyond(void *before)
{
	return turns() != *(uint64_t *)before;
}

static void act_park(struct actor *me)
{
	uint64_t before;
	int err = kthread_park(parkee);

	if (err) {
		torture_fault(FAULT_ANSWER, "a thread is not parked: error %d", err);
		return;
	}
	before = turns();
	usleep(random_below(&me->random, 100));
	if (turns() != before)
		torture_fault(FAULT_PLACE, "a parked thread runs");
	kthread_unpark(parkee);
	if (random_below(&me->random, 2) && !poll_until(turns_beyond, &before, torture_patience()))
		torture_fault(FAULT_LOST, "an unparked thread does not run");
	did(me);
}

/* --- per-cpu threads come and go --- */

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

static void act_smpboot(struct actor *me)
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

/* --- all harts are held --- */

static _Atomic unsigned int stopped;

static uint64_t all_ops(void)
{
	uint64_t n = turns();
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

static void act_stop(struct actor *me)
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

/* --- all of them --- */

/* In the order in which they end: harts stand still when the rest ends. */
static struct actor actors[] = {
	{"hotplug", MIX_HOTPLUG, act_hotplug, NULL, end_hotplug, NULL, 0, 0},
	{"park", MIX_PARK, act_park, begin_park, end_park, NULL, 0, 0},
	{"smpboot", MIX_SMPBOOT, act_smpboot, NULL, NULL, NULL, 0, 0},
	{"stop", MIX_STOP, act_stop, NULL, NULL, NULL, 0, 0},
};

static int actor_main(void *data)
{
	struct actor *me = data;

	while (!kthread_should_stop()) {
		me->act(me);
		usleep(random_below(&me->random, 500));
	}
	return 0;
}

static int start(struct actor *me, uint64_t seed)
{
	int err;

	me->random = random_mix(seed + 2000 + me->kind);
	err = me->begin ? me->begin() : 0;
	if (err)
		return err;
	me->task = kthread_run(actor_main, me, "act/%s", me->name);
	if (!IS_ERR(me->task))
		return 0;
	err = (int)PTR_ERR(me->task);
	me->task = NULL;
	if (me->end)
		me->end();
	return err;
}

int actors_start(uint64_t seed)
{
	rows_failed = freezes = suspends = offlines = guests_set_up = guests_cleaned = 0;
	turns_begin();
	for (struct actor *it = actors; it < actors + ARRAY_SIZE(actors); it++)
		atomic_store_explicit(&it->done, 0, memory_order_relaxed);
	for (struct actor *it = actors; it < actors + ARRAY_SIZE(actors); it++) {
		int err = torture_mixes(it->kind) ? start(it, seed) : 0;

		if (err) {
			actors_stop();
			return err;
		}
	}
	return 0;
}

void actors_stop(void)
{
	for (struct actor *it = actors; it < actors + ARRAY_SIZE(actors); it++) {
		if (!it->task)
			continue;
		kthread_stop(it->task);
		it->task = NULL;
		if (it->end)
			it->end();
	}
}

bool actors_acted(void)
{
	for (struct actor *it = actors; it < actors + ARRAY_SIZE(actors); it++) {
		if (torture_mixes(it->kind) && !done(it))
			return false;
	}
	return turns_done() >= torture_turns();
}

uint64_t actors_offlines(void)
{
	return atomic_load_explicit(&offlines, memory_order_relaxed);
}

void actors_tell(void)
{
	printk_raw("STATS torture=threads hotplug=%lu failed_rows=%lu freezes=%lu suspends=%lu "
		   "park=%lu smpboot=%lu stop=%lu wakes=%lu",
		   done(&actors[0]), rows_failed, freezes, suspends, done(&actors[1]),
		   done(&actors[2]), done(&actors[3]), sleepers_woken());
	if (torture_turns())
		turns_tell();
	for (struct actor *it = actors; it < actors + ARRAY_SIZE(actors); it++) {
		if (torture_mixes(it->kind) && !done(it))
			printk_raw("# torture: %s has never come about", it->name);
	}
}
