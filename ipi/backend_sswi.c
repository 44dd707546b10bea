/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACLINT SSWI: a register for each hart, whose write raises that hart's supervisor software
 * interrupt (ACLINT 1.0, chapter 5).
 */
#include <errno.h>

#include "arch/riscv/io.h"
#include "core/cpu.h"
#include "core/fdt.h"
#include "core/printk.h"
#include "drivers/driver.h"
#include "ipi/backend.h"

/* Where to write for each cpu. Per cpu, so that a ring needs one load. */
static DEFINE_PER_CPU(volatile uint32_t __iomem *, setssip);
static bool found;

static int sswi_probe(const struct fdt_device *dev)
{
	volatile char __iomem *base;
	struct fdt_irq_iter it;
	struct fdt_irq irq;
	phys_addr_t addr;
	uint64_t size;
	int err = fdt_reg(dev, 0, &addr, &size);

	if (err)
		return err;
	base = ioremap(addr, size);
	if (!base)
		return -ENOMEM;
	/* Register i belongs to the hart of the i-th entry of interrupts-extended. */
	fdt_irq_first(dev, &it);
	for (unsigned int i = 0; !(err = fdt_irq_next(&it, &irq)); i++) {
		const struct fdt_cpu *fdt = fdt_cpu_by_intc(irq.parent);
		int cpu = fdt ? hartid_to_cpu(fdt->hartid) : -ENOENT;

		if (cpu >= 0 && percpu_base[cpu] && (i + 1) * 4UL <= size)
			per_cpu(setssip, cpu) = (volatile uint32_t __iomem *)(base + i * 4UL);
	}
	if (err != -ENOENT)
		return err;
	found = true;
	return 0;
}

static const struct driver sswi_driver = {
	.name = "sswi", .stage = DRIVER_DEVICE, .probe = sswi_probe};
DRIVER_MATCH("riscv,aclint-sswi", &sswi_driver);

static int sswi_init(void)
{
	unsigned int cpu;

	if (!found)
		return -ENODEV;
	for_each_populated_cpu (cpu) {
		if (!per_cpu(setssip, cpu)) {
			pr_warn("sswi: no register for cpu%u", cpu);
			return -ENXIO;
		}
	}
	return 0;
}

static void sswi_ring(unsigned int cpu)
{
	/*
	 * writel's fence orders memory before the device, as in sbi_ring(): the push is visible
	 * when the line goes up.
	 */
	writel(1, per_cpu(setssip, cpu));
}

const struct ipi_backend ipi_backend_sswi = {
	.name = "sswi",
	.rating = 30,
	.init = sswi_init,
	.ring = sswi_ring,
};
