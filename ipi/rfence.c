/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests to the firmware for fences on other harts, and harts that go down meanwhile. */
#include "ipi/rfence.h"

#include <stdatomic.h>

#include "arch/riscv/pgtable.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/hotplug.h"
#include "core/init.h"
#include "core/preempt.h"
#include "ipi/internal.h"

/*
 * Odd: this cpu has a request under way. Written by the cpu itself; an interrupt in the middle of a
 * write leaves it even, as it was.
 */
static DEFINE_PER_CPU(_Atomic unsigned int, requests);
/*
 * Harts that have not come yet, or have gone down and are not back: they may stop at any time, one
 * that comes too late for its start, too.
 */
static _Atomic unsigned int gone;
static DEFINE_PER_CPU(bool, has_gone) = true;

bool rfence_begins(void)
{
	_Atomic unsigned int *mine;
	unsigned int n;

	preempt_disable();
	mine = this_cpu_ptr(&requests);
	n = atomic_load_explicit(mine, memory_order_relaxed);
	if (!(n % 2))
		atomic_store_explicit(mine, n + 1, memory_order_relaxed);
	/* Pairs with the one in fence_at_end. */
	smp_mb();
	return !(n % 2);
}

void rfence_ends(bool outermost)
{
	_Atomic unsigned int *mine = this_cpu_ptr(&requests);

	/* Release: pairs with the acquire in await_request. */
	if (outermost)
		store_release(mine, atomic_load_explicit(mine, memory_order_relaxed) + 1);
	preempt_enable();
}

bool rfence_any_gone(void)
{
	return atomic_load_explicit(&gone, memory_order_relaxed);
}

static unsigned int requests_of(unsigned int cpu)
{
	return atomic_load_explicit(per_cpu_ptr(&requests, cpu), memory_order_acquire);
}

/* Only for the one that is under way now: a later one leaves this hart out. */
static void await_request(unsigned int cpu)
{
	unsigned int n = requests_of(cpu);
	struct wait_watch watch;

	if (!(n % 2))
		return;
	wait_watch_begin(&watch, "fence by the firmware");
	for (unsigned int looks = 1; requests_of(cpu) == n; looks++) {
		if (looks % CSD_LOOKS == 0)
			wait_watch_look(&watch, (const void *)rfence_ends, cpu);
		cpu_relax();
	}
}

/*
 * What was written as code while this hart was away, or as a mapping that its first steps need.
 * What changes from here on until it is in the mask is fenced for when it joins: see
 * set_cpu_online.
 */
static int fence_at_start(unsigned int cpu)
{
	(void)cpu;
	fence_everything();
	if (this_cpu(has_gone)) {
		this_cpu(has_gone) = false;
		atomic_fetch_sub_explicit(&gone, 1, memory_order_relaxed);
	}
	return 0;
}

/*
 * Its queue is closed: whoever begins from here on leaves it out. The firmware answers the others
 * on this hart.
 */
static int fence_at_end(unsigned int cpu)
{
	unsigned int other;

	(void)cpu;
	this_cpu(has_gone) = true;
	atomic_fetch_add_explicit(&gone, 1, memory_order_relaxed);
	/* Pairs with the one in rfence_begins. */
	smp_mb();
	for_each_populated_cpu (other)
		await_request(other);
	return 0;
}
CPUHP_ROW(CPUHP_AP_FENCE_STARTING, "fence:starting", fence_at_start, fence_at_end);

static int rfence_init(void)
{
	this_cpu(has_gone) = false;
	atomic_store_explicit(&gone, nr_cpu_ids - 1, memory_order_relaxed);
	return 0;
}
INITCALL(INIT_IPI, rfence_init);
