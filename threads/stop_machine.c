/* SPDX-License-Identifier: BSD-2-Clause */
/* Stopper threads, and how they stop all harts at once. */
#include "threads/stop_machine.h"

#include <errno.h>
#include <stdatomic.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/hotplug.h"
#include "core/init.h"
#include "core/list.h"
#include "core/panic.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/symbols.h"
#include "core/time.h"
#include "core/timer.h"
#include "ipi/backtrace.h"
#include "ipi/call.h"
#include "threads/completion.h"
#include "threads/cpuhp.h"
#include "threads/kthread.h"
#include "threads/mutex.h"
#include "threads/smpboot.h"
#include "threads/wait.h"

static unsigned int stop_timeout_ms = 5000;
PARAM_UINT("stop_timeout_ms", stop_timeout_ms, 1, 1000000,
	   "how long stop_machine waits for a hart before it reports");

/*
 * One stop of all harts. Every hart goes through the stages, and into the next only when all have come to this one:
 *
 *   PREPARE      its stopper runs (the caller's hart: the caller), preemption is off; interrupts are taken
 *   DISABLE_IRQ  interrupts are off; calls are run for who is not there yet
 *   RUN          fn, where it is to run; nothing else
 *   EXIT         interrupts are on again
 *   OVER         nobody touches this any more, but the caller
 */
enum stage { STAGE_PREPARE, STAGE_DISABLE_IRQ, STAGE_RUN, STAGE_EXIT, STAGE_OVER };
static const char *const stage_names[] = {"preemption off", "interrupts off", "the function",
					  "interrupts on", "the end"};

/*
 * Stage and how many harts have still to come to its end, in one word: so that who takes its arrival back cannot do so in a later
 * stage.
 *
 *                     arrival           it runs calls, DISABLE_IRQ only
 *   [ stage, n ] <------------------> [ stage, n - 1 ] ... [ stage, 0 ] -- the last to arrive --> [ stage + 1, all ]
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

/* For one hart alone; on the stack of who waits. */
struct stop_work {
	struct list_head entry;
	cpu_stop_fn_t fn;
	void *arg;
	int result;
	struct completion done;
	call_single_data_t csd;
};

/* Touched by its own hart only, interrupts off. Others hand over what there is to do by calls. */
struct stopper {
	bool enabled;
	struct multi_stop *multi;
	struct list_head works;
	_Atomic uint64_t arrived; /* ARRIVED of where it came to last: for reports */
	_Atomic uint64_t max_irqoff;
};
#define ARRIVED(turn, stage) ((turn) * 8 + 1 + (stage))
#define QUEUED(turn)	     ((turn) * 8)

static DEFINE_PER_CPU(struct stopper, stopper);
static DEFINE_PER_CPU(struct task_struct *, stopper_task);

/* How many are enabled. A hart writes it while hotplug is held, so that who holds that still finds it as it is. */
static _Atomic unsigned int enabled;

static DEFINE_MUTEX(stop_machine_mutex);
static _Atomic uint64_t turns;

static inline enum stage stage_of(unsigned int progress)
{
	return progress >> STAGE_SHIFT;
}

static inline unsigned int progress_of(struct multi_stop *ms)
{
	/* Acquire: pairs with the release of the last to arrive, and so with what all did in the stage before. */
	return atomic_load_explicit(&ms->progress, memory_order_acquire);
}

/* It is not touched after this, where stage is the last. */
static inline void arrive(struct multi_stop *ms, struct stopper *s, enum stage stage)
{
	unsigned int harts = ms->harts;

	store_relaxed(&s->arrived, ARRIVED(ms->turn, stage));
	/* Release: what this hart did is seen by all in the next stage; acquire: the last one hands on what the others did. */
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

	if (now < at || !cas_acq_rel(&ms->report_at, &at, now + 2 * (now - ms->since)))
		return;
	symbol_lookup((unsigned long)ms->fn, name, sizeof(name));
	pr_warn("stop_machine: cpu%u waits %lu ms for %u of %u harts, for %s, to run %s",
		smp_processor_id(), ms_waited, progress_of(ms) & MISSING, ms->harts,
		stage_names[stage], name);
	report_missing(ms, stage);
	if (ms_waited > STOP_FATAL_S * 1000UL)
		panic("stop_machine: not all harts have come in %d s", STOP_FATAL_S);
}

/* Looks between two of the clock: reading it may trap to the firmware. And until a hart that waits no longer spins. */
#define LOOKS	   64
#define DOZE_LOOKS 1024

/*
 * Harts that spin take time from those that they wait for where they share something: on an emulator that runs them in turn each would spin its whole
 * turn away. Interrupts stay as they are, but for a moment.
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

/* One hart's part, preemption off. */
static void take_part(struct multi_stop *ms)
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
	take_part(ms);
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
	if (atomic_load_explicit(&enabled, memory_order_relaxed) != ms.harts) {
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

	for_each_possible_cpu (cpu) {
		if (percpu_base[cpu])
			max = MAX(max, atomic_load_explicit(&per_cpu(stopper, cpu).max_irqoff,
							    memory_order_relaxed));
	}
	return max;
}

/* The call that hands a work over. */
static void queue_work_here(void *info)
{
	struct stopper *s = this_cpu_ptr(&stopper);
	struct stop_work *work = info;

	if (!s->enabled) {
		work->result = -ENOENT;
		complete(&work->done);
		return;
	}
	list_add_tail(&work->entry, &s->works);
	wake_up_process(this_cpu(stopper_task));
}

int stop_one_cpu(unsigned int cpu, cpu_stop_fn_t fn, void *arg)
{
	struct stop_work work = {.fn = fn, .arg = arg};

	might_sleep();
	init_completion(&work.done);
	INIT_CSD(&work.csd, queue_work_here, &work);
	if (smp_call_function_single_async(cpu, &work.csd))
		return -ENOENT;
	wait_for_completion(&work.done);
	return work.result;
}

static int stopper_should_run(unsigned int cpu)
{
	struct stopper *s = per_cpu_ptr(&stopper, cpu);

	return s->multi || !list_empty(&s->works);
}

static void stopper_run(unsigned int cpu)
{
	struct stopper *s = per_cpu_ptr(&stopper, cpu);
	struct stop_work *work = NULL;
	struct multi_stop *ms;
	unsigned long flags;

	preempt_disable();
	flags = local_irq_save();
	ms = s->multi;
	s->multi = NULL;
	if (!ms && !list_empty(&s->works)) {
		work = list_first_entry(&s->works, struct stop_work, entry);
		list_del_init(&work->entry);
	}
	local_irq_restore(flags);
	if (ms)
		take_part(ms);
	if (work) {
		work->result = work->fn(work->arg);
		complete(&work->done);
	}
	preempt_enable();
}

static void stopper_create(unsigned int cpu)
{
	INIT_LIST_HEAD(&per_cpu(stopper, cpu).works);
	per_cpu(stopper_task, cpu)->class = SCHED_STOP;
}

/*
 * Parks it never: while its hart is down it sleeps, and nobody wakes it. So it costs a way down and up next to
 * nothing.
 */
static struct smp_hotplug_thread stopper_threads = {
	.store = &stopper_task,
	.thread_should_run = stopper_should_run,
	.thread_fn = stopper_run,
	.create = stopper_create,
	.selfparking = true,
	.thread_comm = "migration/%u",
};

static void enable(struct stopper *s, bool on)
{
	unsigned long flags = local_irq_save();

	if (s->enabled != on)
		atomic_fetch_add_explicit(&enabled, on ? 1 : -1U, memory_order_relaxed);
	s->enabled = on;
	local_irq_restore(flags);
}

static int stopper_online(unsigned int cpu)
{
	kthread_unpark(per_cpu(stopper_task, cpu));
	enable(this_cpu_ptr(&stopper), true);
	return 0;
}

static int stopper_offline(unsigned int cpu)
{
	struct stopper *s = this_cpu_ptr(&stopper);

	enable(s, false);
	/* What it had to do it has done before this thread, which comes after it, is here; nothing comes any more. */
	if (stopper_should_run(cpu))
		panic("cpu%u: its stopper has not done its work", cpu);
	return 0;
}

static int stopper_init(void)
{
	int err = smpboot_register_percpu_thread(&stopper_threads);

	if (err)
		return err;
	return cpuhp_setup_state(CPUHP_AP_STOPPER_ONLINE, "stopper:online", stopper_online,
				 stopper_offline);
}
INITCALL(INIT_THREADS, stopper_init);
