/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of this machine: each node's pages, the direct map, memory that is all gone, and the C
 * library's replacements.
 */
#include <stdint.h>
#include <string.h>

#include "arch/riscv/page.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/memmap.h"
#include "core/page.h"
#include "tests/kernel/ktest.h"

/* Above this taking all memory lasts too long in an emulator. */
#define EXHAUST_MAX_BLOCKS 1024

struct chain {
	struct chain *next;
};

KTEST(mm, each_node_has_its_own)
{
	struct page_stats stats;

	for (unsigned int i = 0; page_node_stats(i, &stats); i++) {
		void *page, *object;

		KTEST_EXPECT_EQ(stats.total, stats.used + stats.meta + stats.free);
		KTEST_EXPECT(stats.peak >= stats.used + stats.meta);
		if (stats.free < 16)
			continue;
		page = page_alloc(stats.node, 2);
		object = kmalloc_node(100, stats.node);
		if (KTEST_EXPECT(page) && KTEST_EXPECT(object)) {
			KTEST_EXPECT_EQ(page_to_node(page), stats.node);
			KTEST_EXPECT_EQ(page_to_node(object), stats.node);
		}
		page_free(page, 2);
		kfree(object);
	}
	KTEST_EXPECT(page_node_stats(0, &stats));
}

/*
 * What the allocator manages lies in the memory map's free ranges of the same node, and nowhere
 * else.
 */
KTEST(mm, nodes_match_the_map)
{
	struct page_stats sum;
	uint64_t pages = 0;

	for (unsigned int i = 0; i < memmap.nr_free; i++) {
		const struct mem_range *range = &memmap.free[i];

		pages += (range->end - range->start) >> PAGE_SHIFT;
		if (range->end - range->start < 2 * PAGE_SIZE)
			continue;
		KTEST_EXPECT_EQ(page_to_node(phys_to_virt(range->start)), range->node);
		KTEST_EXPECT_EQ(page_to_node(phys_to_virt(range->end - 1)), range->node);
	}
	for (unsigned int i = 0; i < memmap.nr_kept; i++)
		KTEST_EXPECT_EQ(page_to_node(phys_to_virt(memmap.kept[i].start)), NUMA_NO_NODE);
	page_stats(&sum);
	KTEST_EXPECT(sum.total && sum.total <= pages);
	/* The image is not page memory. */
	KTEST_EXPECT_EQ(page_to_node(phys_to_virt(virt_to_phys(&page_alloc))), NUMA_NO_NODE);
}

KTEST(mm, direct_map_round_trip)
{
	for (unsigned int order = 0; order <= PAGE_MAX_ORDER; order++) {
		size_t words = (PAGE_SIZE << order) / sizeof(uint64_t);
		uint64_t *block = page_alloc(NUMA_NO_NODE, order);
		phys_addr_t pa;

		if (!KTEST_EXPECT(block))
			continue;
		pa = virt_to_phys(block);
		KTEST_EXPECT_EQ(pa % (PAGE_SIZE << order), 0);
		KTEST_EXPECT_EQ((uintptr_t)phys_to_virt(pa), (uintptr_t)block);
		KTEST_EXPECT_EQ(virt_to_phys(block + words - 1),
				pa + (words - 1) * sizeof(uint64_t));
		block[0] = pa;
		block[words - 1] = ~pa;
		KTEST_EXPECT_EQ(block[0], pa);
		KTEST_EXPECT_EQ(block[words - 1], ~pa);
		page_free(block, order);
	}
}

KTEST(mm, zeroed)
{
	for (int round = 0; round < 2; round++) {
		uint64_t *block = page_zalloc(NUMA_NO_NODE, 1);
		uint64_t any = 0;

		if (!KTEST_EXPECT(block))
			return;
		for (size_t i = 0; i < 2 * PAGE_SIZE / sizeof(*block); i++)
			any |= block[i];
		KTEST_EXPECT_EQ(any, 0);
		memset(block, 0xee, 2 * PAGE_SIZE);
		page_free(block, 1);
	}
}

/*
 * All large blocks are taken; then there is none; then all come back. Smaller ones stay for
 * everyone else.
 */
KTEST(mm, exhaustion)
{
	struct page_stats before, gone, after;
	struct chain *blocks = NULL, *block;
	unsigned long n = 0;

	page_stats(&before);
	if (before.free >> PAGE_MAX_ORDER > EXHAUST_MAX_BLOCKS)
		KTEST_SKIP("more memory than can be taken in a short time");
	while ((block = page_alloc(NUMA_NO_NODE, PAGE_MAX_ORDER))) {
		block->next = blocks;
		blocks = block;
		n++;
	}
	page_stats(&gone);
	KTEST_EXPECT(n > 0);
	KTEST_EXPECT(!kmalloc(PAGE_SIZE << PAGE_MAX_ORDER));
	KTEST_EXPECT_EQ(gone.used - before.used, n << PAGE_MAX_ORDER);
	KTEST_EXPECT(gone.peak >= gone.used + gone.meta);
	while (blocks) {
		block = blocks;
		blocks = block->next;
		page_free(block, PAGE_MAX_ORDER);
	}
	page_stats(&after);
	KTEST_EXPECT_EQ(after.used, before.used);
	block = page_alloc(NUMA_NO_NODE, PAGE_MAX_ORDER);
	KTEST_EXPECT(block);
	page_free(block, PAGE_MAX_ORDER);
}

KTEST(mm, objects_of_every_class)
{
	static const uint16_t sizes[] = {1,   16,  17,	64,   65,   100,  192,
					 300, 512, 700, 1024, 2048, 2049, 9000};
	unsigned char *objects[ARRAY_SIZE(sizes)];

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		objects[i] = kmalloc(sizes[i]);
		if (!KTEST_EXPECT(objects[i]))
			continue;
		if (!(sizes[i] & (sizes[i] - 1)))
			KTEST_EXPECT_EQ((uintptr_t)objects[i] % MIN(MAX(sizes[i], 16), CACHE_LINE),
					0);
		memset(objects[i], (int)i + 1, sizes[i]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned int wrong = 0;

		for (unsigned int b = 0; objects[i] && b < sizes[i]; b++)
			wrong += objects[i][b] != i + 1;
		KTEST_EXPECT_EQ(wrong, 0);
		kfree(objects[i]);
	}
	KTEST_EXPECT(!kmalloc((PAGE_SIZE << PAGE_MAX_ORDER) + 1));
}

KTEST(mm, class_counts)
{
	struct kmalloc_stats before, during, after;
	void *object = NULL;

	for (unsigned int i = 0; kmalloc_class_stats(i, &before); i++) {
		object = kmalloc(before.size ? before.size : KMALLOC_MAX_CLASS + 1);
		kmalloc_class_stats(i, &during);
		kfree(object);
		kmalloc_class_stats(i, &after);
		KTEST_EXPECT_EQ(during.used, before.used + 1);
		KTEST_EXPECT_EQ(during.allocs, before.allocs + 1);
		KTEST_EXPECT_EQ(after.used, before.used);
		KTEST_EXPECT(during.pages);
	}
	KTEST_EXPECT(object);
}

/*
 * memcpy and memmove of the kernel at all alignments, in every overlap; a misaligned access might
 * trap here only.
 */
KTEST(mm, copies_at_all_alignments)
{
	unsigned char *is = kmalloc(1024), *was = kmalloc(1024);
	unsigned int wrong = 0, copies = 0;

	if (KTEST_EXPECT(is) && KTEST_EXPECT(was)) {
		for (unsigned int from = 0; from < 24; from++) {
			for (unsigned int to = 0; to < 24; to++) {
				size_t n = 70 + (from * 24 + to) % 61;

				for (unsigned int i = 0; i < 400; i++)
					was[i] = is[i] = (unsigned char)(i * 7 + from + to);
				memmove(is + to, is + from, n);
				memcpy(is + 200 + to, was + from, n);
				for (unsigned int i = 0; i < n; i++) {
					wrong += is[to + i] != was[from + i];
					wrong += is[200 + to + i] != was[from + i];
				}
				wrong += is[to + n] != was[to + n];
				wrong += is[200 + to + n] != was[200 + to + n];
				copies++;
			}
		}
		KTEST_EXPECT_EQ(copies, 24 * 24);
		KTEST_EXPECT_EQ(wrong, 0);
	}
	kfree(was);
	kfree(is);
}
