/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot hart's way from its first C function to managed memory. */
#include <errno.h>

#include "arch/riscv/boot.h"
#include "arch/riscv/mmu.h"
#include "arch/riscv/pgtable.h"
#include "arch/riscv/processor.h"
#include "core/console.h"
#include "core/fault.h"
#include "core/fdt.h"
#include "core/init.h"
#include "core/memmap.h"
#include "core/page.h"
#include "core/panic.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/time.h"

PARAM_BOOL("deterministic", deterministic,
	   "the emulator counts instructions: figures are in them, spinning ends a hart's turn");

void boot_hart_main(unsigned long hartid, phys_addr_t fdt, phys_addr_t image)
{
	boot_hartid = hartid;
	boot_fdt_phys = fdt;
	image_phys = image;
	fault_init();
	start_kernel();
}

static void *zeroed_page(void)
{
	return page_zalloc(NUMA_NO_NODE, 0);
}

/*
 * Free pieces of one mapped range go to the allocator as soon as they can be touched: the next
 * range's tables come from there.
 */
static void add_free_ranges(const struct mem_range *mapped)
{
	for (unsigned int i = 0; i < memmap.nr_free; i++) {
		const struct mem_range *free = &memmap.free[i];
		phys_addr_t start = MAX(free->start, mapped->start),
			    end = MIN(free->end, mapped->end);

		if (start < end)
			page_add_region(free->node, start, end);
	}
}

static void map_memory(void)
{
	direct_map_init(memmap.base);
	for (unsigned int i = 0; i < memmap.nr_mapped; i++) {
		const struct mem_range *range = &memmap.mapped[i];
		int err = direct_map_add(range->start, range->end);

		if (err) {
			pr_err("memory 0x%lx..0x%lx cannot be mapped, left out: error %d",
			       range->start, range->end, err);
			continue;
		}
		add_free_ranges(range);
		pgtable_page_source = zeroed_page;
	}
}

static int memory_init(void)
{
	const void *blob = (const void *)(FDT_MAP_BASE + (boot_fdt_phys & (MEGA_SIZE - 1)));
	struct memmap_input input = {.memory = fdt_info.memory, .reserved = fdt_info.reserved};
	int err;

	if (!boot_fdt_phys)
		panic("no usable device tree at 0: the firmware left register a1 empty");
	err = fdt_init(blob, FDT_MAP_SIZE - (boot_fdt_phys & (MEGA_SIZE - 1)));

	if (err)
		panic("no usable device tree at 0x%lx (register a1): error %d", boot_fdt_phys, err);
	timebase_hz = fdt_info.timebase_hz;
	params_parse(fdt_info.bootargs);
	console_start();

	input.nr_memory = fdt_info.nr_memory;
	input.nr_reserved = fdt_info.nr_reserved;
	input.kernel_start = image_phys;
	input.kernel_end = image_phys + image_size();
	input.fdt_start = boot_fdt_phys;
	input.fdt_end = boot_fdt_phys + fdt_info.size;
	input.direct_map_size = DIRECT_MAP_SIZE;
	err = memmap_build(&memmap, &input);
	if (err)
		panic("no usable memory: error %d", err);
	map_memory();
	return 0;
}
INITCALL_FIRST(INIT_MEMORY, memory_init);
