/* SPDX-License-Identifier: BSD-2-Clause */
/* Per-cpu threads come and go while harts do. */
#include <stdatomic.h>

#include "core/cpu.h"
#include "core/random.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/hotplug.h"
#include "threads/kthread.h"
#include "threads/smpboot.h"

static DEFINE_PER_CPU(struct task_struct *, guests);
static DEFINE_PER_CPU(unsigned int, guest_wishes);
static _Atomic unsigned int guests_set_up, guests_gone, guests_parked, guests_unparked, guests_lost;

static void expect_here(unsigned int cpu)
{
	if (cpu != smp_processor_id())
		count_call(&guests_lost);
}

static int guest_should_run(unsigned int cpu)
{
	return (int)per_cpu(guest_wishes, cpu);
}

static void guest_run(unsigned int cpu)
{
	per_cpu(guest_wishes, cpu) = 0;
	expect_here(cpu);
}

static void guest_setup(unsigned int cpu)
{
	expect_here(cpu);
	count_call(&guests_set_up);
}

static void guest_cleanup(unsigned int cpu, bool online)
{
	if (online)
		expect_here(cpu);
	count_call(&guests_gone);
}

static void guest_park(unsigned int cpu)
{
	expect_here(cpu);
	count_call(&guests_parked);
}

static void guest_unpark(unsigned int cpu)
{
	expect_here(cpu);
	count_call(&guests_unparked);
}

static int cycler_main(void *failures)
{
	uint64_t random = 1;

	while (!kthread_should_stop()) {
		unsigned int cpu = (unsigned int)random_below(&random, nr_cpu_ids);

		if (!cpumask_test_cpu(cpu, cpu_online_mask))
			continue;
		if (cpu_down(cpu) || cpu_up(cpu))
			count_call(failures);
		else
			count_call((_Atomic unsigned int *)failures + 1);
	}
	return 0;
}

KTEST(hotplug, percpu_threads_come_and_go)
{
	static struct smp_hotplug_thread guest_threads = {
		.store = &guests,
		.thread_should_run = guest_should_run,
		.thread_fn = guest_run,
		.setup = guest_setup,
		.cleanup = guest_cleanup,
		.park = guest_park,
		.unpark = guest_unpark,
		.thread_comm = "guest/%u",
	};
	_Atomic unsigned int cycler[2] = {0}; /* failed, done */
	struct task_struct *task;
	unsigned int cpu;

	if (cannot_hotplug())
		KTEST_SKIP(cannot_hotplug());
	guests_set_up = guests_gone = guests_parked = guests_unparked = guests_lost = 0;
	task = kthread_run(cycler_main, cycler, "cycler");
	if (!KTEST_EXPECT(!IS_ERR(task)))
		return;
	for (unsigned int round = 0; round < 8; round++) {
		KTEST_EXPECT_EQ(smpboot_register_percpu_thread(&guest_threads), 0);
		for_each_online_cpu (cpu) {
			per_cpu(guest_wishes, cpu) = 1;
			cpus_read_lock();
			if (per_cpu(guests, cpu))
				wake_up_process(per_cpu(guests, cpu));
			cpus_read_unlock();
		}
		KTEST_EXPECT(reaches(&cycler[1], get(&cycler[1]) + 2));
		KTEST_EXPECT_EQ(smpboot_unregister_percpu_thread(&guest_threads), 0);
		KTEST_EXPECT_EQ(get(&guests_set_up), get(&guests_gone));
		/* Who was parked when it ended was not unparked. */
		KTEST_EXPECT(get(&guests_parked) >= get(&guests_unparked));
		for_each_possible_cpu (cpu)
			KTEST_EXPECT(!percpu_base[cpu] || !per_cpu(guests, cpu));
	}
	KTEST_EXPECT_EQ(kthread_stop(task), 0);
	KTEST_EXPECT(get(&guests_set_up) > 0);
	KTEST_EXPECT(get(&guests_parked) > 0);
	KTEST_EXPECT(get(&guests_unparked) > 0);
	KTEST_EXPECT_EQ(get(&guests_lost), 0);
	KTEST_EXPECT_EQ(get(&cycler[0]), 0);
	go_to_cpu(0);
}
