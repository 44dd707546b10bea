/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fences on other harts: what was patched is what they run, what was mapped anew is what they see.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/page.h"
#include "arch/riscv/pgtable.h"
#include "core/cpu.h"
#include "core/page.h"
#include "core/time.h"
#include "arch/riscv/processor.h"
#include "ipi/call.h"
#include "ipi/call_stats.h"
#include "ipi/rfence.h"
#include "ipi/tlb.h"
#include "sbi/base.h"
#include "sbi/sbi.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/hotplug.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/run_on.h"

/* The end of the area for device registers, which nobody has come to. */
#define SCRATCH (IO_MAP_BASE + IO_MAP_SIZE - PAGE_SIZE)

static void read_scratch(void *value)
{
	*(uint64_t *)value = *(volatile uint64_t *)SCRATCH;
}

static void run_scratch(void *value)
{
	unsigned long (*fn)(void);

	memcpy(&fn, &(unsigned long){SCRATCH}, sizeof(fn));
	*(uint64_t *)value = fn();
}

/* How many cpus, this one too, do not see what they should. */
static unsigned int others_see(void (*look)(void *), uint64_t want)
{
	unsigned int cpu, wrong = 0;

	for_each_online_cpu (cpu) {
		uint64_t value = 0;

		wrong += smp_call_function_single(cpu, look, &value, true) || value != want;
	}
	return wrong;
}

/*
 * An emulator's harts remember translations as real ones do: without the fence they see the page
 * before.
 */
static void map_again_and_again(struct ktest_run *run)
{
	uint64_t *pages[2] = {page_zalloc(NUMA_NO_NODE, 0), page_zalloc(NUMA_NO_NODE, 0)};

	if (KTEST_EXPECT(pages[0] && pages[1])) {
		for (uint64_t i = 0; i < 6; i++) {
			*pages[i % 2] = 100 + i;
			KTEST_EXPECT_EQ(map_range(SCRATCH, virt_to_phys(pages[i % 2]), PAGE_SIZE,
						  PTE_RODATA),
					0);
			KTEST_EXPECT_EQ(others_see(read_scratch, 100 + i), 0);
			KTEST_EXPECT_EQ(unmap_range(SCRATCH, PAGE_SIZE), 0);
		}
	}
	page_free(pages[0], 0);
	page_free(pages[1], 0);
}

KTEST(tlb, mapped_anew)
{
	map_again_and_again(run);
}

KTEST(tlb, mapped_anew_by_call)
{
	bool before = remote_fences_by_call(true);

	map_again_and_again(run);
	remote_fences_by_call(before);
}

KTEST(tlb, unmap)
{
	void *page = page_zalloc(NUMA_NO_NODE, 0);
	unsigned int level = 0;

	KTEST_EXPECT_EQ(unmap_range(SCRATCH, PAGE_SIZE), -ENOENT);
	KTEST_EXPECT_EQ(unmap_range(SCRATCH + 1, PAGE_SIZE), -EINVAL);
	KTEST_EXPECT_EQ(unmap_range(KERNEL_BASE - PAGE_SIZE, PAGE_SIZE), -ENOENT);
	/* A piece of a large page stays, as all of it. */
	if (KTEST_EXPECT(page && pte_lookup((unsigned long)page, &level)) && level) {
		KTEST_EXPECT_EQ(unmap_range((unsigned long)page, PAGE_SIZE), -EINVAL);
		KTEST_EXPECT(pte_lookup((unsigned long)page, &level));
	}
	page_free(page, 0);
}

static void patch(uint32_t *code, unsigned int value)
{
	code[0] = 0x00000513 | value << 20; /* li a0, value */
	code[1] = 0x00008067;		    /* ret */
}

static void patch_and_run(struct ktest_run *run)
{
	uint32_t *code = page_zalloc(NUMA_NO_NODE, 0);

	if (!KTEST_EXPECT(code))
		return;
	KTEST_EXPECT_EQ(map_range(SCRATCH, virt_to_phys(code), PAGE_SIZE, PTE_TEXT), 0);
	for (unsigned int i = 1; i < 6; i++) {
		patch(code, i);
		remote_fence_i(cpu_online_mask);
		KTEST_EXPECT_EQ(others_see(run_scratch, i), 0);
	}
	KTEST_EXPECT_EQ(unmap_range(SCRATCH, PAGE_SIZE), 0);
	page_free(code, 0);
}

KTEST(tlb, patched_code)
{
	patch_and_run(run);
}

KTEST(tlb, patched_code_by_call)
{
	bool before = remote_fences_by_call(true);

	patch_and_run(run);
	remote_fences_by_call(before);
}

/* By call every other cpu fences once; by firmware none is called, and one ecall does for all. */
KTEST(tlb, counted)
{
	struct tlb_stats before, after;
	unsigned int others = num_online_cpus() - 1;
	bool was = remote_fences_by_call(true);

	tlb_stats(&before);
	flush_tlb_all();
	flush_tlb_kernel_range(SCRATCH, SCRATCH + 1);
	remote_fence_i(cpu_online_mask);
	tlb_stats(&after);
	KTEST_EXPECT_EQ(after.calls - before.calls, 3 * others);
	KTEST_EXPECT_EQ(after.ecalls - before.ecalls, 0);
	remote_fences_by_call(false);
	before = after;
	flush_tlb_all();
	flush_tlb_kernel_range(SCRATCH, SCRATCH);
	tlb_stats(&after);
	remote_fences_by_call(was);
	if (others && sbi_probe(SBI_EXT_RFENCE)) {
		KTEST_EXPECT_EQ(after.ecalls - before.ecalls, 1);
		KTEST_EXPECT_EQ(after.calls - before.calls,
				(after.refused - before.refused) * others);
	}
}

/* From where others could not be waited for in a simple way. */
/* The firmware's "all" has harts in it that come too late, and stop: it is for when none is missing. */
KTEST(tlb, all_only_when_none_is_missing)
{
	KTEST_EXPECT_EQ(rfence_any_gone(), num_online_cpus() < nr_cpu_ids);
}

KTEST(tlb, interrupts_off)
{
	bool was = remote_fences_by_call(true);
	struct tlb_stats before, after;
	unsigned long flags = local_irq_save();

	tlb_stats(&before);
	flush_tlb_all();
	tlb_stats(&after);
	local_irq_restore(flags);
	remote_fences_by_call(was);
	KTEST_EXPECT_EQ(after.calls - before.calls, num_online_cpus() - 1);
}

/* How many of its waits a cpu has reported. */
static uint64_t reports_of(unsigned int cpu)
{
	struct call_totals t;

	call_stats_of(cpu, &t);
	return t.timeouts;
}

struct asker {
	unsigned int dying;
	_Atomic bool in;
	bool reported, stayed;
};

/* As if the firmware did not come back, until the hart that waits for that has said so. */
static void ask_for_long(void *arg)
{
	struct asker *asker = arg;
	uint64_t before = reports_of(asker->dying), deadline = deadline_ms(10000);
	bool outermost = rfence_begins();

	atomic_store(&asker->in, true);
	/* And until this one has said where it is, which it was asked for. */
	while ((reports_of(asker->dying) == before || !logged("backtrace:", NULL, NULL)) &&
	       time_now() < deadline)
		cpu_relax();
	asker->reported = reports_of(asker->dying) != before;
	asker->stayed = cpuhp_state_of(asker->dying) != CPUHP_OFFLINE;
	rfence_ends(outermost);
}

KTEST(tlb, who_goes_down_waits_for_firmware)
{
	struct asker asker = {.dying = nth_other_cpu(1)};
	unsigned int cpu = nth_other_cpu(0), patience;
	char who[64];
	int level;

	if (cannot_hotplug() || asker.dying >= nr_cpu_ids)
		KTEST_SKIP("it takes three harts, and HSM");
	level = quiet_begin();
	if (!KTEST_EXPECT_EQ(run_on(cpu, ask_for_long, &asker), 0) ||
	    !KTEST_EXPECT(spin_until(&asker.in))) {
		quiet_end(level);
		return;
	}
	patience = set_csd_timeout_ms(20);
	KTEST_EXPECT_EQ(cpu_down(asker.dying), 0);
	quiet_end(level);
	set_csd_timeout_ms(patience);
	snprintf(who, sizeof(who), "cpu%u waits", asker.dying);
	KTEST_EXPECT(logged("fence by the firmware: ", who, "rfence_ends"));
	KTEST_EXPECT(soon(job_done, &cpu));
	KTEST_EXPECT(asker.reported);
	KTEST_EXPECT(asker.stayed);
	KTEST_EXPECT(is_down(asker.dying));
	KTEST_EXPECT_EQ(cpu_up(asker.dying), 0);
}

/* One within another ends nothing. */
KTEST(tlb, requests_nest)
{
	bool outermost = rfence_begins();

	KTEST_EXPECT(outermost);
	KTEST_EXPECT(!rfence_begins());
	rfence_ends(false);
	rfence_ends(outermost);
	outermost = rfence_begins();
	KTEST_EXPECT(outermost);
	rfence_ends(outermost);
}
