/* SPDX-License-Identifier: BSD-2-Clause */
/* The reason word, and the handler of the line. */
#include "ipi/ipi.h"

#include <stdatomic.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/trap.h"
#include "core/cpu.h"
#include "core/init.h"
#include "core/panic.h"
#include "ipi/backend.h"
#include "ipi/call.h"
#include "ipi/internal.h"

static void (*handlers[IPI_REASONS])(void);

void ipi_register(enum ipi_reason reason, void (*handler)(void))
{
	ASSERT(reason < IPI_REASONS && !handlers[reason]);
	handlers[reason] = handler;
}

void ipi_ring(unsigned int cpu)
{
	ipi_count(&this_cpu_ptr(&ipi_cpu)->stats.other_rings, 1);
	ipi_ring_inline(cpu);
}

unsigned int ipi_ring_mask(const struct cpumask *mask, unsigned int n)
{
	const struct ipi_backend *backend = ipi_backend();
	unsigned int cpu;

	ipi_count(&this_cpu_ptr(&ipi_cpu)->stats.rings, n);
	if (unlikely(trace_enabled())) {
		for_each_cpu (cpu, mask)
			trace_record(TRACE_SEND, cpu, NULL);
	}
	if (backend->ring_mask)
		return backend->ring_mask(mask);
	for_each_cpu (cpu, mask)
		backend->ring(cpu);
	return 0;
}

/*
 * The reason word:
 *   0 ---- sender sets a bit, raises the line ----> bits
 *   bits - sender sets a bit, raises nothing ----> bits
 *   bits - handler takes them all ----> 0
 * Release: what the reason is about is seen by the handler, whose exchange acquires. True: the line
 * must be raised.
 */
static bool set_reason(unsigned int cpu, enum ipi_reason reason)
{
	return !atomic_fetch_or_explicit(&per_cpu_ptr(&ipi_cpu, cpu)->reasons, 1UL << reason,
					 memory_order_acq_rel);
}

void ipi_send_cpu(unsigned int cpu, enum ipi_reason reason)
{
	if (set_reason(cpu, reason))
		ipi_ring(cpu);
}

void ipi_raise_self(enum ipi_reason reason)
{
	set_reason(smp_processor_id(), reason);
	csr_set(CSR_SIP, SIE_SSIE);
}

void ipi_send(const struct cpumask *mask, enum ipi_reason reason)
{
	unsigned int cpu;

	/* Rare reasons: a ring for each is good enough, and needs no mask of its own. */
	for_each_cpu_and (cpu, mask, cpu_online_mask) {
		if (cpu != smp_processor_id())
			ipi_send_cpu(cpu, reason);
	}
}

void ipi_handle_reasons(unsigned long reasons)
{
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
