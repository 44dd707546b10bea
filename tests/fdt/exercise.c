/* SPDX-License-Identifier: BSD-2-Clause */
/* What must hold for any tree, however broken: for the fuzzer and for tests that mangle trees. */
#include "tests/fdt/exercise.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/fdt.h"
#include "core/memmap.h"

#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#define PAGE  4096
#define REACH (128ULL << 30)

static const char *blob_start, *blob_end;

/* NULL, one of our own, or a string that ends within the blob. */
static void check_string(const char *s)
{
	if (s && s >= blob_start && s < blob_end)
		MUST(memchr(s, '\0', blob_end - s));
	else if (s)
		MUST(strlen(s) < 32);
}

static void check_memory(void)
{
	MUST(fdt_info.nr_memory > 0 && fdt_info.nr_memory <= FDT_MAX_MEMORY);
	for (unsigned int i = 0; i < fdt_info.nr_memory; i++) {
		const struct fdt_memory *m = &fdt_info.memory[i];

		MUST(m->start < m->end && m->end <= FDT_PHYS_END);
		MUST(m->node >= FDT_NO_NODE);
	}
	MUST(fdt_info.nr_reserved <= FDT_MAX_RESERVED);
	for (unsigned int i = 0; i < fdt_info.nr_reserved; i++) {
		const struct fdt_reserved *r = &fdt_info.reserved[i];

		MUST(r->start < r->end && r->end <= FDT_PHYS_END);
		check_string(r->name);
	}
}

static void check_list(const struct mem_range *list, unsigned int n, const struct memmap *map)
{
	MUST(n <= MEMMAP_MAX_FREE);
	for (unsigned int i = 0; i < n; i++) {
		bool inside = false;

		MUST(list[i].start < list[i].end);
		MUST(list[i].start % PAGE == 0 && list[i].end % PAGE == 0);
		MUST(list[i].start >= map->base && list[i].end <= map->base + REACH);
		MUST(!i || list[i - 1].end <= list[i].start);
		for (unsigned int k = 0; k < fdt_info.nr_memory; k++)
			inside |= fdt_info.memory[k].start <= list[i].start &&
				  list[i].start < fdt_info.memory[k].end;
		MUST(inside);
	}
}

static int add_up(const struct mem_range *range, const char *what, bool mapped, void *arg)
{
	uint64_t *sum = arg;

	MUST(range->start < range->end);
	check_string(what);
	(void)mapped;
	*sum += range->end - range->start;
	return 0;
}

static void check_memmap(void)
{
	static struct memmap map;
	struct memmap_input in = {
		.memory = fdt_info.memory,
		.nr_memory = fdt_info.nr_memory,
		.reserved = fdt_info.reserved,
		.nr_reserved = fdt_info.nr_reserved,
		.kernel_start = 0x80200000,
		.kernel_end = 0x80240000,
		.fdt_start = 0xbfe00000,
		.fdt_end = 0xbfe00000 + fdt_info.size,
		.direct_map_size = REACH,
	};
	uint64_t ram = 0, seen = 0;

	if (memmap_build(&map, &in))
		return;
	MUST(map.nr_ram <= MEMMAP_MAX_RAM && map.nr_kept <= MEMMAP_MAX_KEPT && map.nr_free > 0);
	check_list(map.ram, map.nr_ram, &map);
	check_list(map.free, map.nr_free, &map);
	check_list(map.mapped, map.nr_mapped, &map);
	for (unsigned int i = 0; i < map.nr_free; i++) {
		const struct mem_range *f = &map.free[i];

		MUST(f->end <= in.kernel_start || f->start >= in.kernel_end);
		MUST(f->end <= in.fdt_start || f->start >= in.fdt_end);
		for (unsigned int k = 0; k < fdt_info.nr_reserved; k++)
			MUST(f->end <= fdt_info.reserved[k].start ||
			     f->start >= fdt_info.reserved[k].end);
	}
	for (unsigned int i = 0; i < map.nr_mapped; i++) {
		for (unsigned int k = 0; k < fdt_info.nr_reserved; k++)
			MUST(!fdt_info.reserved[k].no_map ||
			     map.mapped[i].end <= fdt_info.reserved[k].start ||
			     map.mapped[i].start >= fdt_info.reserved[k].end);
	}
	for (unsigned int i = 0; i < map.nr_ram; i++)
		ram += map.ram[i].end - map.ram[i].start;
	memmap_for_each(&map, add_up, &seen);
	MUST(ram == seen);
}

static void check_cpus(void)
{
	struct fdt_cpu *cpus = calloc(fdt_info.max_cpus, sizeof(*cpus));
	static const char *const extensions[] = {"i", "m", "sstc", "zawrs", "zicsr", "svpbmt"};
	struct fdt_idle_state idle[FDT_MAX_IDLE];
	unsigned int n, again;

	MUST(cpus);
	n = fdt_cpus_init(cpus, fdt_info.max_cpus);
	MUST(n <= fdt_info.max_cpus);
	MUST(fdt_cpus(&again) == cpus && again == n);
	for (unsigned int i = 0; i < n; i++) {
		const struct fdt_cpu *cpu = &cpus[i];

		MUST(cpu->node >= FDT_NO_NODE);
		check_string(cpu->isa);
		check_string(cpu->isa_base);
		check_string(cpu->mmu_type);
		check_string(cpu->compatible);
		MUST(!cpu->isa_ext ||
		     (cpu->isa_ext >= blob_start && cpu->isa_ext + cpu->isa_ext_len <= blob_end));
		check_string(fdt_cpu_use_name(cpu->use));
		for (size_t k = 0; k < sizeof(extensions) / sizeof(extensions[0]); k++)
			fdt_cpu_has_isa(cpu, extensions[k]);
		/* Each walks the tree: a few are enough. */
		unsigned int nr_idle = i < 4 ? fdt_idle_states(cpu, idle, FDT_MAX_IDLE) : 0;
		for (unsigned int k = 0; k < nr_idle; k++)
			check_string(idle[k].name);
		if (cpu->intc)
			MUST(fdt_cpu_by_intc(cpu->intc));
		/* Quadratic, so for small trees only. */
		for (unsigned int k = 0; n <= 128 && k < i; k++)
			MUST(cpu->use != FDT_CPU_USABLE || cpus[k].use != FDT_CPU_USABLE ||
			     cpus[k].hartid != cpu->hartid);
	}
	/* The array must outlive its last reader: the next fdt_init() forgets it. */
}

static void check_device(const struct fdt_device *dev)
{
	struct fdt_irq_iter it;
	struct fdt_irq irq;
	phys_addr_t addr;
	uint64_t size;
	unsigned int n = 0;
	uint32_t val, len;
	char path[64];
	int err;

	MUST(dev->match && dev->match->compatible);
	fdt_path(dev, path, sizeof(path));
	MUST(path[0] == '/' && memchr(path, '\0', sizeof(path)));
	for (unsigned int i = 0; i < 4; i++) {
		err = fdt_reg(dev, i, &addr, &size);
		MUST(!err || err == -ENOENT || err == -EINVAL || err == -ERANGE);
		MUST(err || (size && addr <= FDT_PHYS_END && size <= FDT_PHYS_END - addr));
	}
	fdt_irq_first(dev, &it);
	while (!(err = fdt_irq_next(&it, &irq))) {
		MUST(irq.nr_cells <= FDT_IRQ_CELLS);
		MUST(++n <= fdt_info.size / 4);
	}
	MUST(err == -ENOENT || err == -EINVAL);
	MUST(fdt_irq_next(&it, &irq) == -ENOENT);
	err = fdt_interrupt(dev, n, &irq);
	MUST(err == -ENOENT || err == -EINVAL);
	check_string(fdt_str(dev, "compatible"));
	check_string(fdt_str(dev, "status"));
	fdt_u32(dev, "reg-shift", &val);
	fdt_u32_index(dev, "reg", 3, &val);
	if (fdt_prop(dev, "reg", &len))
		MUST(len <= fdt_info.size);
	if (dev->phandle)
		MUST(fdt_device_by_phandle(dev->phandle));
}

int fdt_exercise(const void *blob, size_t size)
{
	static struct fdt_cpu *old;
	const char *options;
	unsigned int n;
	int err = fdt_init(blob, size);

	free(old);
	old = NULL;
	if (err) {
		MUST(err == -EINVAL || err == -E2BIG || err == -ENODEV);
		return err;
	}
	blob_start = blob;
	blob_end = blob_start + fdt_info.size;
	MUST(fdt_info.size <= size);
	MUST(fdt_info.timebase_hz > 0 && fdt_info.max_cpus > 0);
	check_string(fdt_info.bootargs);
	check_string(fdt_info.stdout_path);
	check_string(fdt_info.model);
	check_memory();
	check_memmap();
	check_cpus();
	old = (struct fdt_cpu *)fdt_cpus(&n);
	MUST(fdt_info.nr_devices <= FDT_MAX_DEVICES);
	for (unsigned int i = 0; i < fdt_info.nr_devices; i++)
		check_device(fdt_device(i));
	MUST(!fdt_device(fdt_info.nr_devices));
	fdt_stdout(&options);
	fdt_stdout(NULL);
	return 0;
}
