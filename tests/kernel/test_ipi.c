/* SPDX-License-Identifier: BSD-2-Clause */
/* The line: reasons, how often it is raised, whom it reaches, and what happens when it is lost. */
#include "ipi/ipi.h"
#include "ipi/irq_work.h"

#include <string.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/cpumask.h"
#include "core/page.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/time.h"
#include "ipi/backend.h"
#include "ipi/backtrace.h"
#include "ipi/deaf.h"
#include "ipi/call.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"

static uint64_t interrupts_of(unsigned int cpu)
{
	struct call_totals t;

	call_stats_of(cpu, &t);
	return t.interrupts;
}

static uint64_t rings_here(void)
{
	struct call_totals t;

	call_stats_of(smp_processor_id(), &t);
	return t.rings;
}

struct arrival {
	unsigned int cpu;
	uint64_t before;
};

static bool arrived(void *arg)
{
	struct arrival *arrival = arg;

	return interrupts_of(arrival->cpu) > arrival->before;
}

/* One ring after the other to each hart, awake and asleep; then all at once. */
KTEST(ipi, reaches_every_hart)
{
	struct cpumask *mask = cpumask_alloc(NUMA_NO_NODE);
	unsigned int cpu;

	if (nth_other_cpu(0) >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	if (!KTEST_EXPECT(mask))
		return;
	for (unsigned int i = 0; i < 10; i++) {
		for_each_online_cpu (cpu) {
			struct arrival arrival = {cpu, interrupts_of(cpu)};

			ipi_ring(cpu);
			KTEST_EXPECT(soon(arrived, &arrival));
		}
	}
	cpumask_copy(mask, cpu_online_mask);
	cpumask_clear_cpu(smp_processor_id(), mask);
	static DEFINE_PER_CPU(uint64_t, before);
	for_each_cpu (cpu, mask)
		per_cpu(before, cpu) = interrupts_of(cpu);
	KTEST_EXPECT_EQ(ipi_ring_mask(mask, cpumask_weight(mask)), 0);
	for_each_cpu (cpu, mask)
		KTEST_EXPECT(soon(arrived, &((struct arrival){cpu, per_cpu(before, cpu)})));
	cpumask_free(mask);
}

static bool is_raised(void *arg)
{
	struct arrival *arrival = arg;
	uint64_t rings = rings_here();

	arrival->before = interrupts_of(arrival->cpu);
	ipi_send_cpu(arrival->cpu, IPI_RESCHEDULE);
	return rings_here() != rings;
}

/* While a reason or a call is pending the line is not raised again. */
KTEST(ipi, rings_once)
{
	unsigned int cpu = nth_other_cpu(0);
	struct arrival arrival = {.cpu = cpu};
	struct held held;
	uint64_t before;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	KTEST_EXPECT(hold_in_call(&held, cpu));
	before = rings_here();
	for (unsigned int i = 0; i < 5; i++)
		ipi_send_cpu(cpu, IPI_RESCHEDULE);
	KTEST_EXPECT_EQ(rings_here() - before, 1);
	KTEST_EXPECT(let_go(&held));
	/* Taken, it is raised again. */
	KTEST_EXPECT(soon(is_raised, &arrival));
	KTEST_EXPECT(soon(arrived, &arrival));
}

KTEST(ipi, send_passes_self_over)
{
	struct cpumask *mask = cpumask_alloc(NUMA_NO_NODE);
	uint64_t before = rings_here();

	if (!KTEST_EXPECT(mask))
		return;
	ipi_send(mask, IPI_RESCHEDULE);
	cpumask_set_cpu(smp_processor_id(), mask);
	ipi_send(mask, IPI_RESCHEDULE);
	KTEST_EXPECT_EQ(rings_here() - before, 0);
	cpumask_free(mask);
}

KTEST(ipi, backtrace)
{
	unsigned int cpu = nth_other_cpu(0);
	unsigned int wait_ms = backtrace_wait_ms;
	int level = quiet_begin();

	/* Where an answer is due: the machine below may be busy. */
	backtrace_wait_ms = 10000;
	KTEST_EXPECT_EQ(trigger_all_cpu_backtrace(), num_online_cpus());
	KTEST_EXPECT(trigger_cpu_backtrace(smp_processor_id()));
	KTEST_EXPECT(!trigger_cpu_backtrace(nr_cpu_ids));
	KTEST_EXPECT(!trigger_cpu_backtrace(-1U));
	if (cpu < nr_cpu_ids) {
		struct held held;

		KTEST_EXPECT(trigger_cpu_backtrace(cpu));
		KTEST_EXPECT(logged("backtrace of cpu", NULL, NULL));
		/* In a call, interrupts off: named in time, unless the firmware reaches it. */
		KTEST_EXPECT(hold_in_call(&held, cpu));
		backtrace_wait_ms = wait_ms;
		KTEST_EXPECT_EQ(trigger_cpu_backtrace(cpu), deaf_can_ask(cpu));
		KTEST_EXPECT_EQ(logged("does not answer", NULL, NULL), !deaf_can_ask(cpu));
		backtrace_wait_ms = 10000;
		KTEST_EXPECT(let_go(&held));
		KTEST_EXPECT(trigger_cpu_backtrace(cpu));
	}
	backtrace_wait_ms = wait_ms;
	quiet_end(level);
}

/* The one in use is there, and it is the one that was asked for if that is. */
KTEST(ipi, backend)
{
	const struct ipi_backend *backend;
	unsigned int best = 0;
	bool listed = false;
	int state;

	for (unsigned int i = 0; (backend = ipi_backend_nth(i, &state)); i++) {
		if (backend == ipi_backend()) {
			listed = true;
			KTEST_EXPECT_EQ(state, 0);
		}
		if (!state && backend->rating > best)
			best = backend->rating;
	}
	KTEST_EXPECT(listed);
	KTEST_EXPECT(ipi_backend()->rating <= best);
	pr_info("IPIs by %s", ipi_backend()->name);
}

static void arrive(void *info)
{
	_Atomic unsigned int *runs = info;

	atomic_fetch_add(runs, 1);
}

/* A loss that nobody had time to miss, as the target looked for another reason, is none. */
#define LOSSES_MAX 20

/* Who is asked alone answers when it is rung again; of several, the others get their ring at once. */
#define ALONE_MS  20
#define OTHERS_MS 200

/* Loses a ring of this call, and returns whether somebody waited in vain. */
static bool lose_in(struct ktest_run *run, unsigned int cpu, unsigned int timeout_ms,
		    int (*call)(unsigned int cpu, _Atomic unsigned int *runs))
{
	unsigned int patience, wait_ms = backtrace_wait_ms;
	_Atomic unsigned int runs = 0;
	struct call_totals before, after;
	struct held held;
	int level;

	KTEST_EXPECT(calls_balance());
	KTEST_EXPECT(hold_in_job(&held, cpu));
	call_stats_sum(&before);
	level = quiet_begin();
	patience = set_csd_timeout_ms(timeout_ms);
	/* The answer to the report's question is due: the machine below may be busy. */
	backtrace_wait_ms = 10000;
	lose_ring(cpu);
	KTEST_EXPECT_EQ(call(cpu, &runs), 0);
	rings_restore();
	backtrace_wait_ms = wait_ms;
	set_csd_timeout_ms(patience);
	quiet_end(level);
	call_stats_sum(&after);
	KTEST_EXPECT(atomic_load(&runs) >= 1);
	KTEST_EXPECT_EQ(after.recovered - before.recovered, after.timeouts != before.timeouts);
	KTEST_EXPECT(let_go(&held));
	KTEST_EXPECT(calls_balance());
	return after.timeouts != before.timeouts;
}

/*
 * A ring that gets lost on the wire: the waiter names whom it waits for, and for what, rings once
 * more, and counts it. The target is awake, interrupts on, so that nothing but an interrupt makes
 * it look.
 */
static void lose_one(struct ktest_run *run, unsigned int timeout_ms,
		     int (*call)(unsigned int cpu, _Atomic unsigned int *runs))
{
	unsigned int cpu = nth_other_cpu(0), losses = 1;
	char target[32] = "for cpu0 to run arrive";

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	target[7] = (char)('0' + cpu % 10);
	while (!lose_in(run, cpu, deterministic ? ALONE_MS : timeout_ms, call) &&
	       losses < LOSSES_MAX)
		losses++;
	KTEST_EXPECT(losses < LOSSES_MAX);
	if (cpu < 10)
		KTEST_EXPECT(logged("waits", target, NULL));
	KTEST_EXPECT(logged("answered", NULL, NULL));
	KTEST_EXPECT(logged("backtrace of cpu", NULL, NULL));
}

static int call_and_wait(unsigned int cpu, _Atomic unsigned int *runs)
{
	return smp_call_function_single(cpu, arrive, (void *)runs, true);
}

KTEST(ipi, lost_ring)
{
	lose_one(run, ALONE_MS, call_and_wait);
}

static int call_with_interrupts_off(unsigned int cpu, _Atomic unsigned int *runs)
{
	unsigned long flags = local_irq_save();
	int err = call_and_wait(cpu, runs);

	local_irq_restore(flags);
	return err;
}

KTEST(ipi, lost_ring_interrupts_off)
{
	lose_one(run, ALONE_MS, call_with_interrupts_off);
}

/* The csd of calls without wait is still in flight when the next one, to another cpu, wants it. */
static int call_without_wait_twice(unsigned int cpu, _Atomic unsigned int *runs)
{
	int err = smp_call_function_single(cpu, arrive, (void *)runs, false);
	unsigned int next = nth_other_cpu(1);

	return err ? err
		   : smp_call_function_single(next < nr_cpu_ids ? next : cpu, arrive, (void *)runs,
					      false);
}

KTEST(ipi, lost_ring_of_call_without_wait)
{
	lose_one(run, OTHERS_MS, call_without_wait_twice);
}

static int broadcast(unsigned int cpu, _Atomic unsigned int *runs)
{
	(void)cpu;
	return smp_call_function(arrive, (void *)runs, true) == num_online_cpus() - 1 ? 0 : -1;
}

KTEST(ipi, lost_ring_of_broadcast)
{
	/* The first ring of a broadcast goes to the first other cpu. */
	lose_one(run, OTHERS_MS, broadcast);
}

static struct irq_work lost_work;
static _Atomic unsigned int *lost_work_runs;

static void arrive_as_work(struct irq_work *work)
{
	(void)work;
	atomic_fetch_add(lost_work_runs, 1);
}

static int queue_work_and_wait(unsigned int cpu, _Atomic unsigned int *runs)
{
	int err;

	lost_work_runs = runs;
	init_irq_work(&lost_work, arrive_as_work);
	err = irq_work_queue_on(&lost_work, cpu);
	irq_work_sync(&lost_work);
	return err;
}

KTEST(ipi, lost_ring_of_work)
{
	lose_one(run, ALONE_MS, queue_work_and_wait);
}
