/* SPDX-License-Identifier: BSD-2-Clause */
/* Incoming MSIs: finds each hart's interrupt file, hands out ids, takes what comes in. */
#define pr_fmt(fmt) "imsic: " fmt
#include <errno.h>
#include <stdatomic.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/io.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/printk.h"
#include "drivers/driver.h"
#include "drivers/imsic.h"
#include "drivers/imsic_addr.h"
#include "drivers/irq.h"

/*
 * Behind siselect (AIA 1.0, section 3.8). RV64 has only the even ones of the arrays, 64 ids each.
 */
#define EIDELIVERY  0x70
#define EITHRESHOLD 0x72
#define EIP(word)   (0x80 + 2 * (word))
#define EIE(word)   (0xc0 + 2 * (word))

#define SETEIPNUM_LE 0 /* in an interrupt file (section 3.5) */

#define IMSIC_MIN_ID	  63
#define IMSIC_MAX_ID	  2047
#define IMSIC_MAX_REGIONS 16

struct id {
	_Atomic(imsic_handler_t) handler; /* stored last, with release; read with acquire */
	void *arg;
};

static struct {
	uint32_t phandle;    /* 0: no IMSIC */
	unsigned int nr_ids; /* ids are 1..nr_ids-1 */
	struct id *ids;
	volatile void __iomem **file; /* by cpu, NULL where there is none */
	uint32_t *target;	      /* by cpu */
	struct irq_root root;
} imsic;

/* A bit for each id that has a handler, or came in without one: somebody unknown uses that one. */
static _Atomic unsigned long taken[(IMSIC_MAX_ID + 1) / BITS_PER_LONG];

/* Interrupts off: siselect and sireg belong together. */
static void indirect_write(unsigned long reg, unsigned long value)
{
	csr_write(CSR_SISELECT, reg);
	csr_write(CSR_SIREG, value);
}

static void indirect_clear(unsigned long reg, unsigned long bits)
{
	csr_write(CSR_SISELECT, reg);
	csr_clear(CSR_SIREG, bits);
}

bool imsic_present(void)
{
	return imsic.phandle;
}

uint32_t imsic_phandle(void)
{
	return imsic.phandle;
}

bool imsic_reaches(unsigned int cpu)
{
	return imsic.phandle && imsic.file[cpu];
}

uint32_t imsic_target(unsigned int cpu)
{
	return imsic.target[cpu];
}

void imsic_send(unsigned int cpu, unsigned int id)
{
	writel(id, imsic.file[cpu] + SETEIPNUM_LE);
}

static bool take(unsigned int id)
{
	unsigned long bit = 1UL << (id % BITS_PER_LONG);

	return !(atomic_fetch_or_explicit(&taken[id / BITS_PER_LONG], bit, memory_order_relaxed) &
		 bit);
}

int imsic_alloc_id(imsic_handler_t handler, void *arg, bool urgent)
{
	if (!imsic_present())
		return -ENODEV;
	for (unsigned int i = 1; i < imsic.nr_ids; i++) {
		unsigned int id = urgent ? i : imsic.nr_ids - i;

		if (!take(id))
			continue;
		imsic.ids[id].arg = arg;
		atomic_store_explicit(&imsic.ids[id].handler, handler, memory_order_release);
		return (int)id;
	}
	return -ENOSPC;
}

static void stray(unsigned int id)
{
	indirect_clear(EIE(id / BITS_PER_LONG), 1UL << (id % BITS_PER_LONG));
	if (take(id))
		pr_warn("id %u came in at cpu %u without a handler; left out", id,
			smp_processor_id());
}

void imsic_dispatch(unsigned int id)
{
	imsic_handler_t handler =
		atomic_load_explicit(&imsic.ids[id].handler, memory_order_acquire);

	if (likely(handler))
		handler(id, imsic.ids[id].arg);
	else
		stray(id);
}

static unsigned int imsic_handle(struct irq_root *root)
{
	unsigned int n = 0;
	unsigned long top;

	(void)root;
	/* Reading and writing stopei in one step takes the interrupt that was read (section 3.10).
	 */
	while ((top = csr_swap(CSR_STOPEI, 0))) {
		imsic_dispatch((unsigned int)(top >> 16));
		n++;
	}
	return n;
}

/*
 * Every id is enabled, so that a new one works on all harts at once without a visit to each. What
 * is pending of ids without a handler is from before our time.
 */
static void imsic_cpu_init(struct irq_root *root)
{
	(void)root;
	if (!imsic.file[smp_processor_id()])
		return;
	for (unsigned int word = 0; word * BITS_PER_LONG < imsic.nr_ids; word++) {
		indirect_clear(EIP(word),
			       ~atomic_load_explicit(&taken[word], memory_order_relaxed));
		indirect_write(EIE(word), ~0UL);
	}
	indirect_write(EITHRESHOLD, 0);
	indirect_write(EIDELIVERY, 1);
}

static void imsic_cpu_exit(struct irq_root *root)
{
	(void)root;
	if (imsic.file[smp_processor_id()])
		indirect_write(EIDELIVERY, 0);
}

bool imsic_pending_here(unsigned int id)
{
	csr_write(CSR_SISELECT, EIP(id / BITS_PER_LONG));
	return csr_read(CSR_SIREG) >> (id % BITS_PER_LONG) & 1;
}

static int read_geometry(const struct fdt_device *dev, unsigned int entries,
			 struct imsic_geometry *g)
{
	static const char *const names[] = {"riscv,guest-index-bits", "riscv,hart-index-bits",
					    "riscv,group-index-bits", "riscv,group-index-shift"};
	uint32_t v[] = {0, imsic_default_hart_bits(entries), 0, 24};

	for (unsigned int i = 0; i < ARRAY_SIZE(v); i++) {
		int err = fdt_u32(dev, names[i], &v[i]);
		if (err && err != -ENOENT)
			return err;
	}
	*g = (struct imsic_geometry){v[0], v[1], v[2], v[3]};
	return imsic_geometry_check(g);
}

struct layout {
	struct imsic_geometry geometry;
	struct imsic_region region[IMSIC_MAX_REGIONS];
	volatile void __iomem *base[IMSIC_MAX_REGIONS];
	unsigned int nr;
};

static int map_regions(const struct fdt_device *dev, struct layout *l)
{
	phys_addr_t beyond;
	int err;

	for (l->nr = 0; l->nr < IMSIC_MAX_REGIONS; l->nr++) {
		struct imsic_region *r = &l->region[l->nr];

		err = fdt_reg(dev, l->nr, &r->start, &r->size);
		if (err == -ENOENT && l->nr)
			return 0;
		if (err)
			return err;
		l->base[l->nr] = ioremap(r->start, r->size);
		if (!l->base[l->nr])
			return -ENOMEM;
	}
	return fdt_reg(dev, l->nr, &beyond, NULL) == -ENOENT ? 0 : -E2BIG;
}

static void set_file(const struct layout *l, unsigned int cpu, phys_addr_t addr)
{
	for (unsigned int i = 0; i < l->nr; i++) {
		if (addr - l->region[i].start < l->region[i].size)
			imsic.file[cpu] = l->base[i] + (addr - l->region[i].start);
	}
	imsic.target[cpu] = imsic_hart_index(&l->geometry, addr);
}

/* Returns how many cpus have a file, or a negative errno. */
static int find_files(const struct fdt_device *dev, const struct layout *l)
{
	struct fdt_irq_iter it;
	struct fdt_irq entry;
	int found = 0, err;

	fdt_irq_first(dev, &it);
	for (unsigned int index = 0; (err = fdt_irq_next(&it, &entry)) == 0; index++) {
		int cpu = irq_entry_to_cpu(&entry);
		phys_addr_t addr;

		if (cpu < 0)
			continue;
		if (imsic_file_address(&l->geometry, l->region, l->nr, index, &addr)) {
			pr_err("the file of cpu %d lies beyond the registers", cpu);
			continue;
		}
		set_file(l, (unsigned int)cpu, addr);
		found++;
	}
	return err == -ENOENT ? found : err;
}

/* Counts the entries; -ENODEV if none is a cpu's S-mode line. */
static int count_entries(const struct fdt_device *dev)
{
	struct fdt_irq_iter it;
	struct fdt_irq entry;
	int n = 0, err;
	bool ours = false;

	fdt_irq_first(dev, &it);
	while ((err = fdt_irq_next(&it, &entry)) == 0) {
		ours |= irq_entry_to_cpu(&entry) >= 0;
		n++;
	}
	if (err != -ENOENT)
		return err;
	return ours ? n : -ENODEV;
}

static int imsic_probe(const struct fdt_device *dev)
{
	struct layout layout;
	uint32_t max_id;

	int entries = count_entries(dev);
	if (entries < 0)
		return entries;
	if (imsic_present())
		return -EBUSY;
	int err = fdt_u32(dev, "riscv,num-ids", &max_id);
	if (err)
		return err;
	if (max_id < IMSIC_MIN_ID || max_id > IMSIC_MAX_ID || !dev->phandle)
		return -EINVAL;
	err = read_geometry(dev, (unsigned int)entries, &layout.geometry);
	if (err)
		return err;
	err = map_regions(dev, &layout);
	if (err)
		return err;

	imsic.nr_ids = max_id + 1;
	imsic.ids = kzalloc(imsic.nr_ids * sizeof(imsic.ids[0]));
	imsic.file = kzalloc(nr_cpu_ids * sizeof(imsic.file[0]));
	imsic.target = kzalloc(nr_cpu_ids * sizeof(imsic.target[0]));
	err = -ENOMEM;
	if (!imsic.ids || !imsic.file || !imsic.target)
		goto free;
	int files = find_files(dev, &layout);
	err = files ? files : -ENODEV;
	if (files <= 0)
		goto free;
	imsic.phandle = dev->phandle;
	imsic.root = (struct irq_root){
		.handle = imsic_handle, .cpu_init = imsic_cpu_init, .cpu_exit = imsic_cpu_exit};
	irq_root_add(&imsic.root);
	pr_info("%u ids, %d harts", max_id, files);
	return 0;
free:
	kfree(imsic.ids);
	kfree(imsic.file);
	kfree(imsic.target);
	return err;
}

static const struct driver imsic_driver = {
	.name = "imsic", .stage = DRIVER_INTERRUPT_ROOT, .probe = imsic_probe};
DRIVER_MATCH("riscv,imsics", &imsic_driver);
