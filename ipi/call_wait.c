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
PARAM_UINT("csd_timeout_ms", csd_timeout_ms, 1, 1000000,
	   "how long a caller waits before it reports");

static const char *func_name(const void *func, char *buf, size_t size)
{
	symbol_lookup((unsigned long)func, buf, size);
	return buf;
}

/* A copy of struct call_waiting. */
struct waiting_now {
	smp_call_func_t func;
	unsigned int cpu;
	uint64_t since;
};

static struct waiting_now get_waiting(unsigned int cpu)
{
	struct call_waiting *waiting = &per_cpu_ptr(&ipi_cpu, cpu)->waiting;

	return (struct waiting_now){
		atomic_load_explicit(&waiting->func, memory_order_relaxed),
		atomic_load_explicit(&waiting->cpu, memory_order_relaxed),
		atomic_load_explicit(&waiting->since, memory_order_relaxed),
	};
}

static void set_waiting(struct ipi_cpu *me, struct waiting_now now)
{
	atomic_store_explicit(&me->waiting.func, now.func, memory_order_relaxed);
	atomic_store_explicit(&me->waiting.cpu, now.cpu, memory_order_relaxed);
	atomic_store_explicit(&me->waiting.since, now.since, memory_order_relaxed);
}

/*
 * Whom the target waits for, whom that one waits for ... until somebody does not wait, or the chain
 * comes back.
 */
static void report_chain(unsigned int first)
{
	unsigned int cpu = first;

	for (unsigned int n = 0; n < nr_cpu_ids; n++) {
		struct waiting_now waiting = get_waiting(cpu);
		char name[SYMBOL_TEXT_MAX];

		if (!waiting.func)
			return;
		pr_warn("  cpu%u waits for cpu%u to run %s since %lu ms, interrupts off", cpu,
			waiting.cpu, func_name((const void *)waiting.func, name, sizeof(name)),
			ticks_to_ns(time_now() - waiting.since) / 1000000);
		cpu = waiting.cpu;
		if (cpu == first) {
			pr_warn("  that is a circle: each waits for the next");
			return;
		}
	}
}

static void report(const char *what, const void *func, unsigned int cpu, uint64_t since)
{
	const struct ipi_cpu *target = per_cpu_ptr(&ipi_cpu, cpu);
	smp_call_func_t ran = atomic_load_explicit(&target->last, memory_order_relaxed);
	char name[SYMBOL_TEXT_MAX], last[SYMBOL_TEXT_MAX] = "nothing yet";

	if (ran)
		func_name((const void *)ran, last, sizeof(last));
	pr_warn("%s: cpu%u waits %lu ms for cpu%u to run %s; last there: %s", what,
		smp_processor_id(), ticks_to_ns(time_now() - since) / 1000000, cpu,
		func_name(func, name, sizeof(name)), last);
	report_chain(cpu);
}

void wait_watch_begin(struct wait_watch *watch, const char *what)
{
	uint64_t interval = ns_to_ticks(csd_timeout_ms * 1000000UL), now = time_now();

	*watch = (struct wait_watch){
		.what = what, .since = now, .next = now + interval, .interval = interval};
}

void wait_watch_look(struct wait_watch *watch, const void *func, unsigned int cpu)
{
	if (time_now() < watch->next)
		return;
	ipi_count(&this_cpu_ptr(&ipi_cpu)->stats.timeouts, 1);
	report(watch->what, func, cpu, watch->since);
	/* What is left to do: ring once more, and ask where the target is. */
	ipi_ring(cpu);
	trigger_cpu_backtrace(cpu);
	watch->rung = true;
	watch->interval *= 2;
	watch->next = time_now() + watch->interval;
	if (time_now() - watch->since > CALL_WAIT_FATAL_S * timebase_hz)
		panic("%s: cpu%u has not answered cpu%u for %d s", watch->what, cpu,
		      smp_processor_id(), CALL_WAIT_FATAL_S);
}

void wait_watch_end(const struct wait_watch *watch, unsigned int cpu)
{
	if (!watch->rung)
		return;
	ipi_count(&this_cpu_ptr(&ipi_cpu)->stats.recovered, 1);
	pr_warn("%s: cpu%u answered cpu%u after %lu ms", watch->what, cpu, smp_processor_id(),
		ticks_to_ns(time_now() - watch->since) / 1000000);
}

static __noinline void run_own_calls(void)
{
	struct ipi_cpu *me = this_cpu_ptr(&ipi_cpu);
	smp_call_func_t last;

	if (!call_queue_pending(&me->queue) && !me->todo)
		return;
	if (me->nesting >= CALL_NESTING_MAX)
		return;
	last = atomic_load_explicit(&me->last, memory_order_relaxed);
	me->nesting++;
	flush_own_calls(me);
	me->nesting--;
	atomic_store_explicit(&me->last, last, memory_order_relaxed);
}

/*
 * Between two looks. With interrupts off nobody but the waiter can run what others ask of this cpu,
 * and two that call each other would wait for ever.
 */
static inline void between_looks(bool off)
{
	if (unlikely(off))
		run_own_calls();
	cpu_relax();
}

/* A call that was not over soon: from here on the clock is watched. */
static bool wait_slowly(call_single_data_t *csd, unsigned int cpu, uint64_t deadline)
{
	struct ipi_cpu *me = this_cpu_ptr(&ipi_cpu);
	struct waiting_now before = get_waiting(smp_processor_id());
	bool off = irqs_disabled(), over;
	struct wait_watch watch;

	wait_watch_begin(&watch, "call");
	if (off)
		set_waiting(me, (struct waiting_now){csd->func, cpu, watch.since});
	for (unsigned int looks = 1; !(over = csd_is_free(csd)); looks++) {
		between_looks(off);
		if (looks % CSD_LOOKS)
			continue;
		if (time_now() >= deadline) {
			report(watch.what, (const void *)csd->func, cpu, watch.since);
			break;
		}
		wait_watch_look(&watch, (const void *)csd->func, cpu);
	}
	if (off)
		set_waiting(me, before);
	if (over)
		wait_watch_end(&watch, cpu);
	return over;
}

/* Most calls are over before the clock would be read. */
static inline bool wait_briefly(call_single_data_t *csd)
{
	unsigned int looks = CSD_LOOKS;

	do {
		if (csd_is_free(csd))
			return true;
		between_looks(irqs_disabled());
	} while (--looks);
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
