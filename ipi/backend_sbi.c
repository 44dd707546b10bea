/* SPDX-License-Identifier: BSD-2-Clause */
/* Back ends that ask the firmware: sPI in windows of 64 hart ids, and the call of SBI 0.1. */
#include <errno.h>

#include "arch/riscv/io.h"
#include "core/bitmap.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "ipi/backend.h"
#include "ipi/internal.h"
#include "ipi/sbi_line.h"
#include "sbi/base.h"
#include "sbi/ipi.h"
#include "sbi/legacy.h"
#include "sbi/sbi.h"

static int sbi_init(void)
{
	return sbi_probe(SBI_EXT_IPI) ? 0 : -ENODEV;
}

/* What the firmware refuses once is tried once more, and told. */
static __noinline void ring_again(unsigned long hartid)
{
	struct sbi_line line = {.base = hartid, .mask = 1};

	sbi_line_flush(&line);
}

/*
 * In front of each ecall below. The ecall orders nothing by itself, and the push has release only,
 * which orders memory and not devices: without a fence the firmware's store to the device may be
 * seen before the push. The target would acknowledge, see an empty queue and sleep, and nobody
 * would ring again. Pairs with the fence behind the acknowledgement in trap_entry.
 */
static void sbi_ring(unsigned int cpu)
{
	unsigned long hartid = ipi_cpus[cpu]->hartid;

	io_fence();
	if (unlikely(sbi_send_ipi(1, hartid).error))
		ring_again(hartid);
}

static unsigned int sbi_ring_mask(const struct cpumask *mask)
{
	struct sbi_line line = SBI_LINE_INIT;
	unsigned int cpu;

	/* As in sbi_ring(). */
	io_fence();
	for_each_cpu (cpu, mask)
		sbi_line_add(&line, cpu_to_hartid(cpu));
	return sbi_line_flush(&line);
}

const struct ipi_backend ipi_backend_sbi = {
	.name = "sbi",
	.rating = 20,
	.init = sbi_init,
	.ring = sbi_ring,
	.ring_mask = sbi_ring_mask,
};

/*
 * Hart ids that the old call can name here: enough for any machine whose firmware has nothing
 * newer.
 */
#define LEGACY_WORDS 8

static int legacy_init(void)
{
	unsigned int cpu;

	if (!sbi_probe(SBI_EXT_LEGACY_SEND_IPI))
		return -ENODEV;
	for_each_possible_cpu (cpu) {
		if (BIT_WORD(cpu_to_hartid(cpu)) >= LEGACY_WORDS)
			return -E2BIG;
	}
	return 0;
}

/*
 * The vector lies on the caller's stack, which the firmware reads through this hart's page table.
 */
static void legacy_ring(unsigned int cpu)
{
	unsigned long hartid = cpu_to_hartid(cpu), vector[LEGACY_WORDS] = {0};

	vector[BIT_WORD(hartid)] = BIT_MASK(hartid);
	/* As in sbi_ring(). */
	io_fence();
	sbi_legacy_send_ipi(vector);
}

static unsigned int legacy_ring_mask(const struct cpumask *mask)
{
	unsigned long vector[LEGACY_WORDS] = {0};
	unsigned int cpu;

	for_each_cpu (cpu, mask) {
		unsigned long hartid = cpu_to_hartid(cpu);

		vector[BIT_WORD(hartid)] |= BIT_MASK(hartid);
	}
	/* As in sbi_ring(). */
	io_fence();
	return sbi_legacy_send_ipi(vector) ? cpumask_weight(mask) : 0;
}

const struct ipi_backend ipi_backend_legacy = {
	.name = "legacy",
	.rating = 10,
	.init = legacy_init,
	.ring = legacy_ring,
	.ring_mask = legacy_ring_mask,
};
