/* SPDX-License-Identifier: BSD-2-Clause */
/* Lets drivers reach a hart that was up before its interrupt controller was found. */
#include <stddef.h>

#include "core/cpumask.h"
#include "core/init.h"
#include "core/page.h"
#include "drivers/irq.h"
#include "ipi/ipi.h"

static void kick(unsigned int cpu)
{
	struct cpumask *mask = cpumask_alloc(NUMA_NO_NODE);

	/* Without memory the one who waits gives up by its deadline. */
	if (!mask)
		return;
	cpumask_set_cpu(cpu, mask);
	ipi_send(mask, IPI_IRQ_SETUP);
	cpumask_free(mask);
}

static int irq_setup_init(void)
{
	ipi_register(IPI_IRQ_SETUP, irq_cpu_init);
	irq_kick_cpu = kick;
	return 0;
}
INITCALL(INIT_IPI, irq_setup_init);
