/* SPDX-License-Identifier: BSD-2-Clause */
/* What was a hart's own lives on when it goes down: timers, irq_works, threads, interrupts. */
#include <errno.h>
#include <stdatomic.h>

#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/page.h"
#include "core/time.h"
#include "core/timer.h"
#include "drivers/irq.h"
#include "drivers/uart.h"
#include "ipi/call.h"
#include "ipi/irq_work.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/hotplug.h"
#include "threads/completion.h"
#include "threads/kthread.h"

struct alarm {
	struct timer_list timer;
	_Atomic unsigned int rang;
};

static void ring(struct timer_list *timer)
{
	atomic_fetch_add(&container_of(timer, struct alarm, timer)->rang, 1);
}

static bool arm_on(struct alarm *alarm, unsigned int cpu, uint64_t ms)
{
	timer_setup(&alarm->timer, ring);
	alarm->timer.expires = deadline_ms(ms);
	return !add_timer_on(&alarm->timer, cpu);
}

KTEST(hotplug, timers_move)
{
	unsigned int cpu;

	if (cannot_hotplug())
		KTEST_SKIP(cannot_hotplug());
	for_each_online_cpu (cpu) {
		struct alarm near = {.rang = 0}, far = {.rang = 0};

		KTEST_EXPECT(arm_on(&near, cpu, deterministic ? 20 : 200));
		KTEST_EXPECT(arm_on(&far, cpu, 1000000));
		KTEST_EXPECT_EQ(cpu_down(cpu), 0);
		KTEST_EXPECT_EQ(timers_pending_on(cpu), 0);
		KTEST_EXPECT(timer_pending(&far.timer));
		KTEST_EXPECT(reaches(&near.rang, 1));
		KTEST_EXPECT_EQ(add_timer_on(&near.timer, cpu), -ENXIO);
		KTEST_EXPECT_EQ(cpu_up(cpu), 0);
		KTEST_EXPECT_EQ(atomic_load(&near.rang), 1);
		KTEST_EXPECT_EQ(timer_delete_sync(&far.timer), 1);
		KTEST_EXPECT_EQ(atomic_load(&far.rang), 0);
	}
	go_to_cpu(0);
}

static _Atomic unsigned int works_run;

static void run_work(struct irq_work *work)
{
	(void)work;
	atomic_fetch_add(&works_run, 1);
}

static void queue_lazily(void *work)
{
	irq_work_queue(work);
}

KTEST(hotplug, irq_works_run)
{
	unsigned int cpu, due = 0;

	if (cannot_hotplug())
		KTEST_SKIP(cannot_hotplug());
	atomic_store(&works_run, 0);
	for_each_online_cpu (cpu) {
		struct irq_work work = IRQ_WORK_INIT(run_work), lazy = IRQ_WORK_INIT_LAZY(run_work);

		if (cpu == smp_processor_id())
			go_to_cpu(cpumask_next(cpu, cpu_online_mask) < nr_cpu_ids
					  ? cpumask_next(cpu, cpu_online_mask)
					  : 0);
		KTEST_EXPECT_EQ(smp_call_function_single(cpu, queue_lazily, &lazy, true), 0);
		KTEST_EXPECT_EQ(irq_work_queue_on(&work, cpu), 0);
		KTEST_EXPECT_EQ(cpu_down(cpu), 0);
		due += 2;
		KTEST_EXPECT_EQ(atomic_load(&works_run), due);
		KTEST_EXPECT(!irq_work_is_busy(&work) && !irq_work_is_busy(&lazy));
		KTEST_EXPECT_EQ(irq_work_queue_on(&work, cpu), -ENXIO);
		KTEST_EXPECT_EQ(cpu_up(cpu), 0);
	}
	KTEST_EXPECT_EQ(atomic_load(&works_run), due);
	go_to_cpu(0);
}

/* A thread that may run on one cpu only: asleep there, or at work. */
struct guest {
	struct completion go;
	_Atomic unsigned int turns, cpu;
	unsigned int favourite;
	bool busy;
};

static int guest_main(void *data)
{
	struct guest *guest = data;

	while (!kthread_should_stop()) {
		atomic_store(&guest->cpu, smp_processor_id());
		atomic_fetch_add(&guest->turns, 1);
		if (guest->busy)
			cpu_relax();
		else
			wait_for_completion(&guest->go);
	}
	return 0;
}

static bool guest_there(void *data)
{
	struct guest *guest = data;

	return atomic_load(&guest->cpu) == guest->favourite;
}

static bool guest_elsewhere(void *data)
{
	return !guest_there(data);
}

static void thread_survives(struct ktest_run *run, unsigned int cpu, bool busy)
{
	struct guest guest = {.busy = busy, .cpu = CPU_ANY, .favourite = cpu};
	struct cpumask *mask = cpumask_alloc(NUMA_NO_NODE);
	struct task_struct *task;

	init_completion(&guest.go);
	task = kthread_create(guest_main, &guest, "guest");
	if (!KTEST_EXPECT(mask && !IS_ERR(task)))
		return;
	cpumask_set_cpu(cpu, mask);
	KTEST_EXPECT_EQ(set_cpus_allowed_ptr(task, mask), 0);
	wake_up_process(task);
	KTEST_EXPECT(soon(guest_there, &guest));
	KTEST_EXPECT_EQ(cpu_down(cpu), 0);
	complete(&guest.go);
	KTEST_EXPECT(soon(guest_elsewhere, &guest));
	KTEST_EXPECT(reaches(&guest.turns, 2));
	KTEST_EXPECT_EQ(cpu_up(cpu), 0);
	complete_all(&guest.go);
	KTEST_EXPECT_EQ(kthread_stop(task), 0);
	cpumask_free(mask);
}

KTEST(hotplug, threads_move)
{
	unsigned int cpu;

	if (cannot_hotplug())
		KTEST_SKIP(cannot_hotplug());
	for_each_online_cpu (cpu) {
		thread_survives(run, cpu, false);
		thread_survives(run, cpu, true);
	}
	go_to_cpu(0);
}

static bool is_asleep(void *task)
{
	return !(atomic_load(&((struct task_struct *)task)->home) & TASK_ON_RQ);
}

/* One that sleeps on a cpu that is down is there in name only: it goes where it is sent at once. */
KTEST(hotplug, sleeper_is_sent_elsewhere)
{
	struct guest guest = {.cpu = CPU_ANY};
	struct cpumask *mask = cpumask_alloc(NUMA_NO_NODE);
	unsigned int here = smp_processor_id();
	struct task_struct *task;

	if (cannot_hotplug())
		KTEST_SKIP(cannot_hotplug());
	init_completion(&guest.go);
	guest.favourite = nth_other_cpu(0);
	task = kthread_create(guest_main, &guest, "guest");
	if (!KTEST_EXPECT(mask && !IS_ERR(task)))
		return;
	cpumask_set_cpu(guest.favourite, mask);
	KTEST_EXPECT_EQ(set_cpus_allowed_ptr(task, mask), 0);
	wake_up_process(task);
	KTEST_EXPECT(soon(guest_there, &guest) && soon(is_asleep, task));
	KTEST_EXPECT_EQ(cpu_down(guest.favourite), 0);
	cpumask_clear(mask);
	cpumask_set_cpu(here, mask);
	KTEST_EXPECT_EQ(set_cpus_allowed_ptr(task, mask), 0);
	KTEST_EXPECT_EQ(task_cpu(task), here);
	KTEST_EXPECT_EQ(cpu_up(guest.favourite), 0);
	complete_all(&guest.go);
	KTEST_EXPECT(soon(guest_elsewhere, &guest));
	KTEST_EXPECT_EQ(kthread_stop(task), 0);
	cpumask_free(mask);
}

/* Who takes its own cpu down goes on on another that its affinity allows, though lower ones are up. */
KTEST(hotplug, who_asks_goes_where_it_may)
{
	struct cpumask *mask = cpumask_alloc(NUMA_NO_NODE);
	unsigned int cpu;

	if (cannot_hotplug() || num_online_cpus() < 3)
		KTEST_SKIP(cannot_hotplug() ? cannot_hotplug() : "fewer than three harts");
	if (!KTEST_EXPECT(mask))
		return;
	go_to_cpu(0);
	cpumask_set_cpu(nth_other_cpu(0), mask);
	cpumask_set_cpu(nth_other_cpu(1), mask);
	KTEST_EXPECT_EQ(set_cpus_allowed_ptr(current, mask), 0);
	for (int i = 0; i < 2; i++) {
		cpu = task_cpu(current);
		KTEST_EXPECT_EQ(cpu_down(cpu), 0);
		KTEST_EXPECT(task_cpu(current) != cpu);
		KTEST_EXPECT(cpumask_test_cpu(task_cpu(current), mask));
		KTEST_EXPECT_EQ(cpu_up(cpu), 0);
	}
	KTEST_EXPECT_EQ(set_cpus_allowed_ptr(current, cpu_possible_mask), 0);
	cpumask_free(mask);
	go_to_cpu(0);
}

KTEST(hotplug, console_interrupt_moves)
{
	struct uart *uart = uart_console();
	struct irq_info info;
	int cpu;

	if (cannot_hotplug())
		KTEST_SKIP(cannot_hotplug());
	if (!uart || uart->irq <= 0 || irq_get_info(uart->irq, &info))
		KTEST_SKIP("the console has no interrupt");
	cpu = uart_prove_irq(uart);
	KTEST_EXPECT_EQ(cpu, info.cpu);
	KTEST_EXPECT_EQ(cpu_down(info.cpu), 0);
	cpu = uart_prove_irq(uart);
	KTEST_EXPECT(cpu >= 0 && cpu != (int)info.cpu);
	KTEST_EXPECT_EQ(cpu_up(info.cpu), 0);
	KTEST_EXPECT(uart_prove_irq(uart) >= 0);
	go_to_cpu(0);
}
