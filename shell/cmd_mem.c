/* SPDX-License-Identifier: BSD-2-Clause */
/* mem: the map of RAM, and who has how much of it. */
#include <errno.h>
#include <stdio.h>

#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/memmap.h"
#include "core/page.h"
#include "shell/shell.h"

#define KIB(pages) ((unsigned long)(pages) * (PAGE_SIZE / 1024))

static int print_range(const struct mem_range *range, const char *what, bool mapped, void *arg)
{
	char node[12] = "-";

	(void)arg;
	if (range->node != FDT_NO_NODE)
		snprintf(node, sizeof(node), "%d", range->node);
	printk_raw("%016lx-%016lx %10lu KiB %4s  %s%s", (unsigned long)range->start,
		   (unsigned long)range->end - 1, (unsigned long)(range->end - range->start) / 1024,
		   node, what, mapped ? "" : " (not mapped)");
	return 0;
}

static void print_pages(const char *name, const struct page_stats *s)
{
	printk_raw("%-8s %10lu %10lu %10lu %10lu %10lu", name, KIB(s->total), KIB(s->used),
		   KIB(s->meta), KIB(s->free), KIB(s->peak));
}

static void print_nodes(void)
{
	struct page_stats s;
	char name[16];

	printk_raw("KiB           total       used       meta       free       peak");
	for (unsigned int i = 0; page_node_stats(i, &s); i++) {
		snprintf(name, sizeof(name), "node %d", s.node);
		print_pages(s.node == NUMA_NO_NODE ? "no node" : name, &s);
	}
	page_stats(&s);
	print_pages("all", &s);
}

static void print_classes(void)
{
	struct kmalloc_stats s;
	char size[12];

	printk_raw("objects      used        KiB     allocs");
	for (unsigned int i = 0; kmalloc_class_stats(i, &s); i++) {
		if (!s.allocs)
			continue;
		snprintf(size, sizeof(size), "%lu", (unsigned long)s.size);
		printk_raw("%-7s %9lu %10lu %10lu", s.size ? size : "blocks", s.used, KIB(s.pages),
			   s.allocs);
	}
}

static int cmd_mem(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return -EINVAL;
	printk_raw("physical memory                                       node  use");
	memmap_for_each(&memmap, print_range, NULL);
	print_nodes();
	print_classes();
	printk_raw("per-cpu area %lu bytes for each of %u cpus", (unsigned long)percpu_area_size(),
		   nr_cpu_ids);
	return 0;
}
SHELL_COMMAND(mem, "", "RAM: the map, totals per node, objects, per-cpu areas", cmd_mem);
