/* SPDX-License-Identifier: BSD-2-Clause */
/* What the firmware counts agrees with what it was asked. */
#include <errno.h>

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "core/time.h"
#include "ipi/call.h"
#include "sbi/base.h"
#include "sbi/ipi.h"
#include "sbi/pmu.h"
#include "sbi/sbi.h"
#include "tests/kernel/ktest.h"

#define SENT 10

/* nr_cpu_ids: there is none. */
static unsigned int another_cpu(void)
{
	unsigned int cpu = cpumask_first(cpu_online_mask);

	return cpu == smp_processor_id() ? cpumask_next(cpu, cpu_online_mask) : cpu;
}

KTEST(pmu, ipis_sent)
{
	unsigned long flags;
	uint64_t before = 0, after = 0;
	int counter;

	if (another_cpu() == nr_cpu_ids || !sbi_probe(SBI_EXT_IPI))
		KTEST_SKIP("nobody to send to, or nothing to send by");
	/* Nobody else sends from this hart meanwhile. */
	flags = local_irq_save();
	counter = sbi_fw_counter_start(SBI_FW_IPI_SENT);
	if (counter < 0) {
		local_irq_restore(flags);
		KTEST_EXPECT(sbi_probe(SBI_EXT_PMU) || counter == -EOPNOTSUPP);
		KTEST_SKIP("the firmware does not count IPIs");
	}
	KTEST_EXPECT_EQ(sbi_fw_counter_read((unsigned int)counter, &before), 0);
	for (int i = 0; i < SENT; i++)
		sbi_send_ipi(1, cpu_to_hartid(another_cpu()));
	KTEST_EXPECT_EQ(sbi_fw_counter_read((unsigned int)counter, &after), 0);
	KTEST_EXPECT_EQ(after - before, SENT);
	KTEST_EXPECT_EQ(sbi_fw_counter_stop((unsigned int)counter), 0);
	/* One that there is not. */
	KTEST_EXPECT(sbi_fw_counter_stop(9999) < 0);
	local_irq_restore(flags);
}

struct received {
	int counter, error;
	uint64_t value;
};

static void start(void *arg)
{
	struct received *r = arg;

	r->counter = sbi_fw_counter_start(SBI_FW_IPI_RECEIVED);
}

static void stop(void *arg)
{
	struct received *r = arg;

	r->error = sbi_fw_counter_read((unsigned int)r->counter, &r->value);
	if (!r->error)
		r->error = sbi_fw_counter_stop((unsigned int)r->counter);
}

KTEST(pmu, ipis_received)
{
	unsigned int cpu = another_cpu();
	struct received r = {0};

	if (cpu == nr_cpu_ids || !sbi_probe(SBI_EXT_IPI))
		KTEST_SKIP("nobody to send to, or nothing to send by");
	KTEST_EXPECT_EQ(smp_call_function_single(cpu, start, &r, true), 0);
	if (r.counter < 0)
		KTEST_SKIP("the firmware does not count IPIs");
	for (int i = 0; i < SENT; i++) {
		sbi_send_ipi(1, cpu_to_hartid(cpu));
		udelay(100);
	}
	KTEST_EXPECT_EQ(smp_call_function_single(cpu, stop, &r, true), 0);
	KTEST_EXPECT_EQ(r.error, 0);
	/* Those that come while one is pending are one; the call is rung by one, or not. */
	KTEST_EXPECT(r.value >= 1 && r.value <= SENT + 1);
}
