/* SPDX-License-Identifier: BSD-2-Clause */
/* Harts from /cpus, read when there is memory for as many as the tree has. */
#define pr_fmt(fmt) "fdt: " fmt

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/fdt_internal.h"
#include "core/printk.h"

struct fdt_cpus_at fdt_cpus_at;

static struct fdt_cpu *cpus;
static unsigned int nr_cpus;
/*
 * Where fdt_cpu_by_intc() looks first: lists of interrupts name harts in the order of /cpus. A
 * hint, so order does not matter.
 */
static _Atomic unsigned int intc_hint;

void fdt_cpus_reset(void)
{
	cpus = NULL;
	nr_cpus = 0;
	atomic_store_explicit(&intc_hint, 0, memory_order_relaxed);
}

const struct fdt_cpu *fdt_cpus(unsigned int *n)
{
	*n = nr_cpus;
	return cpus;
}

const char *fdt_cpu_use_name(enum fdt_cpu_use use)
{
	switch (use) {
	case FDT_CPU_USABLE:
		return "usable";
	case FDT_CPU_DISABLED:
		return "disabled";
	case FDT_CPU_NO_MMU:
		return "no MMU";
	case FDT_CPU_NOT_RV64:
		return "not RV64";
	case FDT_CPU_DUPLICATE:
		return "duplicate hart id";
	case FDT_CPU_BAD_REG:
		return "bad reg";
	}
	return "unknown";
}

const struct fdt_cpu *fdt_cpu_by_intc(uint32_t phandle)
{
	unsigned int at = atomic_load_explicit(&intc_hint, memory_order_relaxed);

	for (unsigned int i = 0; phandle && i < nr_cpus; i++, at++) {
		if (at >= nr_cpus)
			at = 0;
		if (cpus[at].intc == phandle) {
			atomic_store_explicit(&intc_hint, at, memory_order_relaxed);
			return &cpus[at];
		}
	}
	return NULL;
}

static bool is_rv64(const struct fdt_cpu *cpu)
{
	const char *base = cpu->isa_base ? cpu->isa_base : cpu->isa;

	/* Letter case does not count; a hart without either is believed to be like this one. */
	return !base || ((base[0] | 0x20) == 'r' && (base[1] | 0x20) == 'v' && base[2] == '6' &&
			 base[3] == '4');
}

static enum fdt_cpu_use use_of(const struct fdt_props *props, struct fdt_cpu *cpu)
{
	unsigned int cells = fdt_cpus_at.cells.address;
	uint32_t len = fdt_has(props, FDT_P_REG) ? props->len[FDT_P_REG] : 0;

	/* An id is 4 or 8 bytes: a power of two. */
	if (cells < 1 || cells > 2 || len < cells * 4 || (len & (cells * 4 - 1))) {
		fdt_warn("reg has %u bytes, #address-cells of /cpus is %u: no hart id",
			 (unsigned int)len, cells);
		return FDT_CPU_BAD_REG;
	}
	if (len > cells * 4)
		fdt_warn("reg lists several hart ids, only the first is used");
	cpu->hartid = fdt_cells64(props->value[FDT_P_REG], cells);
	if (!fdt_props_okay(props))
		return FDT_CPU_DISABLED;
	if (!cpu->mmu_type || !strcmp(cpu->mmu_type, "riscv,none"))
		return FDT_CPU_NO_MMU;
	return is_rv64(cpu) ? FDT_CPU_USABLE : FDT_CPU_NOT_RV64;
}

/* "cpu", "cpu@..." or device_type says it; cpu-map and caches are none. */
static bool is_cpu(const struct fdt_props *props, const char *name)
{
	const char *type;

	if (!strncmp(name, "cpu", 3) && (name[3] == '\0' || name[3] == '@'))
		return true;
	type = fdt_props_string(props, FDT_P_DEVICE_TYPE);
	return type && !strcmp(type, "cpu");
}

static uint32_t intc_of(const struct fdt_props *child)
{
	if (!fdt_has(child, FDT_P_INTERRUPT_CONTROLLER) || !fdt_has(child, FDT_P_COMPATIBLE) ||
	    !fdt_list_has(child->value[FDT_P_COMPATIBLE], child->len[FDT_P_COMPATIBLE],
			  "riscv,cpu-intc"))
		return 0;
	if (fdt_props_u32(child, FDT_P_INTERRUPT_CELLS, 0) != 1) {
		fdt_warn("#interrupt-cells of riscv,cpu-intc is not 1, left out");
		return 0;
	}
	return fdt_props_u32(child, FDT_P_PHANDLE, 0);
}

static void fill(struct fdt_cpu *cpu, const struct fdt_props *props)
{
	*cpu = (struct fdt_cpu){
		.node = fdt_props_numa_node(props),
		.isa = fdt_props_string(props, FDT_P_ISA),
		.isa_base = fdt_props_string(props, FDT_P_ISA_BASE),
		.isa_ext = fdt_props_string(props, FDT_P_ISA_EXTENSIONS),
		.mmu_type = fdt_props_string(props, FDT_P_MMU_TYPE),
		.compatible = fdt_props_string(props, FDT_P_COMPATIBLE),
	};
	if (cpu->isa_ext)
		cpu->isa_ext_len = props->len[FDT_P_ISA_EXTENSIONS];
	cpu->use = use_of(props, cpu);
}

/* Collects properties, if props is not NULL, up to the next other token, which it returns. */
static uint32_t read_props(struct fdt_cursor *c, struct fdt_props *props)
{
	uint32_t token;

	if (props)
		props->seen = 0;
	while ((token = fdt_next(c, fdt_blob.end)) == FDT_TOKEN_PROP) {
		if (props && !fdt_collect(props, c))
			fdt_warn("property name outside of the strings, left out");
	}
	return token;
}

/*
 * Reads one node below /cpus to its end; the cursor stands after its name. own gets its properties;
 * *intc, if not NULL, the phandle of its interrupt controller. The walk has found the form good, so
 * all nodes end.
 */
static void read_node(struct fdt_cursor *c, struct fdt_props *own, uint32_t *intc)
{
	struct fdt_props child;
	unsigned int depth = 1;
	uint32_t token;

	fdt_where.depth = 2;
	fdt_where.name[1] = "cpus";
	fdt_where.name[2] = c->name;
	if (intc)
		*intc = 0;
	token = read_props(c, own);
	while (depth && token != FDT_TOKEN_FAULT) {
		depth += token == FDT_TOKEN_BEGIN ? 1 : -1;
		if (token == FDT_TOKEN_BEGIN && depth == 2 && intc && !*intc) {
			fdt_where.depth = 3;
			fdt_where.name[3] = c->name;
			token = read_props(c, &child);
			*intc = intc_of(&child);
			fdt_where.depth = 2;
		} else if (depth) {
			token = read_props(c, NULL);
		}
	}
}

uint64_t fdt_cpus_timebase(void)
{
	struct fdt_cursor c = {.pos = fdt_cpus_at.pos};
	struct fdt_props own;
	uint64_t hz = 0;

	while (!hz && read_props(&c, NULL) == FDT_TOKEN_BEGIN) {
		read_node(&c, &own, NULL);
		fdt_props_u64(&own, FDT_P_TIMEBASE, &hz);
	}
	return hz;
}

static int by_hartid(const void *va, const void *vb)
{
	const struct fdt_cpu *a = va, *b = vb;

	bool a_bad = a->use == FDT_CPU_BAD_REG, b_bad = b->use == FDT_CPU_BAD_REG;

	/* Those without an id go last, out of the way. */
	if (a_bad != b_bad)
		return a_bad ? 1 : -1;
	if (a->hartid != b->hartid)
		return a->hartid < b->hartid ? -1 : 1;
	return a->offset < b->offset ? -1 : 1;
}

static int by_offset(const void *va, const void *vb)
{
	const struct fdt_cpu *a = va, *b = vb;

	return a->offset < b->offset ? -1 : 1;
}

/*
 * Trees list harts up or down, and then neighbours tell; any other order is sorted for the while.
 */
static void mark_duplicates(void)
{
	bool up = true, down = true;

	for (unsigned int i = 1; i < nr_cpus; i++) {
		up &= cpus[i].hartid > cpus[i - 1].hartid;
		down &= cpus[i].hartid < cpus[i - 1].hartid;
	}
	if (up || down)
		return;
	qsort(cpus, nr_cpus, sizeof(*cpus), by_hartid);
	for (unsigned int i = 1; i < nr_cpus; i++) {
		if (cpus[i].hartid == cpus[i - 1].hartid && cpus[i].use != FDT_CPU_BAD_REG)
			cpus[i].use = FDT_CPU_DUPLICATE;
	}
	qsort(cpus, nr_cpus, sizeof(*cpus), by_offset);
}

/* Names those left alone; a bad reg was named when it was read. */
static void report(void)
{
	unsigned int shown = 0, more = 0;

	fdt_where.depth = 2;
	for (unsigned int i = 0; i < nr_cpus; i++) {
		const struct fdt_cpu *cpu = &cpus[i];
		const char *name = fdt_blob_name(cpu->offset);
		unsigned long long hartid = cpu->hartid;

		if (cpu->use == FDT_CPU_USABLE || cpu->use == FDT_CPU_BAD_REG)
			continue;
		fdt_where.name[2] = name;
		if (cpu->use == FDT_CPU_DUPLICATE)
			fdt_warn("hart id %llu is taken by an earlier node, left out", hartid);
		else if (shown++ < FDT_MAX_WARNINGS)
			pr_notice("/cpus/%s: hart %llu left alone: %s", name, hartid,
				  fdt_cpu_use_name(cpu->use));
		else
			more++;
	}
	if (more)
		pr_notice("%u more harts left alone", more);
}

unsigned int fdt_cpus_init(struct fdt_cpu *array, unsigned int max)
{
	struct fdt_cursor c = {.pos = fdt_cpus_at.pos};
	struct fdt_props own;
	uint32_t intc;

	cpus = array;
	nr_cpus = 0;
	while (nr_cpus < max && read_props(&c, NULL) == FDT_TOKEN_BEGIN) {
		const char *name = c.name;

		read_node(&c, &own, &intc);
		if (!is_cpu(&own, name))
			continue;
		fill(&cpus[nr_cpus], &own);
		cpus[nr_cpus].intc = intc;
		cpus[nr_cpus].offset = fdt_blob_offset(name);
		nr_cpus++;
	}
	mark_duplicates();
	report();
	return nr_cpus;
}
