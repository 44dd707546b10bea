/* SPDX-License-Identifier: BSD-2-Clause */
/* Trace points: each kind of call leaves its whole way, and what is off leaves nothing. */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "core/cpu.h"
#include "ipi/call.h"
#include "ipi/irq_work.h"
#include "ipi/trace.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"

/* How often a function is in the trace, by event. */
static struct {
	const void *func;
	unsigned int n[TRACE_EVENTS], cpu[TRACE_EVENTS], target;
	uint64_t time[TRACE_EVENTS];
} found;

static void look(const struct trace_record *record)
{
	if (record->func != found.func)
		return;
	found.n[record->event]++;
	found.cpu[record->event] = record->cpu;
	found.time[record->event] = record->time;
	if (record->event == TRACE_QUEUE)
		found.target = record->target;
}

/* Queued from here, begun and ended there, each so often, and in that order. */
static void expect_way(struct ktest_run *run, const void *func, unsigned int cpu,
		       unsigned int times)
{
	memset(&found, 0, sizeof(found));
	found.func = func;
	trace_for_each(0, look);
	KTEST_EXPECT_EQ(found.n[TRACE_QUEUE], times);
	KTEST_EXPECT_EQ(found.n[TRACE_BEGIN], times);
	KTEST_EXPECT_EQ(found.n[TRACE_END], times);
	if (!times)
		return;
	KTEST_EXPECT_EQ(found.target, cpu);
	KTEST_EXPECT_EQ(found.cpu[TRACE_BEGIN], cpu);
	KTEST_EXPECT_EQ(found.cpu[TRACE_END], cpu);
	KTEST_EXPECT(found.time[TRACE_QUEUE] <= found.time[TRACE_BEGIN]);
	KTEST_EXPECT(found.time[TRACE_BEGIN] <= found.time[TRACE_END]);
}

static void traced_call(void *info)
{
	(void)info;
}

static void traced_csd(void *info)
{
	(void)info;
}

static void traced_work(struct irq_work *work)
{
	(void)work;
}

/*
 * The second csd is pushed where a ring is under way already: the short way, when nothing is
 * traced.
 */
static void make_calls(struct ktest_run *run, unsigned int cpu)
{
	call_single_data_t csds[2] = {CSD_INIT(traced_csd, NULL), CSD_INIT(traced_csd, NULL)};
	struct irq_work work = IRQ_WORK_INIT(traced_work);
	struct held held;

	KTEST_EXPECT(hold_in_call(&held, cpu));
	KTEST_EXPECT_EQ(smp_call_function_single_async(cpu, &csds[0]), 0);
	KTEST_EXPECT_EQ(smp_call_function_single_async(cpu, &csds[1]), 0);
	KTEST_EXPECT_EQ(smp_call_function_single_async(cpu, &csds[1]), -EBUSY);
	KTEST_EXPECT(let_go(&held));
	KTEST_EXPECT_EQ(smp_call_function_single(cpu, traced_call, NULL, true), 0);
	KTEST_EXPECT(irq_work_queue(&work));
	irq_work_sync(&work);
}

KTEST(trace, whole_ways)
{
	unsigned int cpu = nth_other_cpu(0);

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	if (!KTEST_EXPECT_EQ(trace_switch(true), 0))
		return;
	make_calls(run, cpu);
	trace_switch(false);
	expect_way(run, (const void *)traced_csd, cpu, 2);
	expect_way(run, (const void *)traced_call, cpu, 1);
	expect_way(run, (const void *)traced_work, smp_processor_id(), 1);
	/* Off: what comes now leaves nothing more. */
	make_calls(run, cpu);
	expect_way(run, (const void *)traced_csd, cpu, 2);
	expect_way(run, (const void *)traced_work, smp_processor_id(), 1);
	/* On again, from empty rings. */
	KTEST_EXPECT_EQ(trace_switch(true), 0);
	trace_switch(false);
	expect_way(run, (const void *)traced_csd, cpu, 0);
}
