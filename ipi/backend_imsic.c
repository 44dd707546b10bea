/* SPDX-License-Identifier: BSD-2-Clause */
/* IMSIC: a ring is one store of an interrupt identity into the target's interrupt file. */
#include <errno.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/io.h"
#include "arch/riscv/trap.h"
#include "core/cpu.h"
#include "drivers/imsic.h"
#include "drivers/irq.h"
#include "ipi/backend.h"
#include "ipi/ipi.h"

static unsigned int ipi_id;
static void (*other_external_interrupts)(void);

/*
 * Claiming the identity has acknowledged it: a CSR write, which counts as device output, before the
 * reads of memory that follow. Without the fence a read could be early, miss a push, and the claim
 * take that push's ring away. Pairs with the fence of writel() in imsic_send().
 */
static void imsic_ipi(unsigned int id, void *arg)
{
	(void)id;
	(void)arg;
	io_fence();
	ipi_interrupt();
}

/*
 * In front of the other external interrupts, as it is the lowest identity and so the first to be
 * taken. One is taken at a time: what is left pending interrupts again.
 */
static void external_interrupt(void)
{
	unsigned long top = csr_swap(CSR_STOPEI, 0);

	if (likely(top >> 16 == ipi_id))
		imsic_ipi(ipi_id, NULL);
	else if (top)
		imsic_dispatch((unsigned int)(top >> 16));
	else
		other_external_interrupts();
}

static int imsic_init(void)
{
	unsigned int cpu;
	int id;

	if (!imsic_present())
		return -ENODEV;
	for_each_possible_cpu (cpu) {
		if (!imsic_reaches(cpu))
			return -ENXIO;
	}
	if (ipi_id)
		return 0;
	id = imsic_alloc_id(imsic_ipi, NULL, true);
	if (id < 0)
		return id;
	ipi_id = (unsigned int)id;
	other_external_interrupts = external_interrupt_handler;
	external_interrupt_handler = external_interrupt;
	return 0;
}

static int imsic_cpu_init(void)
{
	irq_cpu_init();
	return 0;
}

static void imsic_ring(unsigned int cpu)
{
	imsic_send(cpu, ipi_id);
}

const struct ipi_backend ipi_backend_imsic = {
	.name = "imsic",
	.rating = 40,
	.init = imsic_init,
	.cpu_init = imsic_cpu_init,
	.ring = imsic_ring,
};
