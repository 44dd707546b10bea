/* SPDX-License-Identifier: BSD-2-Clause */
/* Stopping all other harts when the kernel ends. */
#include <stdatomic.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/init.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/time.h"
#include "ipi/ipi.h"

/* A hart that answers does so within its longest stretch with interrupts off. */
#define STOP_DEADLINE_MS 1000

static DEFINE_PER_CPU(_Atomic int, stopped);

static void stop_here(void)
{
	/* Release: pairs with the acquire in stop_others. */
	atomic_store_explicit(this_cpu_ptr(&stopped), 1, memory_order_release);
	csr_write(CSR_SIE, 0);
	for (;;)
		wait_for_interrupt();
}

static unsigned int running_others(bool name_them)
{
	unsigned int cpu, n = 0;

	for_each_online_cpu (cpu) {
		if (cpu == smp_processor_id() ||
		    atomic_load_explicit(&per_cpu(stopped, cpu), memory_order_acquire))
			continue;
		n++;
		if (name_them)
			pr_emerg("cpu%u (hart %lu) does not stop", cpu, cpu_to_hartid(cpu));
	}
	return n;
}

static unsigned int stop_others(void)
{
	uint64_t deadline = deadline_ms(STOP_DEADLINE_MS);

	if (!cpu_online_mask)
		return 0;
	ipi_send(cpu_online_mask, IPI_STOP);
	while (running_others(false) && time_now() < deadline)
		cpu_relax();
	return running_others(true);
}

static int stop_init(void)
{
	ipi_register(IPI_STOP, stop_here);
	panic_ops.stop_others = stop_others;
	return 0;
}
INITCALL(INIT_IPI, stop_init);
