/* SPDX-License-Identifier: BSD-2-Clause */
/* External interrupts arrive, once, at the hart that they are routed to. */
#include <errno.h>
#include <stdatomic.h>

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "core/time.h"
#include "drivers/imsic.h"
#include "drivers/irq.h"
#include "drivers/uart.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"

static bool has_interrupt(struct uart *u)
{
	return u && u->irq > 0;
}

KTEST(irq, arrives)
{
	struct uart *u = uart_console();
	struct irq_info before, after;

	if (!has_interrupt(u))
		KTEST_SKIP("the console has no interrupt");
	KTEST_EXPECT_EQ(irq_get_info(u->irq, &before), 0);
	KTEST_EXPECT(!before.masked);
	for (int i = 0; i < 100; i++) {
		if (!KTEST_EXPECT_EQ(uart_prove_irq(u), before.cpu))
			break;
	}
	KTEST_EXPECT_EQ(irq_get_info(u->irq, &after), 0);
	/* Typing adds some, and a level may be looked at twice (QEMU's APLIC); one that comes for
	 * ever adds thousands. */
	KTEST_EXPECT(after.count >= before.count + 100);
	KTEST_EXPECT(after.count < before.count + 1000);
}

KTEST(irq, unknown)
{
	struct irq_info info;

	KTEST_EXPECT_EQ(irq_get_info(0, &info), -ENOENT);
	KTEST_EXPECT_EQ(irq_get_info(1 << 30, &info), -ENOENT);
	KTEST_EXPECT_EQ(irq_set_affinity(1 << 30, 0), -ENOENT);
	KTEST_EXPECT_EQ(irq_disable(1 << 30), -ENOENT);
}

/* To every hart and back; a controller need not reach them all, but then says so. */
KTEST(irq, routes)
{
	struct uart *u = uart_console();
	struct irq_info home, info;
	unsigned int cpu;

	if (!has_interrupt(u))
		KTEST_SKIP("the console has no interrupt");
	irq_get_info(u->irq, &home);
	KTEST_EXPECT_EQ(irq_set_affinity(u->irq, nr_cpu_ids), -ENXIO);
	for_each_possible_cpu (cpu) {
		int err = irq_set_affinity(u->irq, cpu);

		if (!cpumask_test_cpu(cpu, cpu_online_mask)) {
			KTEST_EXPECT_EQ(err, -ENXIO);
			continue;
		}
		if (err == -ENXIO)
			continue;
		KTEST_EXPECT_EQ(err, 0);
		irq_get_info(u->irq, &info);
		KTEST_EXPECT_EQ(info.cpu, cpu);
		KTEST_EXPECT_EQ(uart_prove_irq(u), cpu);
	}
	KTEST_EXPECT_EQ(irq_set_affinity(u->irq, home.cpu), 0);
	KTEST_EXPECT_EQ(uart_prove_irq(u), home.cpu);
}

struct count {
	_Atomic unsigned int *word;
	unsigned int want;
};

static bool count_reached(void *arg)
{
	struct count *count = arg;

	return atomic_load(count->word) >= count->want;
}

/* Moved while they are under way: each must still arrive, at one hart or the other. */
KTEST(irq, move_while_pending)
{
	struct uart *u = uart_console();
	struct irq_info home;
	struct held held;
	int other = -1;
	unsigned int cpu;

	if (!has_interrupt(u))
		KTEST_SKIP("the console has no interrupt");
	irq_get_info(u->irq, &home);
	for_each_online_cpu (cpu) {
		if (cpu != home.cpu && !irq_set_affinity(u->irq, cpu))
			other = (int)cpu;
	}
	if (other < 0)
		KTEST_SKIP("no second hart that the console's interrupt can be routed to");
	KTEST_EXPECT_EQ(irq_set_affinity(u->irq, home.cpu), 0);
	for (int i = 0; i < 20; i++) {
		unsigned int proved = atomic_load(&u->proved);
		struct count count = {&u->proved, proved + 1};

		unsigned long flags = local_irq_save();
		atomic_store(&u->proving, 1);
		u->ops->listen(u, true);
		/* Pending at home, where interrupts are off, and now somebody else's. */
		int err = irq_set_affinity(u->irq, (unsigned int)other);
		local_irq_restore(flags);
		KTEST_EXPECT_EQ(err, 0);
		poll_until(count_reached, &count, deadline_ms(1000));
		KTEST_EXPECT_EQ(atomic_load(&u->proved), proved + 1);
		KTEST_EXPECT_EQ(irq_set_affinity(u->irq, home.cpu), 0);
	}
	/* It may have arrived at both, and one of them be late: it is taken before a thread runs. */
	KTEST_EXPECT(hold_in_job(&held, (unsigned int)other));
	KTEST_EXPECT(let_go(&held));
	KTEST_EXPECT_EQ(uart_prove_irq(u), home.cpu);
}

KTEST(irq, nothing_spurious)
{
	struct uart *u = uart_console();

	if (!has_interrupt(u))
		KTEST_SKIP("the console has no interrupt");
	unsigned long before = irq_spurious(smp_processor_id());
	for (int i = 0; i < 10; i++)
		uart_prove_irq(u);
	KTEST_EXPECT_EQ(irq_spurious(smp_processor_id()), before);
}

/* Per cpu, counted where it arrives. */
static DEFINE_PER_CPU(_Atomic unsigned int, arrived);

static void count_msi(unsigned int id, void *arg)
{
	(void)id;
	(void)arg;
	_Atomic unsigned int *here = this_cpu_ptr(&arrived);

	atomic_fetch_add(here, 1);
}

static int test_id; /* taken at the first run: ids are not given back */

static int msi_id(void)
{
	if (!test_id)
		test_id = imsic_alloc_id(count_msi, NULL, true);
	return test_id;
}

static bool wait_arrived(unsigned int cpu, unsigned int count)
{
	struct count arrivals = {per_cpu_ptr(&arrived, cpu), count};

	poll_until(count_reached, &arrivals, deadline_ms(1000));
	return atomic_load(arrivals.word) == count;
}

KTEST(irq, msi_to_self)
{
	unsigned int self = smp_processor_id();

	if (!imsic_present())
		KTEST_SKIP("no IMSICs");
	int id = msi_id();
	if (!KTEST_EXPECT(id > 0))
		return;
	atomic_store(this_cpu_ptr(&arrived), 0);
	for (unsigned int i = 1; i <= 10; i++) {
		imsic_send(self, (unsigned int)id);
		KTEST_EXPECT(wait_arrived(self, i));
	}
	/* Those that are not taken in between are one. */
	unsigned long flags = local_irq_save();
	for (int i = 0; i < 3; i++)
		imsic_send(self, (unsigned int)id);
	KTEST_EXPECT_EQ(atomic_load(this_cpu_ptr(&arrived)), 10);
	local_irq_restore(flags);
	KTEST_EXPECT(wait_arrived(self, 11));
	udelay(1000);
	KTEST_EXPECT_EQ(atomic_load(this_cpu_ptr(&arrived)), 11);
}

KTEST(irq, msi_to_others)
{
	struct uart *u = uart_console();
	struct irq_info home;
	unsigned int cpu;

	if (!imsic_present())
		KTEST_SKIP("no IMSICs");
	if (!has_interrupt(u))
		KTEST_SKIP("no interrupt that could be routed to make other harts ready");
	int id = msi_id();
	if (!KTEST_EXPECT(id > 0))
		return;
	irq_get_info(u->irq, &home);
	for_each_online_cpu (cpu) {
		if (!imsic_reaches(cpu))
			continue;
		KTEST_EXPECT_EQ(irq_set_affinity(u->irq, cpu), 0);
		atomic_store(per_cpu_ptr(&arrived, cpu), 0);
		for (unsigned int i = 1; i <= 5; i++) {
			imsic_send(cpu, (unsigned int)id);
			KTEST_EXPECT(wait_arrived(cpu, i));
		}
	}
	KTEST_EXPECT_EQ(irq_set_affinity(u->irq, home.cpu), 0);
}

/* An id that nobody asked for must be silenced, and never be given to anybody afterwards. */
KTEST(irq, msi_stray)
{
	static bool done;

	if (!imsic_present())
		KTEST_SKIP("no IMSICs");
	if (done)
		KTEST_SKIP("costs an id: once a boot");
	done = true;
	int first = imsic_alloc_id(count_msi, NULL, true);
	if (!KTEST_EXPECT(first > 0))
		return;
	atomic_store(this_cpu_ptr(&arrived), 0);
	imsic_send(smp_processor_id(), (unsigned int)first + 1);
	udelay(1000);
	KTEST_EXPECT(imsic_alloc_id(count_msi, NULL, true) > first + 1);
	imsic_send(smp_processor_id(), (unsigned int)first + 1);
	udelay(1000);
	KTEST_EXPECT_EQ(atomic_load(this_cpu_ptr(&arrived)), 0);
}
