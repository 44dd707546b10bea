/* SPDX-License-Identifier: BSD-2-Clause */
/* Which interrupts a device raises, and at which controller. */
#define pr_fmt(fmt) "fdt: " fmt

#include <errno.h>

#include "core/fdt_internal.h"
#include "core/printk.h"

/* Controllers outside of /cpus: those in it all have one cell, and fdt_cpu_by_intc() knows them. */
static struct intc {
	uint32_t phandle;
	uint32_t cells;
} intcs[FDT_MAX_INTC];
static unsigned int nr_intcs;

void fdt_intc_reset(void)
{
	nr_intcs = 0;
}

void fdt_add_intc(const struct fdt_props *props)
{
	uint32_t phandle = fdt_props_u32(props, FDT_P_PHANDLE, 0);
	uint32_t cells = fdt_props_u32(props, FDT_P_INTERRUPT_CELLS, UINT32_MAX);

	if (!phandle || cells == UINT32_MAX)
		return;
	if (cells > FDT_IRQ_CELLS) {
		fdt_warn("#interrupt-cells is %u, more than %u: its interrupts are left out",
			 (unsigned int)cells, FDT_IRQ_CELLS);
		return;
	}
	for (unsigned int i = 0; i < nr_intcs; i++) {
		if (intcs[i].phandle == phandle) {
			fdt_warn("phandle %u is taken by another controller, left out",
				 (unsigned int)phandle);
			return;
		}
	}
	if (nr_intcs == FDT_MAX_INTC) {
		fdt_warn("one interrupt controller more than %u, left out", FDT_MAX_INTC);
		return;
	}
	intcs[nr_intcs++] = (struct intc){.phandle = phandle, .cells = cells};
}

static int cells_of(uint32_t phandle)
{
	for (unsigned int i = 0; i < nr_intcs; i++) {
		if (intcs[i].phandle == phandle)
			return intcs[i].cells;
	}
	return fdt_cpu_by_intc(phandle) ? 1 : -ENOENT;
}

__cold static int bad_list(const struct fdt_device *dev, struct fdt_irq_iter *it, const char *why,
			   uint32_t number)
{
	char path[96];

	it->pos = it->end;
	it->ragged = 0;
	pr_warn("%s: interrupts: %s %u, the rest is left out", fdt_path(dev, path, sizeof(path)),
		why, (unsigned int)number);
	return -EINVAL;
}

void fdt_irq_first(const struct fdt_device *dev, struct fdt_irq_iter *it)
{
	uint32_t len = 0;

	it->dev = dev;
	it->parent = 0;
	it->pos = fdt_prop(dev, "interrupts-extended", &len);
	it->listed = it->pos;
	if (!it->pos) {
		it->pos = fdt_prop(dev, "interrupts", &len);
		it->parent = dev->interrupt_parent;
	}
	it->end = it->pos ? it->pos + len / 4 : NULL;
	it->ragged = len % 4;
}

int fdt_irq_next(struct fdt_irq_iter *it, struct fdt_irq *irq)
{
	int cells;

	if (it->pos == it->end) {
		if (!it->ragged)
			return -ENOENT;
		return bad_list(it->dev, it, "bytes behind the last cell:", it->ragged);
	}
	irq->parent = it->listed ? fdt_be32(it->pos++) : it->parent;
	irq->nr_cells = 0;
	if (it->listed && (irq->parent == 0 || irq->parent == UINT32_MAX)) {
		irq->parent = 0;
		return 0;
	}
	cells = cells_of(irq->parent);
	if (cells < 0)
		return bad_list(it->dev, it, "no interrupt controller has phandle", irq->parent);
	if (!it->listed && !cells)
		return bad_list(it->dev, it, "0 cells at phandle", irq->parent);
	if (cells > it->end - it->pos)
		return bad_list(it->dev, it, "breaks off; entries of cells", cells);
	for (int i = 0; i < cells; i++)
		irq->cells[i] = fdt_be32(it->pos++);
	irq->nr_cells = cells;
	return 0;
}

int fdt_interrupt(const struct fdt_device *dev, unsigned int index, struct fdt_irq *irq)
{
	struct fdt_irq_iter it;
	int err;

	fdt_irq_first(dev, &it);
	do {
		err = fdt_irq_next(&it, irq);
	} while (!err && index--);
	return err;
}
