/* SPDX-License-Identifier: BSD-2-Clause */
/* irq_work: here and elsewhere, soon or lazily, once for each time it was accepted. */
#include "ipi/irq_work.h"

#include <errno.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/run_on.h"

static _Atomic unsigned int runs;
static unsigned int last_cpu;
static bool irqs_were_off, was_busy;

static void see(struct irq_work *work)
{
	last_cpu = smp_processor_id();
	irqs_were_off = irqs_disabled();
	was_busy = irq_work_is_busy(work);
	atomic_fetch_add(&runs, 1);
}

KTEST(irq_work, here)
{
	struct irq_work work = IRQ_WORK_INIT(see);
	unsigned long flags;

	atomic_store(&runs, 0);
	flags = local_irq_save();
	KTEST_EXPECT(irq_work_queue(&work));
	KTEST_EXPECT(irq_work_is_busy(&work));
	/* Pending: one run for both. */
	KTEST_EXPECT(!irq_work_queue(&work));
	KTEST_EXPECT_EQ(irq_work_queue_on(&work, smp_processor_id()), -EBUSY);
	KTEST_EXPECT_EQ(atomic_load(&runs), 0);
	local_irq_restore(flags);
	irq_work_sync(&work);
	KTEST_EXPECT_EQ(atomic_load(&runs), 1);
	KTEST_EXPECT_EQ(last_cpu, smp_processor_id());
	KTEST_EXPECT(irqs_were_off);
	KTEST_EXPECT(was_busy);
	KTEST_EXPECT(!irq_work_is_busy(&work));
	for (unsigned int i = 2; i <= 10; i++) {
		KTEST_EXPECT(irq_work_queue(&work));
		KTEST_EXPECT(reaches(&runs, i));
	}
	irq_work_sync(&work);
}

KTEST(irq_work, nonsense)
{
	struct irq_work work = IRQ_WORK_INIT(see), empty = IRQ_WORK_INIT(NULL);

	atomic_store(&runs, 0);
	KTEST_EXPECT_EQ(irq_work_queue_on(&work, nr_cpu_ids), -ENXIO);
	KTEST_EXPECT_EQ(irq_work_queue_on(&work, -1U), -ENXIO);
	KTEST_EXPECT_EQ(irq_work_queue_on(&empty, smp_processor_id()), -EINVAL);
	KTEST_EXPECT(!irq_work_is_busy(&work));
	KTEST_EXPECT(!irq_work_is_busy(&empty));
	irq_work_sync(&work);
	KTEST_EXPECT_EQ(atomic_load(&runs), 0);
}

KTEST(irq_work, elsewhere)
{
	struct irq_work work = IRQ_WORK_INIT(see), lazy = IRQ_WORK_INIT_LAZY(see);
	unsigned int cpu, n = 0;

	atomic_store(&runs, 0);
	for_each_online_cpu (cpu) {
		KTEST_EXPECT_EQ(irq_work_queue_on(&work, cpu), 0);
		irq_work_sync(&work);
		KTEST_EXPECT_EQ(atomic_load(&runs), ++n);
		KTEST_EXPECT_EQ(last_cpu, cpu);
		/* To another cpu a lazy one goes as any other does. */
		KTEST_EXPECT_EQ(irq_work_queue_on(&lazy, cpu), 0);
		irq_work_sync(&lazy);
		KTEST_EXPECT_EQ(atomic_load(&runs), ++n);
		KTEST_EXPECT_EQ(last_cpu, cpu);
	}
}

KTEST(irq_work, busy_elsewhere)
{
	struct irq_work work = IRQ_WORK_INIT(see);
	unsigned int cpu = nth_other_cpu(0);
	struct held held;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	atomic_store(&runs, 0);
	KTEST_EXPECT(hold_in_call(&held, cpu));
	KTEST_EXPECT_EQ(irq_work_queue_on(&work, cpu), 0);
	KTEST_EXPECT_EQ(irq_work_queue_on(&work, cpu), -EBUSY);
	KTEST_EXPECT(!irq_work_queue(&work));
	KTEST_EXPECT(irq_work_is_busy(&work));
	KTEST_EXPECT_EQ(atomic_load(&runs), 0);
	KTEST_EXPECT(let_go(&held));
	irq_work_sync(&work);
	KTEST_EXPECT_EQ(atomic_load(&runs), 1);
}

/*
 * Nothing is raised for a lazy one: it comes along with the next interrupt, or when its waiter asks
 * for one.
 */
KTEST(irq_work, lazy)
{
	struct irq_work work = IRQ_WORK_INIT(see), lazy = IRQ_WORK_INIT_LAZY(see);
	unsigned long flags = local_irq_save();

	atomic_store(&runs, 0);
	KTEST_EXPECT(irq_work_queue(&lazy));
	KTEST_EXPECT(!(csr_read(CSR_SIP) & SIE_SSIE));
	KTEST_EXPECT(call_queue_has_work());
	KTEST_EXPECT(irq_work_queue(&work));
	KTEST_EXPECT(csr_read(CSR_SIP) & SIE_SSIE);
	local_irq_restore(flags);
	irq_work_sync(&work);
	KTEST_EXPECT_EQ(atomic_load(&runs), 2);
	KTEST_EXPECT(!irq_work_is_busy(&lazy));
	KTEST_EXPECT(irq_work_queue(&lazy));
	irq_work_sync(&lazy);
	KTEST_EXPECT_EQ(atomic_load(&runs), 3);
}

static void queue_lazy(void *arg)
{
	irq_work_queue(arg);
}

/* Left behind by what a hart did last, it is run before the hart sleeps. */
KTEST(irq_work, lazy_before_idle)
{
	struct irq_work lazy = IRQ_WORK_INIT_LAZY(see);
	unsigned int cpu = nth_other_cpu(0);

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	atomic_store(&runs, 0);
	KTEST_EXPECT_EQ(run_on(cpu, queue_lazy, &lazy), 0);
	KTEST_EXPECT(reaches(&runs, 1));
	KTEST_EXPECT_EQ(last_cpu, cpu);
	irq_work_sync(&lazy);
}

static void again(struct irq_work *work)
{
	if (atomic_fetch_add(&runs, 1) < 19)
		irq_work_queue(work);
}

static void elsewhere_again(struct irq_work *work)
{
	unsigned int here = smp_processor_id(), next = cpumask_next(here, cpu_online_mask);

	if (atomic_fetch_add(&runs, 1) < 19)
		irq_work_queue_on(work, next < nr_cpu_ids ? next : cpumask_first(cpu_online_mask));
}

static bool idle_again(void *arg)
{
	return !irq_work_is_busy(arg);
}

/*
 * From its own function it can be queued again: here, or elsewhere, where it may run before the
 * function is over.
 */
KTEST(irq_work, queues_itself)
{
	struct irq_work work = IRQ_WORK_INIT(again), hopping = IRQ_WORK_INIT(elsewhere_again);

	atomic_store(&runs, 0);
	KTEST_EXPECT(irq_work_queue(&work));
	KTEST_EXPECT(reaches(&runs, 20));
	irq_work_sync(&work);
	KTEST_EXPECT_EQ(atomic_load(&runs), 20);
	atomic_store(&runs, 0);
	KTEST_EXPECT(irq_work_queue(&hopping));
	KTEST_EXPECT(reaches(&runs, 20));
	KTEST_EXPECT(soon(idle_again, &hopping));
	KTEST_EXPECT_EQ(atomic_load(&runs), 20);
}

static void go_down_and_up(void *arg)
{
	unsigned long flags = local_irq_save();

	irq_work_queue(arg);
	smpcfd_dying_cpu();
	if (call_queue_has_work())
		atomic_fetch_add(&runs, 1000);
	csr_clear(CSR_SIP, SIE_SSIE);
	smpcfd_online_cpu();
	local_irq_restore(flags);
}

/* A hart that goes down runs what is left, also what that queues. */
KTEST(irq_work, runs_when_the_hart_goes_down)
{
	struct irq_work lazy = IRQ_WORK_INIT_LAZY(again);
	unsigned int cpu = nth_other_cpu(0);

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	atomic_store(&runs, 0);
	KTEST_EXPECT_EQ(run_on(cpu, go_down_and_up, &lazy), 0);
	KTEST_EXPECT(soon(job_done, &cpu));
	KTEST_EXPECT_EQ(atomic_load(&runs), 20);
	KTEST_EXPECT(calls_balance());
}
