/* SPDX-License-Identifier: BSD-2-Clause */
/* How all harts are stopped at once, in lockstep. */
#include "threads/stop_machine.h"

#include <errno.h>
#include <stdatomic.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/panic.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/symbols.h"
#include "core/time.h"
#include "core/timer.h"
#include "ipi/backtrace.h"
#include "ipi/call.h"
#include "threads/cpuhp.h"
#include "threads/mutex.h"
#include "threads/stopper.h"

static unsigned int stop_timeout_ms = 5000;
PARAM_UINT("stop_timeout_ms", stop_timeout_ms, 1, 1000000,
	   "how long stop_machine waits for a hart before it reports");

/*
 * One stop of all harts. Every hart goes through the stages, and into the next only when all have
 * come to this one:
 *
 *   PREPARE      its stopper runs (the caller's hart: the caller), preemption is off; interrupts
 *                are taken
 *   DISABLE_IRQ  interrupts are off; calls are run for who is not there yet
 *   RUN          fn, where it is to run; nothing else
 *   EXIT         interrupts are on again
 *   OVER         nobody touches this any more, but the caller
 */
enum stage { STAGE_PREPARE, STAGE_DISABLE_IRQ, STAGE_RUN, STAGE_EXIT, STAGE_OVER };
static const char *const stage_names[] = {"preemption off", "interrupts off", "the function",
					  "interrupts on", "the end"};

/*
 * Stage and how many harts have still to come to its end, in one word: so that who takes its
 * arrival back cannot do so in a later stage.
 *
 *                     arrival           it runs calls, DISABLE_IRQ only
 *   [ stage, n ] <------------------> [ stage, n - 1 ] ... [ stage, 0 ]
 *                                                               | the last to arrive
 *                                                               v
 *                                                      [ stage + 1, all ]
 */
#define STAGE_SHIFT 16
#define MISSING	    ((1U << STAGE_SHIFT) - 1)

struct multi_stop {
	_Atomic unsigned int progress;
	unsigned int harts;
	cpu_stop_fn_t fn;
	void *data;
	const struct cpumask *cpus; /* NULL: caller */
	unsigned int caller;
	_Atomic int result;
	uint64_t turn; /* stop_machine_count() when it is over */
	uint64_t since;
	_Atomic uint64_t report_at; /* ticks; who moves it on reports */
};

#define ARRIVED(turn, stage) ((turn) * 8 + 1 + (stage))
#define QUEUED(turn)	     ((turn) * 8)

static DEFINE_MUTEX(stop_machine_mutex);
static _Atomic uint64_t turns;

static inline enum stage stage_of(unsigned int progress)
{
	return progress >> STAGE_SHIFT;
}

static inline unsigned int progress_of(struct multi_stop *ms)
{
	/*
	 * Acquire: pairs with the release of the last to arrive, and so with what all did in the
	 * stage before.
	 */
	return atomic_load_explicit(&ms->progress, memory_order_acquire);
}

/* It is not touched after this, where stage is the last. */
static inline void arrive(struct multi_stop *ms, struct stopper *s, enum stage stage)
{
	unsigned int harts = ms->harts;

	store_relaxed(&s->arrived, ARRIVED(ms->turn, stage));
	/*
	 * Release: what this hart did is seen by all in the next stage; acquire: the last one hands
	 * on what the others did.
	 */
	if ((atomic_fetch_sub_explicit(&ms->progress, 1, memory_order_acq_rel) & MISSING) == 1)
		store_release(&ms->progress, (stage + 1) << STAGE_SHIFT | harts);
}

/* False: it is too late, all have arrived. */
static bool take_back_arrival(struct multi_stop *ms, enum stage stage)
{
	unsigned int progress = progress_of(ms);

	while (stage_of(progress) == stage && progress & MISSING) {
		if (cas_acq_rel(&ms->progress, &progress, progress + 1))
			return true;
	}
	return false;
}

/* What this hart is asked for by one that has still to come, and may wait for it. */
static __noinline void run_calls(struct multi_stop *ms, struct stopper *s, enum stage stage)
{
	if (!take_back_arrival(ms, stage))
		return;
	flush_call_queue();
	arrive(ms, s, stage);
}

/* Who has not come; and where it is, if it can be asked. */
static void report_missing(struct multi_stop *ms, enum stage stage)
{
	unsigned int cpu;

	for_each_online_cpu (cpu) {
		uint64_t at =
			atomic_load_explicit(&per_cpu(stopper, cpu).arrived, memory_order_relaxed);

		if (at >= ARRIVED(ms->turn, stage))
			continue;
		pr_warn("  cpu%u has not come: %s", cpu,
			at < QUEUED(ms->turn) ? "it takes no calls, interrupts are off"
			: at == QUEUED(ms->turn)
				? "a thread or a handler there keeps preemption off"
			: stage == STAGE_DISABLE_IRQ ? "it is in an interrupt handler"
						     : "it is in the function");
		trigger_cpu_backtrace(cpu);
	}
}

/* Whoever waits may be the one that reports. */
static __noinline void watch(struct multi_stop *ms, enum stage stage)
{
	uint64_t now = time_now(), ms_waited = ticks_to_ns(now - ms->since) / 1000000;
	uint64_t at = atomic_load_explicit(&ms->report_at, memory_order_relaxed);
	char name[SYMBOL_TEXT_MAX];

	if (ms_waited > STOP_FATAL_S * 1000UL)
		panic("stop_machine: not all harts have come in %d s", STOP_FATAL_S);
	if (now < at || !cas_acq_rel(&ms->report_at, &at, now + 2 * (now - ms->since)))
		return;
	symbol_lookup((unsigned long)ms->fn, name, sizeof(name));
	pr_warn("stop_machine: cpu%u waits %lu ms for %u of %u harts, for %s, to run %s",
		smp_processor_id(), ms_waited, progress_of(ms) & MISSING, ms->harts,
		stage_names[stage], name);
	report_missing(ms, stage);
}

/*
 * Looks between two of the clock: reading it may trap to the firmware. And until a hart that waits
 * no longer spins.
 */
#define LOOKS	   64
#define DOZE_LOOKS 1024

/*
 * Harts that spin take time from those that they wait for where they share something: on an
 * emulator that runs them in turn each would spin its whole turn away. Interrupts stay as they are,
 * but for a moment.
 */
static __noinline void doze(void)
{
	unsigned long flags = local_irq_save();

	timer_compare_set(time_now() + ns_to_ticks(POLL_US * 1000));
	wait_for_interrupt();
	timers_reprogram();
	local_irq_restore(flags);
}

static void wait_for_all(struct multi_stop *ms, struct stopper *s, enum stage stage)
{
	for (unsigned int looks = 1; stage_of(progress_of(ms)) == stage; looks++) {
		if (stage == STAGE_DISABLE_IRQ && unlikely(call_queue_has_calls()))
			run_calls(ms, s, stage);
		cpu_relax();
		if (likely(looks % LOOKS))
			continue;
		watch(ms, stage);
		if (looks >= DOZE_LOOKS)
			doze();
	}
}

static bool runs_fn(const struct multi_stop *ms, unsigned int cpu)
{
	return ms->cpus ? cpumask_test_cpu(cpu, ms->cpus) : cpu == ms->caller;
}

static void call_fn(struct multi_stop *ms)
{
	int none = 0, result = ms->fn(ms->data);

	if (result)
		atomic_compare_exchange_strong_explicit(&ms->result, &none, result,
							memory_order_relaxed, memory_order_relaxed);
}

void stopper_take_part(struct multi_stop *ms)
{
	struct stopper *s = this_cpu_ptr(&stopper);
	unsigned long flags;
	uint64_t ticks;

	arrive(ms, s, STAGE_PREPARE);
	wait_for_all(ms, s, STAGE_PREPARE);

	flags = local_irq_save();
	ticks = rdtime();
	arrive(ms, s, STAGE_DISABLE_IRQ);
	wait_for_all(ms, s, STAGE_DISABLE_IRQ);

	if (runs_fn(ms, smp_processor_id()))
		call_fn(ms);
	arrive(ms, s, STAGE_RUN);
	wait_for_all(ms, s, STAGE_RUN);

	ticks = rdtime() - ticks;
	if (ticks > atomic_load_explicit(&s->max_irqoff, memory_order_relaxed))
		store_relaxed(&s->max_irqoff, ticks);
	local_irq_restore(flags);
	arrive(ms, s, STAGE_EXIT);
}

/* The call that has a hart take part. */
static void queue_multi(void *info)
{
	struct stopper *s = this_cpu_ptr(&stopper);
	struct multi_stop *ms = info;

	store_relaxed(&s->arrived, QUEUED(ms->turn));
	s->multi = ms;
	wake_up_process(this_cpu(stopper_task));
}

/* All harts are online and have enabled stoppers; preemption off. */
static void stop_all(struct multi_stop *ms)
{
	struct stopper *s = this_cpu_ptr(&stopper);
	unsigned int asked = 0;

	if (ms->harts > 1)
		asked = smp_call_function(queue_multi, ms, false);
	if (asked + 1 != ms->harts)
		panic("stop_machine: %u of %u harts asked", asked, ms->harts - 1);
	stopper_take_part(ms);
	wait_for_all(ms, s, STAGE_EXIT);
}

static void report_disabled(void)
{
	unsigned int cpu;

	for_each_online_cpu (cpu) {
		if (!per_cpu(stopper, cpu).enabled)
			pr_err("stop_machine: cpu%u cannot be stopped, it is %s", cpu,
			       per_cpu(stopper_task, cpu) ? "half-way through hotplug"
							  : "without a stopper thread");
	}
}

int stop_machine_cpuslocked(cpu_stop_fn_t fn, void *data, const struct cpumask *cpus)
{
	struct multi_stop ms = {.fn = fn, .data = data, .cpus = cpus};

	if (cpus && !cpumask_intersects(cpus, cpu_online_mask))
		return -ENXIO;
	mutex_lock(&stop_machine_mutex);
	ms.harts = num_online_cpus();
	if (atomic_load_explicit(&stoppers_enabled, memory_order_relaxed) != ms.harts) {
		mutex_unlock(&stop_machine_mutex);
		report_disabled();
		return -EAGAIN;
	}
	ms.turn = atomic_load_explicit(&turns, memory_order_relaxed) + 1;
	ms.progress = STAGE_PREPARE << STAGE_SHIFT | ms.harts;
	ms.since = time_now();
	ms.report_at = ms.since + ns_to_ticks(stop_timeout_ms * 1000000UL);
	preempt_disable();
	ms.caller = smp_processor_id();
	stop_all(&ms);
	preempt_enable();
	store_relaxed(&turns, ms.turn);
	mutex_unlock(&stop_machine_mutex);
	return ms.result;
}

int stop_machine(cpu_stop_fn_t fn, void *data, const struct cpumask *cpus)
{
	int result;

	cpus_read_lock();
	result = stop_machine_cpuslocked(fn, data, cpus);
	cpus_read_unlock();
	return result;
}

uint64_t stop_machine_count(void)
{
	return atomic_load_explicit(&turns, memory_order_relaxed);
}

uint64_t stop_machine_max_irqoff(void)
{
	uint64_t max = 0;
	unsigned int cpu;

	for_each_populated_cpu (cpu)
		max = MAX(max, atomic_load_explicit(&per_cpu(stopper, cpu).max_irqoff,
						    memory_order_relaxed));
	return max;
}
