/* SPDX-License-Identifier: BSD-2-Clause */
/* The reason word, and raising the line by SBI. */
#include "ipi/ipi.h"

#include <stdatomic.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/trap.h"
#include "core/cpu.h"
#include "core/init.h"
#include "core/panic.h"
#include "core/printk.h"
#include "ipi/sbi_line.h"

static void (*handlers[IPI_REASONS])(void);

/*
 *   0 ---- sender sets a bit, raises the line ----> bits
 *   bits - sender sets a bit, raises nothing ----> bits
 *   bits - handler takes them all ----> 0
 */
static DEFINE_PER_CPU(_Atomic unsigned long, ipi_pending);

void ipi_register(enum ipi_reason reason, void (*handler)(void))
{
	ASSERT(reason < IPI_REASONS && !handlers[reason]);
	handlers[reason] = handler;
}

unsigned int ipi_send(const struct cpumask *mask, enum ipi_reason reason)
{
	struct sbi_line line = SBI_LINE_INIT;
	unsigned int cpu;

	for_each_cpu (cpu, mask) {
		if (cpu == smp_processor_id() || !cpumask_test_cpu(cpu, cpu_online_mask))
			continue;
		/*
		 * Release: what the reason is about is seen by the handler, whose exchange
		 * acquires.
		 */
		if (!atomic_fetch_or_explicit(&per_cpu(ipi_pending, cpu), 1UL << reason,
					      memory_order_acq_rel))
			sbi_line_add(&line, cpu_to_hartid(cpu));
	}
	return sbi_line_flush(&line);
}

static void ipi_interrupt(void)
{
	/*
	 * The trap handler has acknowledged the line: a bit set after this exchange raises it
	 * again.
	 */
	unsigned long reasons =
		atomic_exchange_explicit(this_cpu_ptr(&ipi_pending), 0, memory_order_acq_rel);

	for (unsigned int reason = 0; reasons; reason++, reasons >>= 1) {
		if (reasons & 1 && handlers[reason])
			handlers[reason]();
	}
}

static int ipi_init(void)
{
	software_interrupt_handler = ipi_interrupt;
	csr_clear(CSR_SIP, SIE_SSIE);
	csr_set(CSR_SIE, SIE_SSIE);
	return 0;
}
INITCALL(INIT_IPI, ipi_init);
