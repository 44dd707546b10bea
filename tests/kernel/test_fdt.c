/* SPDX-License-Identifier: BSD-2-Clause */
/* What was read from this machine's device tree agrees with itself and with the machine. */
#include <errno.h>
#include <string.h>

#include "arch/riscv/page.h"
#include "core/cpu.h"
#include "core/fdt.h"
#include "core/memmap.h"
#include "core/time.h"
#include "tests/kernel/ktest.h"

KTEST(fdt, tree)
{
	KTEST_EXPECT(fdt_info.size > 0);
	KTEST_EXPECT(fdt_info.nr_memory > 0 && fdt_info.nr_memory <= FDT_MAX_MEMORY);
	KTEST_EXPECT(fdt_info.nr_reserved <= FDT_MAX_RESERVED);
	KTEST_EXPECT(fdt_info.nr_devices > 0 && fdt_info.nr_devices <= FDT_MAX_DEVICES);
	KTEST_EXPECT_EQ(fdt_info.timebase_hz, timebase_hz);
	KTEST_EXPECT(strlen(fdt_info.bootargs) < fdt_info.size);
	KTEST_EXPECT(strlen(fdt_info.model) < fdt_info.size);
}

/* Each possible cpu is one usable node, and the one that runs this is among them. */
KTEST(fdt, cpus)
{
	unsigned int n, usable = 0;
	const struct fdt_cpu *cpus = fdt_cpus(&n);
	bool self = false;

	KTEST_EXPECT(n > 0 && n <= fdt_info.max_cpus);
	for (unsigned int i = 0; i < n; i++) {
		if (cpus[i].use != FDT_CPU_USABLE)
			continue;
		usable++;
		self |= cpus[i].hartid == cpu_to_hartid(smp_processor_id());
		KTEST_EXPECT(cpus[i].mmu_type && strncmp(cpus[i].mmu_type, "riscv,sv", 8) == 0);
		if (cpus[i].intc)
			KTEST_EXPECT(fdt_cpu_by_intc(cpus[i].intc) == &cpus[i]);
	}
	KTEST_EXPECT(usable >= nr_cpu_ids);
	KTEST_EXPECT(self);
}

/* This very code proves that its hart has the base and multiplication. */
KTEST(fdt, isa)
{
	unsigned int n;
	const struct fdt_cpu *cpus = fdt_cpus(&n);

	for (unsigned int i = 0; i < n; i++) {
		if (cpus[i].use != FDT_CPU_USABLE || (!cpus[i].isa && !cpus[i].isa_ext))
			continue;
		KTEST_EXPECT(fdt_cpu_has_isa(&cpus[i], "i"));
		KTEST_EXPECT(fdt_cpu_has_isa(&cpus[i], "m"));
		KTEST_EXPECT(fdt_cpu_has_isa(&cpus[i], "a"));
		KTEST_EXPECT(!fdt_cpu_has_isa(&cpus[i], "xnothing"));
	}
	KTEST_EXPECT(n > 0);
}

KTEST(fdt, devices)
{
	struct fdt_irq_iter it;
	struct fdt_irq irq;
	phys_addr_t addr;
	uint64_t size;
	char path[96];
	int err;

	for (unsigned int i = 0; i < fdt_info.nr_devices; i++) {
		const struct fdt_device *dev = fdt_device(i);

		KTEST_EXPECT(dev->match && dev->match->data);
		KTEST_EXPECT_EQ(fdt_path(dev, path, sizeof(path))[0], '/');
		KTEST_EXPECT(strlen(path) < sizeof(path));
		err = fdt_reg(dev, 0, &addr, &size);
		KTEST_EXPECT(err == 0 || err == -ENOENT);
		/* Registers are not RAM. */
		for (unsigned int k = 0; !err && k < memmap.nr_ram; k++)
			KTEST_EXPECT(addr >= memmap.ram[k].end ||
				     addr + size <= memmap.ram[k].start);
		fdt_irq_first(dev, &it);
		while (!(err = fdt_irq_next(&it, &irq)))
			KTEST_EXPECT(irq.nr_cells <= FDT_IRQ_CELLS);
		KTEST_EXPECT_EQ(err, -ENOENT);
		if (dev->phandle)
			KTEST_EXPECT(fdt_device_by_phandle(dev->phandle) == dev);
	}
	KTEST_EXPECT(fdt_device(fdt_info.nr_devices) == NULL);
}

/* Where RAM is free, and only there, nothing that runs or that is told to be reserved lies. */
KTEST(fdt, memmap)
{
	phys_addr_t here = virt_to_phys((const void *)virt_to_phys);
	bool kept = false;

	KTEST_EXPECT(memmap.nr_free > 0 && memmap.nr_mapped > 0);
	for (unsigned int i = 0; i < memmap.nr_free; i++) {
		const struct mem_range *r = &memmap.free[i];

		KTEST_EXPECT(r->start < r->end);
		KTEST_EXPECT(r->start % PAGE_SIZE == 0 && r->end % PAGE_SIZE == 0);
		KTEST_EXPECT(i == 0 || memmap.free[i - 1].end <= r->start);
		KTEST_EXPECT(here < r->start || here >= r->end);
		for (unsigned int k = 0; k < fdt_info.nr_reserved; k++)
			KTEST_EXPECT(r->end <= fdt_info.reserved[k].start ||
				     r->start >= fdt_info.reserved[k].end);
	}
	for (unsigned int i = 0; i < memmap.nr_kept; i++)
		kept |= memmap.kept[i].start <= here && here < memmap.kept[i].end;
	KTEST_EXPECT(kept);
}

/* The whole map is told once: its pieces add up to all of RAM. */
static int add_up(const struct mem_range *range, const char *what, bool mapped, void *arg)
{
	uint64_t *sum = arg;

	(void)what;
	(void)mapped;
	*sum += range->end - range->start;
	return 0;
}

KTEST(fdt, memmap_listing)
{
	uint64_t told = 0, ram = 0;

	KTEST_EXPECT_EQ(memmap_for_each(&memmap, add_up, &told), 0);
	for (unsigned int i = 0; i < memmap.nr_ram; i++)
		ram += memmap.ram[i].end - memmap.ram[i].start;
	KTEST_EXPECT_EQ(told, ram);
}
