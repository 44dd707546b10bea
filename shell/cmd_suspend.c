/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * suspend: the whole machine sleeps until an event of the platform, and comes back with all its
 * harts.
 */
#include <errno.h>

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "core/suspend.h"
#include "core/time.h"
#include "sbi/base.h"
#include "sbi/sbi.h"
#include "shell/shell.h"
#include "threads/cpuhp.h"

/* On the one hart that is left. */
static int sleep_here(uint64_t *slept)
{
	unsigned long flags = local_irq_save();
	uint64_t start = time_now();
	int err = system_suspend();

	*slept = time_now() - start;
	local_irq_restore(flags);
	return err;
}

static int cmd_suspend(int argc, char **argv)
{
	unsigned int before = num_online_cpus();
	uint64_t slept;
	int err;

	(void)argv;
	if (argc > 1)
		return -EINVAL;
	if (!sbi_probe(SBI_EXT_SUSP)) {
		printk_raw("suspend: the firmware has no system suspend");
		return -EOPNOTSUPP;
	}
	err = freeze_secondary_cpus(smp_processor_id());
	if (err)
		return err;
	err = sleep_here(&slept);
	thaw_secondary_cpus();
	if (!err)
		printk_raw("suspend: slept for %lu ms; %u of %u cpus are back",
			   ticks_to_ns(slept) / 1000000, num_online_cpus(), before);
	return err;
}
SHELL_COMMAND(suspend, "", "the machine sleeps until something wakes it", cmd_suspend);
