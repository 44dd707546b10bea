/* SPDX-License-Identifier: BSD-2-Clause */
/* Remote fences by the firmware's RFENCE, and by call where that fails. */
#include "ipi/tlb.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "arch/riscv/io.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/page.h"
#include "arch/riscv/pgtable.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/init.h"
#include "core/param.h"
#include "ipi/call.h"
#include "ipi/internal.h"
#include "ipi/rfence.h"
#include "ipi/sbi_line.h"
#include "sbi/base.h"
#include "sbi/ipi.h"
#include "sbi/rfence.h"
#include "sbi/sbi.h"

/* Beyond so many pages one fence for everything costs less than one for each. */
#define RANGE_PAGES_MAX 64

/* One fence on its way: line comes first, so that the line's ops find the rest. */
struct fence {
	struct sbi_line line;
	unsigned int done; /* the cpu that fenced by itself: the caller may be on another since */
	bool instructions; /* fence.i, else sfence.vma */
	unsigned long start, size;
};

static bool by_call_only;

static struct {
	_Atomic uint64_t ecalls, refused, calls;
} counts;

static int parse_rfence(const char *value)
{
	if (!value || (strcmp(value, "on") && strcmp(value, "off")))
		return -EINVAL;
	by_call_only = !strcmp(value, "off");
	return 0;
}
PARAM_FUNC("rfence", parse_rfence, "off: fences on other harts by call, not by the firmware");

static void count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void fence_here(const struct fence *fence)
{
	if (fence->instructions) {
		__asm__ __volatile__("fence.i" : : : "memory");
	} else if (fence->size > RANGE_PAGES_MAX * PAGE_SIZE) {
		__asm__ __volatile__("sfence.vma" : : : "memory");
	} else {
		for (unsigned long va = fence->start; va < fence->start + fence->size;
		     va += PAGE_SIZE)
			__asm__ __volatile__("sfence.vma %0" : : "r"(va) : "memory");
	}
}

static void fence_own(struct fence *fence)
{
	unsigned long flags = local_irq_save();

	fence_here(fence);
	fence->done = smp_processor_id();
	local_irq_restore(flags);
}

static void fence_for_another(void *fence)
{
	fence_here(fence);
	count(&counts.calls);
}

static long send(const struct sbi_line *line, unsigned long mask, unsigned long base)
{
	const struct fence *fence = container_of(line, const struct fence, line);
	struct sbiret ret;

	/* Stores to memory before the firmware's to the device that tells the others. */
	io_fence();
	count(&counts.ecalls);
	if (fence->instructions)
		ret = sbi_remote_fence_i(mask, base);
	else
		ret = sbi_remote_sfence_vma(mask, base, fence->start, fence->size);
	if (ret.error)
		count(&counts.refused);
	return ret.error;
}

/*
 * The hart may be up all the same: a call tells. One that is not online will fence when it comes
 * up.
 */
static bool call_instead(const struct sbi_line *line, unsigned long hartid, long error)
{
	struct fence fence = *container_of(line, const struct fence, line);
	int cpu = hartid_to_cpu(hartid);

	(void)error;
	if (cpu >= 0)
		smp_call_function_single((unsigned int)cpu, fence_for_another, &fence, true);
	return true;
}

static const struct sbi_line_ops fence_ops = {.send = send, .refused = call_instead};

static bool use_rfence(void)
{
	return !by_call_only && sbi_probe(SBI_EXT_RFENCE);
}

static bool not_done(unsigned int cpu, void *info)
{
	const struct fence *fence = info;

	return cpu != fence->done;
}

/*
 * A hart runs calls from when its queue opens, before it joins the online mask, until it closes,
 * after it has left: while it takes calls, and only then, somebody else's change may be its
 * business.
 */
static bool takes_calls(unsigned int cpu)
{
	return atomic_load_explicit(&ipi_cpus[cpu]->queue.head, memory_order_relaxed) !=
	       CALL_QUEUE_CLOSED;
}

static void call_others(struct fence *fence, const struct cpumask *mask)
{
	unsigned int cpu;

	smp_call_function_many_cond(mask, fence_for_another, fence, SCF_WAIT | SCF_RUN_LOCAL,
				    not_done);
	for_each_cpu (cpu, mask) {
		if (!cpumask_test_cpu(cpu, cpu_online_mask) && takes_calls(cpu))
			smp_call_function_single(cpu, fence_for_another, fence, true);
	}
}

/* On those of mask that are up, but the one that has fenced. */
static void fence_others(struct fence *fence, const struct cpumask *mask)
{
	unsigned int cpu;
	bool outermost;

	/*
	 * What was changed, before the look at who is up: a hart that is not seen here fences
	 * later, and then sees the change. Pairs with the fence in set_cpu_online. Store and then
	 * load: acquire and release do not order that.
	 */
	smp_mb();
	if (!use_rfence()) {
		call_others(fence, mask);
		return;
	}
	fence->line.ops = &fence_ops;
	outermost = rfence_begins();
	for_each_cpu (cpu, mask) {
		if (cpu != fence->done && takes_calls(cpu))
			sbi_line_add(&fence->line, cpu_to_hartid(cpu));
	}
	sbi_line_flush(&fence->line);
	rfence_ends(outermost);
}

/*
 * "All" of the firmware includes harts that come or go, and cannot be refused for one that is
 * stopped; only while none is going. False: not done.
 */
static bool fence_all_at_once(struct fence *fence)
{
	bool outermost, done;

	if (!use_rfence())
		return false;
	outermost = rfence_begins();
	done = !rfence_any_gone() && !send(&fence->line, 0, SBI_HART_BASE_ALL);
	rfence_ends(outermost);
	return done;
}

void remote_fence_i(const struct cpumask *mask)
{
	struct fence fence = {.instructions = true};

	fence_own(&fence);
	fence_others(&fence, mask);
}

static void fence_all(struct fence *fence)
{
	fence_own(fence);
	if (nr_cpu_ids == 1 || !cpu_online_mask)
		return;
	if (!fence_all_at_once(fence))
		fence_others(fence, cpu_possible_mask);
}

void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
	struct fence fence = {.start = ALIGN_DOWN(start, PAGE_SIZE)};

	fence.size = ALIGN_UP(end, PAGE_SIZE) - fence.start;
	if (end > start)
		fence_all(&fence);
}

void flush_tlb_all(void)
{
	/* Size -1: everything (SBI 2.0, section 8.2). */
	struct fence fence = {.size = ~0UL};

	fence_all(&fence);
}

bool remote_fences_by_call(bool by_call)
{
	bool before = by_call_only;

	by_call_only = by_call;
	return before;
}

void tlb_stats(struct tlb_stats *stats)
{
	stats->ecalls = atomic_load_explicit(&counts.ecalls, memory_order_relaxed);
	stats->refused = atomic_load_explicit(&counts.refused, memory_order_relaxed);
	stats->calls = atomic_load_explicit(&counts.calls, memory_order_relaxed);
}

static void mapping_changed(unsigned long va, uint64_t size)
{
	flush_tlb_kernel_range(va, va + size);
}

/* Only now do others run: mapping before was this hart's own business, and fast. */
static int tlb_init(void)
{
	kernel_mapping_changed = mapping_changed;
	return 0;
}
INITCALL(INIT_IPI, tlb_init);
