/* SPDX-License-Identifier: BSD-2-Clause */
/* Lets timers be armed on another hart: that one sets its own compare register. */
#include "core/init.h"
#include "core/timer.h"
#include "ipi/ipi.h"

static void kick(unsigned int cpu)
{
	ipi_send_cpu(cpu, IPI_TIMER);
}

static int timer_kick_init(void)
{
	ipi_register(IPI_TIMER, timers_reprogram);
	timer_kick_cpu = kick;
	return 0;
}
INITCALL(INIT_IPI, timer_kick_init);
