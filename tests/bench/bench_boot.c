/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * boot, bringup: figures of the boot that just happened; ecall_null: the cheapest call of the
 * firmware.
 */
#include <errno.h>
#include <stdio.h>

#include "core/cpu.h"
#include "core/init.h"
#include "core/smp.h"
#include "sbi/ecall.h"
#include "sbi/sbi.h"
#include "tests/bench/bench.h"

static uint64_t stage_end(const struct boot_stage *stage)
{
	return deterministic ? stage->end_insns : stage->end_ticks;
}

/* From the kernel's first instruction to all harts online, and what each stage had of it. */
static int bench_boot(void)
{
	uint64_t before = deterministic ? boot_entry_insns : boot_entry_ticks, total = 0;
	unsigned int n, used = 0;
	const struct boot_stage *stages = boot_stages(&n);
	char extra[160] = "";

	for (unsigned int i = 0; i < n && stages[i].level <= INIT_SMP; i++) {
		uint64_t part = stage_end(&stages[i]) - before;

		used += snprintf(extra + used, sizeof(extra) - used, " %s=%lu", stages[i].name,
				 bench_unit(part));
		total += part;
		before = stage_end(&stages[i]);
	}
	if (!total)
		return -ENODATA;
	bench_report("boot", &total, 1, extra);
	return 0;
}
BENCH(boot, bench_boot);

/* From the first hart_start to the last hart online. */
static int bench_bringup(void)
{
	uint64_t total = deterministic ? bringup_result.insns : bringup_result.ticks;
	char extra[40] = "";

	if (bringup_result.online)
		snprintf(extra, sizeof(extra), " per_hart=%lu",
			 bench_unit(total) / bringup_result.online);
	bench_report("bringup", &total, 1, extra);
	return 0;
}
BENCH(bringup, bench_bringup);

static int bench_ecall_null(void)
{
	static uint64_t samples[1000] __section(".noinit");

	for (unsigned int i = 0; i < ARRAY_SIZE(samples); i++) {
		uint64_t start = bench_clock();

		sbi_ecall(SBI_EXT_BASE, 0, 0, 0, 0, 0, 0, 0);
		samples[i] = bench_clock() - start;
	}
	bench_report("ecall_null", samples, ARRAY_SIZE(samples), "");
	return 0;
}
BENCH(ecall_null, bench_ecall_null);
