/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What threads/ needs around it on the host: the boot, harts that come and go, timer interrupts,
 * preemption at any moment. Part of a test, as a header.
 *
 * Harts are pthreads that share nothing but memory, and so are the threads of the kernel, of which
 * one per hart has that hart's turn: see arch/riscv/switch.h of the shim. All above the switch is
 * the kernel's own: scheduler, idle loop, calls, timers, hotplug.
 */
#ifndef TESTS_HOST_THREAD_WORLD_H
#define TESTS_HOST_THREAD_WORLD_H

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/pgtable.h"
#include "arch/riscv/processor.h"
#include "core/hotplug.h"
#include "core/kmalloc.h"
#include "core/page.h"
#include "core/panic.h"
#include "core/smp.h"
#include "core/time.h"
#include "core/timer.h"
#include "ipi/backend.h"
#include "ipi/ipi.h"
#include "sbi/base.h"
#include "tests/host/host.h"
#include "tests/host/machine.h"
#include "threads/completion.h"
#include "threads/internal.h"
#include "threads/kthread.h"

#define HARTS 3

/* --- memory --- */

void *kzalloc_node(size_t size, int node)
{
	(void)node;
	return calloc(1, size);
}

void *kmalloc_node(size_t size, int node)
{
	(void)node;
	return malloc(size);
}

void *kzalloc(size_t size)
{
	return calloc(1, size);
}

void *kmalloc(size_t size)
{
	return malloc(size);
}

void kfree(const void *object)
{
	free((void *)object);
}

/* Of stacks the kernel uses only the two words below the top, see context_init. */
#define STACK_WORDS 2

void *page_alloc(int node, unsigned int order)
{
	(void)node, (void)order;
	/* The top lies within, too, or the sanitizer would not take it for a pointer there. */
	return calloc(STACK_WORDS + 1, sizeof(void *));
}

void page_free(void *block, unsigned int order)
{
	(void)order;
	free(block);
}

void *stack_map(phys_addr_t pages, uint64_t size)
{
	(void)size;
	return (void **)pages + STACK_WORDS;
}

/* --- time: a pthread raises the interrupts --- */

static _Atomic uint64_t compare[HARTS];
void (*wait_or_yield)(void);

void timer_compare_set(uint64_t when)
{
	ASSERT(irqs_disabled());
	atomic_store_explicit(&compare[smp_processor_id()], when, memory_order_relaxed);
	if (when <= rdtime())
		csr_set(CSR_SIP, SIE_SSIE);
}

static bool timer_due(unsigned int cpu)
{
	return rdtime() >= atomic_load_explicit(&compare[cpu], memory_order_relaxed);
}

static void interrupt(void)
{
	if (timer_due(smp_processor_id()))
		timer_interrupt();
	ipi_interrupt();
}

/* --- the wire, and who sleeps until it is raised --- */

static _Atomic unsigned int doorbells[HARTS];

static void ring(unsigned int cpu)
{
	host_raise(cpu);
	atomic_fetch_add_explicit(&doorbells[cpu], 1, memory_order_relaxed);
	host_futex_wake(&doorbells[cpu]);
}

static const struct ipi_backend thread_backend = {.name = "threads", .ring = ring};
_Atomic(const struct ipi_backend *) __ipi_backend = &thread_backend;

/* For as long as it takes: a wake-up that is lost stays lost. */
static void sleep_until_rung(void)
{
	_Atomic unsigned int *doorbell = &doorbells[smp_processor_id()];
	unsigned int before = atomic_load_explicit(doorbell, memory_order_relaxed);

	while (!csr_read(CSR_SIP)) {
		host_futex_wait(doorbell, before);
		before = atomic_load_explicit(doorbell, memory_order_relaxed);
	}
}

static void *clock_main(void *arg)
{
	static const struct timespec tick = {.tv_nsec = 200000};

	for (;;) {
		nanosleep(&tick, NULL);
		for (unsigned int cpu = 0; cpu < HARTS; cpu++) {
			if (timer_due(cpu))
				ring(cpu);
		}
	}
	return arg;
}

/* --- preemption --- */

static uint64_t world_seed;
static _Thread_local uint64_t turns;

/* Now and then another thread is to run, as when a slice is over. */
static void maybe_preempt(void)
{
	struct rq *q = this_cpu_ptr(&rq);

	if (!host_irqs_on || host_random(&turns) % 128 || q->curr == q->idle)
		return;
	host_irqs_on = false;
	resched(q);
	host_irqs_on = true;
}

static void thread_starts(void)
{
	static _Atomic uint64_t started;

	turns = world_seed + atomic_fetch_add_explicit(&started, 1, memory_order_relaxed) * 0x12345;
	host_noise(host_random(&turns));
	host_at_window = maybe_preempt;
}

/* --- harts --- */

enum { OFFLINE, STARTING, ONLINE };

static _Atomic unsigned int states[HARTS];
struct bringup_result bringup_result = {.ticks = 1};
void (*secondary_idle)(void);

bool sbi_probe(unsigned long ext)
{
	(void)ext;
	return true;
}

void smp_set_start_stack(unsigned int cpu, void *top)
{
	(void)cpu, (void)top;
}

static __noreturn void live(unsigned int cpu)
{
	while (atomic_load_explicit(&states[cpu], memory_order_acquire) != STARTING)
		host_futex_wait(&states[cpu], OFFLINE);
	csr_clear(CSR_SIP, SIE_SSIE);
	cpuhp_starting(cpu);
	set_cpu_online(cpu, true);
	atomic_store_explicit(&states[cpu], ONLINE, memory_order_release);
	secondary_idle();
	panic("idle returned");
}

int cpu_start_hart(unsigned int cpu)
{
	unsigned int state = OFFLINE;

	if (!cas_acq_rel(&states[cpu], &state, STARTING))
		return -EBUSY;
	host_futex_wake(&states[cpu]);
	return 0;
}

static int wait_for_state(unsigned int cpu, unsigned int state, uint64_t deadline)
{
	while (atomic_load_explicit(&states[cpu], memory_order_acquire) != state) {
		if (rdtime() > deadline)
			return -ETIMEDOUT;
		cpu_relax();
	}
	return 0;
}

int cpu_wait_started(unsigned int cpu, uint64_t deadline)
{
	return wait_for_state(cpu, ONLINE, deadline);
}

int cpu_wait_dead(unsigned int cpu, uint64_t deadline)
{
	return wait_for_state(cpu, OFFLINE, deadline);
}

void cpu_die(void)
{
	unsigned int cpu = smp_processor_id();

	ASSERT(irqs_disabled());
	atomic_store_explicit(&states[cpu], OFFLINE, memory_order_release);
	live(cpu);
}

/* --- the boot, and the tests, which the thread `init` runs --- */

static void run_initcalls(unsigned int first, unsigned int last)
{
	TABLE_FOREACH (struct initcall, call, initcalls) {
		if (call->level >= first && call->level <= last && call->fn())
			panic("%s failed", call->name);
	}
}

static int (*world_tests)(void);

static void boot(unsigned int cpu, void *arg)
{
	pthread_t clock;

	local_irq_disable();
	if (cpu) {
		live(cpu);
		return;
	}
	this_cpu(current_task) = &boot_task_head;
	set_cpu_online(0, true);
	atomic_store(&states[0], ONLINE);
	run_initcalls(0, INIT_SMP);
	idle_sleep = sleep_until_rung;
	for (cpu = 1; cpu < HARTS; cpu++)
		cpu_start_hart(cpu);
	while (num_online_cpus() < HARTS)
		cpu_relax();
	if (pthread_create(&clock, NULL, clock_main, arg))
		abort();
	pthread_detach(clock);
	run_initcalls(INIT_SMP + 1, INIT_MAIN);
	thread_starts();
	exit(world_tests());
}

/* From here on so long; returns it in ms. A hart that hangs lets nobody look at a clock. */
static unsigned int patience(void)
{
	unsigned int ms = env_uint("LOST_MS", 60000);

	host_must_end(ms / 1000 + 1, "a hart waits for ever\n");
	return ms;
}

static int world_main(int (*tests)(void))
{
	world_tests = tests;
	world_seed = host_seed();
	for (unsigned int cpu = 0; cpu < HARTS; cpu++)
		atomic_store(&compare[cpu], UINT64_MAX);
	cpumask_size_init(HARTS);
	cpu_online_mask = online = cpumask_alloc(0);
	cpu_possible_mask = possible = cpumask_alloc(0);
	cpumask_setall(possible);
	host_interrupt = interrupt;
	host_thread_starts = thread_starts;
	patience();
	host_harts_run(HARTS, boot, NULL);
	return 1;
}

#define THREAD_MAIN(tests)                                                       \
	static int main_of_##tests(void)                                         \
	{                                                                        \
		return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL); \
	}                                                                        \
	int main(void)                                                           \
	{                                                                        \
		return world_main(main_of_##tests);                              \
	}

/* --- threads of a test --- */

static _Atomic unsigned int running;

struct role {
	void (*play)(void *data);
	void *data;
};

static int role_main(void *arg)
{
	struct role role = *(struct role *)arg;

	free(arg);
	role.play(role.data);
	atomic_fetch_sub_explicit(&running, 1, memory_order_release);
	return 0;
}

/* Has a thread play a role; cpu CPU_ANY: anywhere. */
static inline void begin(void (*play)(void *data), void *data, unsigned int cpu)
{
	struct role *role = malloc(sizeof(*role));
	struct task_struct *task;

	*role = (struct role){play, data};
	task = cpu == CPU_ANY ? kthread_create(role_main, role, "role")
			      : kthread_create_on_cpu(role_main, role, cpu, "role/%u");
	if (IS_ERR(task))
		panic("no thread");
	atomic_fetch_add_explicit(&running, 1, memory_order_relaxed);
	wake_up_process(task);
}

/* Waits until all roles are over; panics if one waits for ever. */
static inline void all_end(void)
{
	uint64_t deadline = deadline_ms(patience());
	unsigned int n;

	while ((n = atomic_load_explicit(&running, memory_order_acquire))) {
		if (time_now() > deadline)
			panic("%u threads wait for ever", n);
		usleep(200);
	}
}

#endif
