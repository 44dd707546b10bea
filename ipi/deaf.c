/* SPDX-License-Identifier: BSD-2-Clause */
/* Reaching a hart through the firmware's local software event. */
#include "ipi/deaf.h"

#include <stdatomic.h>

#include "arch/riscv/backtrace.h"
#include "arch/riscv/event.h"
#include "arch/riscv/page.h"
#include "arch/riscv/pgtable.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/hotplug.h"
#include "core/init.h"
#include "core/page.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/time.h"
#include "ipi/call.h"
#include "sbi/base.h"
#include "sbi/sbi.h"
#include "sbi/sse.h"

#define EVENT_STACK_SIZE (2 * PAGE_SIZE)

static DEFINE_PER_CPU(struct event_context, context);
static DEFINE_PER_CPU(struct deaf_trace, taken);
static DEFINE_PER_CPU(_Atomic unsigned int, times);

static void take_down(unsigned long pc, void *arg)
{
	struct deaf_trace *trace = arg;

	if (trace->n < DEAF_TRACE_MAX)
		trace->returns[trace->n++] = pc;
}

/*
 * Whatever was interrupted may hold any lock: addresses are taken down here, and printed by who
 * asked.
 */
static void take_trace(const struct trap_frame *frame)
{
	struct deaf_trace *trace = this_cpu_ptr(&taken);

	trace->pc = frame->sepc;
	trace->ra = frame->ra;
	trace->sp = frame->sp;
	trace->n = 0;
	backtrace_walk(frame->s0, take_down, trace);
	/* Release: pairs with the acquire in deaf_backtrace. */
	atomic_fetch_add_explicit(this_cpu_ptr(&times), 1, memory_order_release);
}

/*
 * Not by default: firmware that has an event to look for looks for it at the end of every trap.
 * With OpenSBI 1.6 a call costs 112 instructions more.
 */
static bool wanted;
PARAM_BOOL("sse", wanted,
	   "backtraces also of harts with interrupts off, by SSE; makes every IPI dearer");

/* Local events are registered by the hart itself. Without a context nothing comes of it. */
static void listen(void)
{
	struct event_context *here = this_cpu_ptr(&context);
	long error;

	if (!here->stack)
		return;
	error = sbi_sse_register(SBI_SSE_EVENT_LOCAL_SOFTWARE, (unsigned long)event_entry,
				 (unsigned long)here)
			.error;
	if (!error)
		error = sbi_sse_enable(SBI_SSE_EVENT_LOCAL_SOFTWARE).error;
	/* Masked at every start of a hart; one that is not masked says so, which is as good. */
	if (!error)
		sbi_sse_hart_unmask();
	else
		pr_warn("cpu%u: no software events: %s", smp_processor_id(), sbi_error_name(error));
}

int deaf_starting(unsigned int cpu)
{
	(void)cpu;
	listen();
	return 0;
}

int deaf_dying(unsigned int cpu)
{
	struct sbiret ret;

	if (!deaf_can_ask(cpu))
		return 0;
	sbi_sse_hart_mask();
	ret = sbi_sse_disable(SBI_SSE_EVENT_LOCAL_SOFTWARE);
	if (!ret.error)
		ret = sbi_sse_unregister(SBI_SSE_EVENT_LOCAL_SOFTWARE);
	if (ret.error)
		pr_warn("cpu%u: software events stay registered: %s", cpu,
			sbi_error_name(ret.error));
	return 0;
}
CPUHP_ROW(CPUHP_AP_DEAF_STARTING, "deaf:starting", deaf_starting, deaf_dying);

static void listen_here(void *info)
{
	(void)info;
	listen();
}

static void prepare(unsigned int cpu)
{
	unsigned int order = page_order(EVENT_STACK_SIZE);
	void *pages = page_alloc(cpu_to_node(cpu), order), *top;

	if (!pages)
		return;
	top = stack_map(virt_to_phys(pages), EVENT_STACK_SIZE);
	if (!top) {
		page_free(pages, order);
		return;
	}
	per_cpu(context, cpu).tp = percpu_base[cpu];
	per_cpu(context, cpu).stack = (unsigned long)top;
}

bool deaf_can_ask(unsigned int cpu)
{
	return per_cpu(context, cpu).stack;
}

bool deaf_backtrace(unsigned int cpu, unsigned int wait_ms, const struct deaf_trace **trace)
{
	_Atomic unsigned int *done = per_cpu_ptr(&times, cpu);
	unsigned int before = atomic_load_explicit(done, memory_order_relaxed);
	uint64_t deadline = deadline_ms(wait_ms);

	if (!deaf_can_ask(cpu) ||
	    sbi_sse_inject(SBI_SSE_EVENT_LOCAL_SOFTWARE, cpu_to_hartid(cpu)).error)
		return false;
	while (atomic_load_explicit(done, memory_order_acquire) == before) {
		if (time_now() > deadline)
			return false;
		cpu_relax();
	}
	*trace = per_cpu_ptr(&taken, cpu);
	return true;
}

static int deaf_init(void)
{
	unsigned int cpu;

	if (!wanted)
		return 0;
	if (!sbi_probe(SBI_EXT_SSE)) {
		pr_warn("parameter sse: the firmware has no SSE extension, ignored");
		return 0;
	}
	event_handler = take_trace;
	for_each_populated_cpu (cpu)
		prepare(cpu);
	on_each_cpu(listen_here, NULL, true);
	return 0;
}
INITCALL(INIT_LATE, deaf_init);
