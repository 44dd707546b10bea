/* SPDX-License-Identifier: BSD-2-Clause */
/* Sleep that is deeper than wfi: of a hart, and of the whole machine. */
#include "core/suspend.h"

#include <errno.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/suspend.h"
#include "core/cpu.h"
#include "core/init.h"
#include "core/kmalloc.h"
#include "core/panic.h"
#include "sbi/base.h"
#include "sbi/hsm.h"
#include "sbi/sbi.h"
#include "sbi/susp.h"

/* By cpu. Not per-cpu variables: those are paid for while harts come up. */
static struct suspend_context *contexts;

static long ask_hart(uint32_t type, phys_addr_t resume_addr, unsigned long opaque)
{
	return sbi_hart_suspend(type, resume_addr, opaque).error;
}

static long ask_system(uint32_t type, phys_addr_t resume_addr, unsigned long opaque)
{
	return sbi_system_suspend(type, resume_addr, opaque).error;
}

static long sleep_by(suspend_fn fn, uint32_t type)
{
	unsigned int cpu = smp_processor_id();

	return contexts ? suspend_call(&contexts[cpu], cpu_to_hartid(cpu), fn, type)
			: SBI_ERR_FAILED;
}

static int suspend_init(void)
{
	contexts = kzalloc(nr_cpu_ids * sizeof(*contexts));
	return contexts ? 0 : -ENOMEM;
}
INITCALL(INIT_DRIVERS, suspend_init);

int hart_suspend(uint32_t type)
{
	long error;

	ASSERT(irqs_disabled());
	/* A type that keeps the registers comes back as a call. */
	error = type & HSM_SUSPEND_NON_RETENTIVE ? sleep_by(ask_hart, type) : ask_hart(type, 0, 0);
	switch (hsm_suspend_result(error)) {
	case HSM_SUSPEND_WOKEN:
		return 0;
	case HSM_SUSPEND_UNAVAILABLE:
		return -EOPNOTSUPP;
	default:
		return sbi_to_errno(error);
	}
}

void system_resume(void)
{
	ASSERT(irqs_disabled());
	TABLE_FOREACH (struct system_resume, it, resumes)
		it->fn();
}

int system_suspend(void)
{
	long error;

	ASSERT(irqs_disabled());
	if (!sbi_probe(SBI_EXT_SUSP))
		return -EOPNOTSUPP;
	if (num_online_cpus() > 1)
		return -EBUSY;
	error = sleep_by(ask_system, SUSP_SUSPEND_TO_RAM);
	if (!error)
		system_resume();
	return sbi_to_errno(error);
}
