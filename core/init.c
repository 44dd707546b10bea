/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the table of initcalls level by level, and notes when each level ended. */
#include "core/init.h"

#include <stdatomic.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/panic.h"
#include "core/printk.h"

TABLE_DECLARE(struct initcall, initcalls);

static const struct {
	unsigned int level;
	const char *name;
} levels[] = {
	{INIT_EARLY, "early"},	   {INIT_MEMORY, "memory"}, {INIT_PERCPU, "percpu"},
	{INIT_TIME, "time"},	   {INIT_IPI, "ipi"},	    {INIT_SMP, "smp"},
	{INIT_DRIVERS, "drivers"}, {INIT_LATE, "late"},	    {INIT_THREADS, "threads"},
	{INIT_MAIN, "main"},
};

uint64_t boot_entry_ticks, boot_entry_insns;

static struct boot_stage stages[ARRAY_SIZE(levels)];
static unsigned int nr_stages;

const struct boot_stage *boot_stages(unsigned int *n)
{
	*n = nr_stages;
	return stages;
}

void start_kernel(void)
{
	const struct initcall *call = __table_initcalls_start;

	for (unsigned int i = 0; i < ARRAY_SIZE(levels); i++) {
		for (; call < __table_initcalls_end && call->level == levels[i].level; call++) {
			int err = call->fn();

			if (err)
				pr_err("%s failed: error %d", call->name, err);
		}
		stages[nr_stages++] = (struct boot_stage){
			.level = levels[i].level,
			.name = levels[i].name,
			.end_ticks = rdtime(),
			.end_insns = boot_entry_insns ? rdinstret() : 0,
		};
	}
	if (call < __table_initcalls_end)
		panic("initcall %s has a level that does not exist: %u", call->name, call->level);
	panic("the last initcall returned");
}
