/* SPDX-License-Identifier: BSD-2-Clause */
/* IMSIC: a ring is one store of an interrupt identity into the target's interrupt file. */
#include <errno.h>

#include "core/cpu.h"
#include "drivers/imsic.h"
#include "drivers/irq.h"
#include "ipi/backend.h"
#include "ipi/ipi.h"

static unsigned int ipi_id;

/* Claiming the identity has acknowledged it; the claim is a CSR write, ordered before the reads that follow by the fence. */
static void imsic_ipi(unsigned int id, void *arg)
{
	(void)id;
	(void)arg;
	__asm__ __volatile__("fence iorw, iorw" : : : "memory");
	ipi_interrupt();
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
