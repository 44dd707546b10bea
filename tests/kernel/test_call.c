/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls to one cpu: every way to make one, in every context, with every kind of nonsense. */
#include <errno.h>

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "core/time.h"
#include "ipi/call.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/run_on.h"

/* What a call was seen to do. */
struct seen {
	_Atomic unsigned int runs;
	unsigned int cpu;
	bool irqs_off;
};

static void see(void *info)
{
	struct seen *seen = info;

	seen->cpu = smp_processor_id();
	seen->irqs_off = irqs_disabled();
	atomic_fetch_add(&seen->runs, 1);
}

KTEST(call, waits)
{
	unsigned int cpu;

	for_each_online_cpu (cpu) {
		struct seen seen = {0};

		KTEST_EXPECT_EQ(smp_call_function_single(cpu, see, &seen, true), 0);
		KTEST_EXPECT_EQ(atomic_load(&seen.runs), 1);
		KTEST_EXPECT_EQ(seen.cpu, cpu);
		KTEST_EXPECT(seen.irqs_off);
		KTEST_EXPECT(!irqs_disabled());
	}
}

KTEST(call, without_wait)
{
	unsigned int cpu;
	struct seen seen = {0};
	unsigned int n = 0;

	/* The next begins while the one before may still be on its way. */
	for (unsigned int i = 0; i < 20; i++) {
		for_each_online_cpu (cpu) {
			KTEST_EXPECT_EQ(smp_call_function_single(cpu, see, &seen, false), 0);
			n++;
		}
	}
	KTEST_EXPECT(reaches(&seen.runs, n));
	KTEST_EXPECT(calls_balance());
	KTEST_EXPECT_EQ(atomic_load(&seen.runs), n);
}

KTEST(call, nonsense)
{
	unsigned int cpu = smp_processor_id();
	struct seen seen = {0};
	call_single_data_t csd = CSD_INIT(see, &seen), empty = CSD_INIT(NULL, NULL);
	struct call_totals before, after;

	call_stats_sum(&before);
	for (int wait = 0; wait < 2; wait++) {
		KTEST_EXPECT_EQ(smp_call_function_single(nr_cpu_ids, see, &seen, wait), -ENXIO);
		KTEST_EXPECT_EQ(smp_call_function_single(-1U, see, &seen, wait), -ENXIO);
		KTEST_EXPECT_EQ(smp_call_function_single(cpu, NULL, &seen, wait), -EINVAL);
		KTEST_EXPECT_EQ(smp_call_function_single(nr_cpu_ids, NULL, &seen, wait), -EINVAL);
	}
	KTEST_EXPECT_EQ(smp_call_function_single_async(nr_cpu_ids, &csd), -ENXIO);
	KTEST_EXPECT_EQ(smp_call_function_single_async(-1U, &csd), -ENXIO);
	KTEST_EXPECT_EQ(smp_call_function_single_async(cpu, &empty), -EINVAL);
	KTEST_EXPECT_EQ(smp_call_function_single_timeout(nr_cpu_ids, see, &seen, 1000), -ENXIO);
	KTEST_EXPECT_EQ(smp_call_function_single_timeout(cpu, NULL, &seen, 1000), -EINVAL);
	call_stats_sum(&after);
	KTEST_EXPECT_EQ(after.refused - before.refused, 7);
	KTEST_EXPECT_EQ(atomic_load(&seen.runs), 0);
	/* Refused, it is free. */
	KTEST_EXPECT_EQ(smp_call_function_single_async(cpu, &csd), 0);
	KTEST_EXPECT_EQ(atomic_load(&seen.runs), 1);
}

KTEST(call, self)
{
	unsigned int self = smp_processor_id();
	struct seen seen = {0};
	call_single_data_t csd = CSD_INIT(see, &seen);
	struct call_totals before, after;
	unsigned long flags;

	call_stats_of(self, &before);
	KTEST_EXPECT_EQ(smp_call_function_single(self, see, &seen, true), 0);
	KTEST_EXPECT_EQ(smp_call_function_single(self, see, &seen, false), 0);
	KTEST_EXPECT_EQ(smp_call_function_single_async(self, &csd), 0);
	KTEST_EXPECT_EQ(smp_call_function_single_timeout(self, see, &seen, 0), 0);
	KTEST_EXPECT_EQ(atomic_load(&seen.runs), 4);
	KTEST_EXPECT(seen.irqs_off);
	KTEST_EXPECT(!irqs_disabled());
	flags = local_irq_save();
	KTEST_EXPECT_EQ(smp_call_function_single(self, see, &seen, true), 0);
	KTEST_EXPECT(irqs_disabled());
	local_irq_restore(flags);
	KTEST_EXPECT_EQ(atomic_load(&seen.runs), 5);
	call_stats_of(self, &after);
	KTEST_EXPECT_EQ(after.local - before.local, 5);
	KTEST_EXPECT_EQ(after.queued - before.queued, 0);
}

KTEST(call, async_in_flight)
{
	unsigned int cpu = nth_other_cpu(0);
	struct seen seen = {0};
	call_single_data_t csd = CSD_INIT(see, &seen);
	struct held held;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	KTEST_EXPECT(hold_in_call(&held, cpu));
	KTEST_EXPECT_EQ(smp_call_function_single_async(cpu, &csd), 0);
	KTEST_EXPECT_EQ(smp_call_function_single_async(cpu, &csd), -EBUSY);
	KTEST_EXPECT_EQ(smp_call_function_single_async(smp_processor_id(), &csd), -EBUSY);
	KTEST_EXPECT_EQ(smp_call_function_single_async(nr_cpu_ids, &csd), -ENXIO);
	KTEST_EXPECT_EQ(atomic_load(&seen.runs), 0);
	KTEST_EXPECT(let_go(&held));
	KTEST_EXPECT_EQ(atomic_load(&seen.runs), 1);
	KTEST_EXPECT_EQ(smp_call_function_single_async(cpu, &csd), 0);
	KTEST_EXPECT(reaches(&seen.runs, 2));
}

struct hops {
	call_single_data_t csd;
	_Atomic unsigned int n;
	unsigned int from, to;
	int error;
};

/* A csd is free again as soon as its function runs: it may send itself on. */
static void hop(void *info)
{
	struct hops *hops = info;
	unsigned int self = smp_processor_id();

	if (atomic_fetch_add(&hops->n, 1) < 99)
		hops->error |= smp_call_function_single_async(
			self == hops->from ? hops->to : hops->from, &hops->csd);
}

KTEST(call, async_sends_itself_on)
{
	struct hops hops = {.from = smp_processor_id(), .to = nth_other_cpu(0)};

	if (hops.to >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	INIT_CSD(&hops.csd, hop, &hops);
	KTEST_EXPECT_EQ(smp_call_function_single_async(hops.to, &hops.csd), 0);
	KTEST_EXPECT(reaches(&hops.n, 100));
	KTEST_EXPECT(calls_balance());
	KTEST_EXPECT_EQ(atomic_load(&hops.n), 100);
	KTEST_EXPECT_EQ(hops.error, 0);
}

#define IN_ORDER 32
static struct {
	_Atomic unsigned int n;
	unsigned int order[2 * IN_ORDER];
} ordered;

static void note(void *info)
{
	unsigned int n = atomic_load(&ordered.n);

	if (n < ARRAY_SIZE(ordered.order))
		ordered.order[n] = (unsigned int)(uintptr_t)info;
	atomic_store(&ordered.n, n + 1);
}

KTEST(call, order)
{
	static call_single_data_t csds[IN_ORDER];
	unsigned int cpu = nth_other_cpu(0), n = 0;
	struct call_totals before, after;
	struct held held;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	atomic_store(&ordered.n, 0);
	KTEST_EXPECT(hold_in_call(&held, cpu));
	call_stats_of(smp_processor_id(), &before);
	for (unsigned int i = 0; i < IN_ORDER; i++) {
		INIT_CSD(&csds[i], note, (void *)(uintptr_t)n);
		n++;
		KTEST_EXPECT_EQ(smp_call_function_single_async(cpu, &csds[i]), 0);
	}
	call_stats_of(smp_processor_id(), &after);
	/* The first push announces them all. */
	KTEST_EXPECT_EQ(after.rings - before.rings, 1);
	KTEST_EXPECT_EQ(after.saved - before.saved, IN_ORDER - 1);
	atomic_store(&held.out, true);
	for (unsigned int i = 0; i < IN_ORDER; i++, n++)
		KTEST_EXPECT_EQ(smp_call_function_single(cpu, note, (void *)(uintptr_t)n, i % 2),
				0);
	KTEST_EXPECT(calls_balance());
	KTEST_EXPECT_EQ(atomic_load(&ordered.n), n);
	for (unsigned int i = 0; i < n; i++)
		KTEST_EXPECT_EQ(ordered.order[i], i);
}

KTEST(call, timeout)
{
	unsigned int cpu = nth_other_cpu(0);
	struct seen seen = {0};
	struct call_totals before, after;
	struct held held;
	uint64_t start;
	int level;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	KTEST_EXPECT_EQ(smp_call_function_single_timeout(cpu, see, &seen, UINT64_MAX), 0);
	KTEST_EXPECT_EQ(atomic_load(&seen.runs), 1);
	KTEST_EXPECT(hold_in_call(&held, cpu));
	call_stats_of(smp_processor_id(), &before);
	level = quiet_begin();
	start = time_now_ns();
	KTEST_EXPECT_EQ(smp_call_function_single_timeout(cpu, see, &seen, 2000), -ETIMEDOUT);
	KTEST_EXPECT(time_now_ns() - start >= 2000000);
	quiet_end(level);
	/* With a report that names function and target. */
	KTEST_EXPECT(logged("waits", "to run see", "last there: stay"));
	call_stats_of(smp_processor_id(), &after);
	KTEST_EXPECT_EQ(after.timeouts - before.timeouts, 1);
	KTEST_EXPECT_EQ(atomic_load(&seen.runs), 1);
	/* It was accepted: it runs once all the same. */
	KTEST_EXPECT(let_go(&held));
	KTEST_EXPECT_EQ(atomic_load(&seen.runs), 2);
	KTEST_EXPECT_EQ(seen.cpu, cpu);
}

static void call_back(void *info)
{
	struct seen *seen = info;
	unsigned int cpu;

	/*
	 * One call after the other, each waited for, in an interrupt; also to the hart that waits
	 * for this one.
	 */
	for_each_online_cpu (cpu)
		smp_call_function_single(cpu, see, seen, true);
	for_each_online_cpu (cpu)
		smp_call_function_single(cpu, see, seen, false);
}

KTEST(call, from_calls)
{
	unsigned int cpu, harts = num_online_cpus();
	struct seen seen = {0};

	for_each_online_cpu (cpu)
		KTEST_EXPECT_EQ(smp_call_function_single(cpu, call_back, &seen, true), 0);
	KTEST_EXPECT(calls_balance());
	KTEST_EXPECT_EQ(atomic_load(&seen.runs), 2 * harts * harts);
}

KTEST(call, interrupts_off)
{
	unsigned int cpu, harts = num_online_cpus();
	struct seen seen = {0};
	unsigned long flags = local_irq_save();

	for_each_online_cpu (cpu) {
		KTEST_EXPECT_EQ(smp_call_function_single(cpu, see, &seen, true), 0);
		KTEST_EXPECT_EQ(smp_call_function_single(cpu, see, &seen, false), 0);
		/* Which calls back here: this hart runs it while it waits. */
		KTEST_EXPECT_EQ(smp_call_function_single(cpu, call_back, &seen, true), 0);
		KTEST_EXPECT(irqs_disabled());
	}
	local_irq_restore(flags);
	KTEST_EXPECT(calls_balance());
	KTEST_EXPECT_EQ(atomic_load(&seen.runs), 2 * harts + 2 * harts * harts);
}

#define CIRCLE_CALLS 200
#define CIRCLE_MS    500
struct circle {
	unsigned int cpus[3], n;
	_Atomic unsigned int calls, runs, errors;
	_Atomic bool go;
};

static void count(void *info)
{
	struct circle *circle = info;

	atomic_fetch_add(&circle->runs, 1);
}

static void call_next(void *arg)
{
	struct circle *circle = arg;
	unsigned int self = smp_processor_id(), i = 0;
	unsigned long flags;
	uint64_t deadline;

	while (circle->cpus[i] != self)
		i++;
	spin_until(&circle->go);
	deadline = deadline_ms(CIRCLE_MS);
	flags = local_irq_save();
	for (unsigned int call = 0; call < CIRCLE_CALLS && time_now() < deadline; call++) {
		atomic_fetch_add(&circle->calls, 1);
		if (smp_call_function_single(circle->cpus[(i + 1) % circle->n], count, circle,
					     true))
			atomic_fetch_add(&circle->errors, 1);
	}
	local_irq_restore(flags);
}

static void run_circle(struct ktest_run *run, unsigned int n)
{
	struct circle circle = {.n = n, .cpus = {smp_processor_id()}};
	struct call_totals before, after;

	call_stats_sum(&before);
	for (unsigned int i = 1; i < n; i++) {
		circle.cpus[i] = nth_other_cpu(i - 1);
		if (circle.cpus[i] >= nr_cpu_ids)
			KTEST_SKIP("too few harts");
		KTEST_EXPECT_EQ(run_on(circle.cpus[i], call_next, &circle), 0);
	}
	atomic_store(&circle.go, true);
	call_next(&circle);
	for (unsigned int i = 1; i < n; i++)
		KTEST_EXPECT(soon(job_done, &circle.cpus[i]));
	call_stats_sum(&after);
	KTEST_EXPECT_EQ(atomic_load(&circle.runs), atomic_load(&circle.calls));
	KTEST_EXPECT(atomic_load(&circle.calls) >= n);
	KTEST_EXPECT_EQ(atomic_load(&circle.errors), 0);
	KTEST_EXPECT_EQ(after.timeouts - before.timeouts, 0);
}

/* Each calls the next with interrupts off, all at once. */
KTEST(call, two_call_each_other)
{
	run_circle(run, 2);
}

KTEST(call, three_in_a_ring)
{
	if (nth_other_cpu(1) >= nr_cpu_ids)
		KTEST_SKIP("too few harts");
	run_circle(run, 3);
}
