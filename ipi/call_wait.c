/* SPDX-License-Identifier: BSD-2-Clause */
/* The waiter's loop, and its watchdog. */
#include "ipi/call_wait.h"

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/panic.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/symbols.h"
#include "core/time.h"
#include "ipi/backtrace.h"
#include "ipi/internal.h"
#include "ipi/ipi.h"

static unsigned int csd_timeout_ms = 5000;
PARAM_UINT("csd_timeout_ms", csd_timeout_ms, 1, 1000000, "how long a caller waits before it reports");

/* Looks at the word before the clock is read: reading it may trap to the firmware. */
#define LOOKS_PER_CLOCK 64

static bool is_free(call_single_data_t *csd)
{
	/* Acquire: pairs with the release by the target; what the function did is seen. */
	return !atomic_load_explicit(&csd->locked, memory_order_acquire);
}

static const char *func_name(smp_call_func_t func, char *buf, size_t size)
{
	symbol_lookup((unsigned long)func, buf, size);
	return buf;
}

/* cpu waits for whom, who waits for whom ... until somebody does not wait, or the chain comes back. */
static void report_chain(unsigned int first)
{
	unsigned int cpu = first;

	for (unsigned int n = 0; n < nr_cpu_ids; n++) {
		const struct call_waiting *waiting = &per_cpu_ptr(&ipi_cpu, cpu)->waiting;
		char name[SYMBOL_TEXT_MAX];

		if (!waiting->func)
			return;
		pr_warn("  cpu%u waits for cpu%u to run %s since %lu ms", cpu, waiting->cpu,
			func_name(waiting->func, name, sizeof(name)),
			ticks_to_ns(time_now() - waiting->since) / 1000000);
		cpu = waiting->cpu;
		if (cpu == first) {
			pr_warn("  that is a circle: each waits for the next");
			return;
		}
	}
}

static void report(call_single_data_t *csd, unsigned int cpu, uint64_t since)
{
	const struct ipi_cpu *target = per_cpu_ptr(&ipi_cpu, cpu);
	char name[SYMBOL_TEXT_MAX], last[SYMBOL_TEXT_MAX] = "nothing yet";

	if (target->last)
		func_name(target->last, last, sizeof(last));
	pr_warn("call: cpu%u waits %lu ms for cpu%u to run %s; %s there: %s", smp_processor_id(),
		ticks_to_ns(time_now() - since) / 1000000, cpu, func_name(csd->func, name, sizeof(name)),
		target->running ? "running" : "last", last);
	report_chain(smp_processor_id());
}

/* What is left for a call that does not end: tell, ring once more, ask where the target is. */
static void diagnose(call_single_data_t *csd, unsigned int cpu, uint64_t since)
{
	ipi_count(&this_cpu_ptr(&ipi_cpu)->stats.timeouts, 1);
	report(csd, cpu, since);
	ipi_ring(cpu);
	trigger_cpu_backtrace(cpu);
}

/* Between two looks: with interrupts off nobody else can run what others ask of us, and two that call each other would wait for ever. */
static void between_looks(struct ipi_cpu *me, bool off)
{
	if (off && call_queue_pending(&me->queue) && me->nesting < CALL_NESTING_MAX) {
		me->nesting++;
		flush_call_queue();
		me->nesting--;
	}
	cpu_relax();
}

/* A call that was not over soon: from here on the clock is watched. */
static bool wait_slowly(call_single_data_t *csd, unsigned int cpu, uint64_t deadline)
{
	struct ipi_cpu *me = this_cpu_ptr(&ipi_cpu);
	struct call_waiting before = me->waiting;
	bool off = irqs_disabled(), rung = false, over;
	uint64_t since = time_now(), interval = ns_to_ticks(csd_timeout_ms * 1000000UL);
	uint64_t next = since + interval;

	me->waiting = (struct call_waiting){csd->func, cpu, since};
	for (unsigned int looks = 1; !(over = is_free(csd)); looks++) {
		between_looks(me, off);
		if (looks % LOOKS_PER_CLOCK)
			continue;
		if (time_now() >= deadline)
			break;
		if (time_now() < next)
			continue;
		diagnose(csd, cpu, since);
		rung = true;
		interval *= 2;
		next = time_now() + interval;
		if (deadline == UINT64_MAX && time_now() - since > CALL_WAIT_FATAL_S * timebase_hz)
			panic("call: cpu%u has not answered cpu%u for %d s", cpu, smp_processor_id(),
			      CALL_WAIT_FATAL_S);
	}
	me->waiting = before;
	if (over && rung) {
		ipi_count(&me->stats.recovered, 1);
		pr_warn("call: cpu%u answered cpu%u after %lu ms", cpu, smp_processor_id(),
			ticks_to_ns(time_now() - since) / 1000000);
	}
	return over;
}

/* Most calls are over before the clock would be read. */
static bool wait_briefly(call_single_data_t *csd)
{
	bool off = irqs_disabled();

	for (unsigned int looks = 0; looks < LOOKS_PER_CLOCK; looks++) {
		if (is_free(csd))
			return true;
		between_looks(this_cpu_ptr(&ipi_cpu), off);
	}
	return false;
}

void csd_lock_wait(call_single_data_t *csd, unsigned int cpu)
{
	if (!wait_briefly(csd))
		wait_slowly(csd, cpu, UINT64_MAX);
}

bool csd_lock_wait_until(call_single_data_t *csd, unsigned int cpu, uint64_t deadline)
{
	return wait_briefly(csd) || wait_slowly(csd, cpu, deadline);
}
