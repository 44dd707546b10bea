/* SPDX-License-Identifier: BSD-2-Clause */
/* Backtraces of other cpus, by IPI. */
#include "ipi/backtrace.h"

#include <stdatomic.h>

#include "arch/riscv/backtrace.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/fault.h"
#include "core/init.h"
#include "core/printk.h"
#include "core/symbols.h"
#include "core/time.h"
#include "ipi/deaf.h"
#include "ipi/internal.h"
#include "ipi/ipi.h"

/* The firmware's event masks nothing and is rare: who took it on answers. */
#define DEAF_WAIT_MS 1000

unsigned int backtrace_wait_ms = 100;

static DEFINE_PER_CPU(_Atomic unsigned int, traced);
static _Atomic int in_progress;

static void backtrace_here(void)
{
	pr_warn("backtrace of cpu%u:", smp_processor_id());
	fault_backtrace();
	/* Release: pairs with the acquire of who waits, whose next line comes behind ours. */
	atomic_fetch_add_explicit(this_cpu_ptr(&traced), 1, memory_order_release);
}

static void print_pc(unsigned long pc)
{
	char name[SYMBOL_TEXT_MAX];

	symbol_lookup(pc, name, sizeof(name));
	pr_emerg("  [<%016lx>] %s", pc, name);
}

/* The plain interrupt stays pending there, but has nothing more to say. */
static bool ask_the_deaf(unsigned int cpu)
{
	const struct deaf_trace *trace;

	if (!deaf_backtrace(cpu, DEAF_WAIT_MS, &trace))
		return false;
	atomic_fetch_and_explicit(&per_cpu_ptr(&ipi_cpu, cpu)->reasons, ~(1UL << IPI_BACKTRACE),
				  memory_order_relaxed);
	pr_warn("backtrace of cpu%u, which has interrupts off:", cpu);
	print_pc(trace->pc);
	/* Mostly what its last call left, but in a leaf nothing else tells the caller. */
	if (is_kernel_text(trace->ra) && (!trace->n || trace->returns[0] != trace->ra))
		print_pc(trace->ra - 1);
	for (unsigned int i = 0; i < trace->n; i++)
		print_pc(trace->returns[i] - 1);
	return true;
}

static bool ask(unsigned int cpu)
{
	unsigned int before;
	uint64_t deadline = deadline_ms(backtrace_wait_ms);

	if (cpu == smp_processor_id()) {
		backtrace_here();
		return true;
	}
	if (cpu >= nr_cpu_ids || !cpumask_test_cpu(cpu, cpu_online_mask))
		return false;
	before = atomic_load_explicit(per_cpu_ptr(&traced, cpu), memory_order_relaxed);
	ipi_send_cpu(cpu, IPI_BACKTRACE);
	while (atomic_load_explicit(per_cpu_ptr(&traced, cpu), memory_order_acquire) == before) {
		if (time_now() > deadline) {
			if (ask_the_deaf(cpu))
				return true;
			pr_warn("cpu%u does not answer: its interrupts are off", cpu);
			return false;
		}
		cpu_relax();
	}
	return true;
}

static bool begin(void)
{
	return !atomic_exchange_explicit(&in_progress, 1, memory_order_acquire);
}

static void end(void)
{
	atomic_store_explicit(&in_progress, 0, memory_order_release);
}

bool trigger_cpu_backtrace(unsigned int cpu)
{
	bool answered;

	if (!begin())
		return false;
	answered = ask(cpu);
	end();
	return answered;
}

unsigned int trigger_all_cpu_backtrace(void)
{
	/* The first to be asked; the caller may be elsewhere by then. */
	unsigned int self = smp_processor_id(), cpu, answered = 0;

	if (!begin())
		return 0;
	answered += ask(self);
	for_each_online_cpu (cpu) {
		if (cpu != self)
			answered += ask(cpu);
	}
	end();
	return answered;
}

static int backtrace_init(void)
{
	ipi_register(IPI_BACKTRACE, backtrace_here);
	return 0;
}
INITCALL(INIT_IPI, backtrace_init);
