/* SPDX-License-Identifier: BSD-2-Clause */
/* Lets drivers reach a hart that was up before its interrupt controller was found. */
#include "core/init.h"
#include "drivers/irq.h"
#include "ipi/ipi.h"

static void kick(unsigned int cpu)
{
	ipi_send_cpu(cpu, IPI_IRQ_SETUP);
}

static int irq_setup_init(void)
{
	ipi_register(IPI_IRQ_SETUP, irq_cpu_init);
	irq_kick_cpu = kick;
	return 0;
}
INITCALL(INIT_IPI, irq_setup_init);
