/* SPDX-License-Identifier: BSD-2-Clause */
/* From the tree's harts to numbered cpus. */
#include "core/cpu.h"

#include <errno.h>

#include "arch/riscv/boot.h"
#include "arch/riscv/processor.h"
#include "core/fdt.h"
#include "core/idlist.h"
#include "core/init.h"
#include "core/kmalloc.h"
#include "core/page.h"
#include "core/panic.h"
#include "core/param.h"
#include "core/printk.h"

const struct cpumask *cpu_possible_mask, *cpu_online_mask;
static struct cpumask *online_mask;

static struct cpu_info *infos;
/* Cpus in the order of their hart ids, for the way back. */
static unsigned int *by_hartid;

DEFINE_PER_CPU(unsigned int, cpu_number);

/* Only noted when it is parsed: hart ids have no cpus yet. */
static char cpus_wanted[256];
PARAM_STRING("cpus", cpus_wanted, "hart ids to use, as in 1,3-5; the boot hart always is");
static unsigned int nr_cpus_limit = UINT32_MAX;
PARAM_UINT("nr_cpus", nr_cpus_limit, 1, UINT32_MAX,
	   "possible cpus at most, the boot hart among them");

struct cpu_info *cpu_info(unsigned int cpu)
{
	ASSERT(cpu < nr_cpu_ids);
	return &infos[cpu];
}

unsigned long cpu_to_hartid(unsigned int cpu)
{
	return cpu_info(cpu)->hartid;
}

int cpu_to_node(unsigned int cpu)
{
	return cpu_info(cpu)->node;
}

int hartid_to_cpu(unsigned long hartid)
{
	unsigned int low = 0, high = nr_cpu_ids;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;
		unsigned long at = infos[by_hartid[mid]].hartid;

		if (at == hartid)
			return (int)by_hartid[mid];
		if (at < hartid)
			low = mid + 1;
		else
			high = mid;
	}
	return -ENOENT;
}

unsigned int num_online_cpus(void)
{
	return cpumask_weight(cpu_online_mask);
}

void set_cpu_online(unsigned int cpu, bool online)
{
	if (!online) {
		cpumask_clear_cpu(cpu, online_mask);
		return;
	}
	cpumask_set_cpu(cpu, online_mask);
	/*
	 * Who changes a mapping or code stores, makes a full fence, then reads the mask and makes
	 * those that are in it fence (ipi/tlb.c). This hart joins, makes a full fence, then fences
	 * for itself. One of the two sees the other's store: either this hart is in the mask that
	 * is read, or the change is there by the time of the fence here. Fencing first and joining
	 * then would leave a gap in which an old translation is taken up and nobody told.
	 */
	fence_everything();
}

const char *cpu_state_name(int state)
{
	static const char *const names[] = {
		[CPU_OFFLINE] = "offline", [CPU_STARTING] = "starting", [CPU_ONLINE] = "online",
		[CPU_REFUSED] = "refused", [CPU_LATE] = "late",		[CPU_STUCK] = "stuck",
		[CPU_DYING] = "dying",	   [CPU_PARKED] = "parked",
	};

	return (unsigned int)state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

bool cpus_have_isa(const char *extension)
{
	const struct fdt_cpu *known = NULL;
	bool has = false;

	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		const struct fdt_cpu *fdt = infos[cpu].fdt;

		if (!fdt)
			return false;
		if (!known || !fdt_cpu_same_isa(known, fdt))
			has = fdt_cpu_has_isa(fdt, extension);
		if (!has)
			return false;
		known = fdt;
	}
	return true;
}

struct hart_search {
	unsigned long hartid;
	bool found;
};

static int search_item(uint64_t first, uint64_t last, void *arg)
{
	struct hart_search *search = arg;

	search->found |= first <= search->hartid && search->hartid <= last;
	return 0;
}

static bool hart_wanted(unsigned long hartid)
{
	struct hart_search search = {hartid, !cpus_wanted[0]};
	size_t where;

	if (!search.found)
		idlist_parse(cpus_wanted, search_item, &search, &where);
	return search.found;
}

/* A list that cannot be read is named and ignored, as any malformed parameter. */
static void check_cpus_wanted(void)
{
	size_t where;

	if (cpus_wanted[0] && idlist_parse(cpus_wanted, NULL, NULL, &where)) {
		pr_warn("parameter cpus: '%s' is no list of hart ids, see '%s': ignored",
			cpus_wanted, cpus_wanted + where);
		cpus_wanted[0] = 0;
	}
}

static void add_cpu(unsigned int cpu, unsigned long hartid, const struct fdt_cpu *fdt)
{
	unsigned int at = cpu;

	infos[cpu].hartid = hartid;
	infos[cpu].node = fdt ? fdt->node : NUMA_NO_NODE;
	infos[cpu].fdt = fdt;
	/*
	 * Trees list harts in rising order, so this hardly ever moves anything but the boot hart.
	 */
	for (; at && infos[by_hartid[at - 1]].hartid > hartid; at--)
		by_hartid[at] = by_hartid[at - 1];
	by_hartid[at] = cpu;
}

static const struct fdt_cpu *boot_cpu_node(const struct fdt_cpu *cpus, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (cpus[i].hartid != boot_hartid || cpus[i].use == FDT_CPU_BAD_REG)
			continue;
		if (cpus[i].use != FDT_CPU_USABLE)
			pr_warn("the boot hart %lu is %s in the device tree, and is used all the same",
				boot_hartid, fdt_cpu_use_name(cpus[i].use));
		return &cpus[i];
	}
	pr_warn("the boot hart %lu is not in the device tree", boot_hartid);
	return NULL;
}

static void count_possible_cpus(const struct fdt_cpu *cpus, unsigned int n)
{
	struct cpumask *possible;
	unsigned int excluded = 0, used = 1;

	add_cpu(0, boot_hartid, boot_cpu_node(cpus, n));
	for (unsigned int i = 0; i < n; i++) {
		if (cpus[i].use != FDT_CPU_USABLE || cpus[i].hartid == boot_hartid)
			continue;
		if (used >= nr_cpus_limit || !hart_wanted(cpus[i].hartid)) {
			excluded++;
			continue;
		}
		add_cpu(used++, cpus[i].hartid, &cpus[i]);
	}
	if (excluded)
		pr_notice("%u harts left out by cpus= or nr_cpus=", excluded);

	cpumask_size_init(used);
	possible = cpumask_alloc(infos[0].node);
	online_mask = cpumask_alloc(infos[0].node);
	if (!possible || !online_mask)
		panic("no memory for cpu masks");
	cpumask_setall(possible);
	cpu_possible_mask = possible;
	cpu_online_mask = online_mask;
	set_cpu_online(0, true);
	atomic_store_explicit(&infos[0].state, CPU_ONLINE, memory_order_relaxed);
}

static int cpus_init(void)
{
	unsigned int max = fdt_info.max_cpus, n;
	struct fdt_cpu *cpus = kzalloc(max * sizeof(*cpus));

	infos = kzalloc((max + 1) * sizeof(*infos));
	by_hartid = kzalloc((max + 1) * sizeof(*by_hartid));
	if (!cpus || !infos || !by_hartid)
		panic("no memory for %u cpus", max);
	n = fdt_cpus_init(cpus, max);
	check_cpus_wanted();
	count_possible_cpus(cpus, n);
	return 0;
}
/* Before the per-cpu areas of the same level. */
INITCALL_FIRST(INIT_PERCPU, cpus_init);
