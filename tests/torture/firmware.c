/* SPDX-License-Identifier: BSD-2-Clause */
/* The firmware's count of a hart's IPIs, in each of its lives, held against that of the rings. */
#include <string.h>

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "ipi/backend.h"
#include "ipi/call_stats.h"
#include "sbi/pmu.h"
#include "tests/torture/internal.h"

_Atomic uint64_t fw_ipis, fw_rings;

static uint64_t rings_of(unsigned int cpu)
{
	struct call_totals t;

	call_stats_of(cpu, &t);
	return t.rings;
}

void count_begins(unsigned int cpu)
{
	struct torturer *me = torturers[cpu];
	unsigned long flags = local_irq_save();

	if (me) {
		me->counter = sbi_fw_counter_start(SBI_FW_IPI_SENT);
		me->rings = rings_of(cpu);
	}
	local_irq_restore(flags);
}

void count_ends(unsigned int cpu)
{
	struct torturer *me = torturers[cpu];
	unsigned long flags = local_irq_save();
	uint64_t ipis;

	if (me && me->counter >= 0 && !sbi_fw_counter_read((unsigned int)me->counter, &ipis)) {
		atomic_fetch_add_explicit(&fw_ipis, ipis, memory_order_relaxed);
		atomic_fetch_add_explicit(&fw_rings, rings_of(cpu) - me->rings,
					  memory_order_relaxed);
		sbi_fw_counter_stop((unsigned int)me->counter);
	}
	local_irq_restore(flags);
}

/*
 * The firmware's count of what it has sent: one for each of the kernel's rings, and on top of that
 * those of remote fences. It does not send, nor count, what is for a hart that has stopped: each
 * other hart may have been between its push and its ring when that one closed its queue, and ran
 * what was pushed.
 */
bool firmware_sent_all(void)
{
	uint64_t too_late = actors_offlines() * (num_online_cpus() - 1);

	return fw_rings && fw_ipis + too_late >= fw_rings;
}

bool firmware_counts(void)
{
	return fw_ipis && num_online_cpus() > 1 && !strcmp(ipi_backend()->name, "sbi");
}
