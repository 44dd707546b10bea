/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page allocator: boot cost, edges, mistakes that it must name, and random use against a map of
 * who owns what.
 */
#include "tests/host/fresh_pages.h"

#include "arch/riscv/irqflags.h"

#define MEGA (1UL << 20)

/* The whole state of one allocator must add up at any time. */
static void assert_stats(unsigned long used)
{
	struct page_stats stats;

	page_stats(&stats);
	assert_int_equal(stats.used, used);
	assert_int_equal(stats.total, stats.used + stats.meta + stats.free);
	assert_true(stats.peak >= stats.used + stats.meta);
}

static void no_memory(void **state)
{
	struct page_stats stats;

	(void)state;
	fresh_pages();
	assert_null(page_alloc(NUMA_NO_NODE, 0));
	assert_null(page_zalloc(3, 2));
	assert_stats(0);
	assert_false(page_node_stats(0, &stats));
	assert_int_equal(page_to_node(phys_to_virt(RAM_START)), NUMA_NO_NODE);
	page_free(NULL, 0);
	expect_panic(page_free(phys_to_virt(RAM_START), 0), "is not a page of RAM");
}

static void refused_regions(void **state)
{
	(void)state;
	fresh_pages();
	assert_int_equal(page_add_region(0, RAM_START, RAM_START), -EINVAL);
	assert_non_null(strstr(host_log(), "0x80000000-0x80000000 of node 0"));
	assert_int_equal(page_add_region(0, RAM_START + 5, RAM_START), -EINVAL);
	assert_int_equal(page_add_region(0, RAM_START + 1, RAM_START + 3 * PAGE_SIZE - 1), -EINVAL);
	assert_int_equal(page_add_region(0, -PAGE_SIZE + 1, -1UL), -EINVAL);
	assert_int_equal(page_add_region(0, RAM_START + MEGA, RAM_START + 2 * MEGA), 0);
	host_log_clear();
	assert_int_equal(page_add_region(1, RAM_START, RAM_START + MEGA + PAGE_SIZE), -EEXIST);
	assert_non_null(strstr(host_log(), "overlaps 0x80100000-0x80200000"));
	assert_int_equal(page_add_region(1, RAM_START + MEGA, RAM_START + 2 * MEGA), -EEXIST);
	assert_int_equal(page_add_region(1, RAM_START + 2 * MEGA - PAGE_SIZE, RAM_END), -EEXIST);
	/* Neighbours do not overlap. */
	assert_int_equal(page_add_region(1, RAM_START, RAM_START + MEGA), 0);
	assert_int_equal(page_add_region(1, RAM_START + 2 * MEGA, RAM_START + 3 * MEGA), 0);
}

/*
 * Takes blocks of that order until there are none; returns how many. Each is chained from the one
 * before.
 */
struct chain {
	struct chain *next;
};

static unsigned long take_all(int node, unsigned int order, struct chain **blocks)
{
	unsigned long n = 0;
	struct chain *block;

	*blocks = NULL;
	while ((block = page_alloc(node, order))) {
		assert_int_equal((phys_addr_t)block % block_size(order), 0);
		block->next = *blocks;
		*blocks = block;
		n++;
	}
	return n;
}

static void give_all(struct chain *blocks, unsigned int order)
{
	while (blocks) {
		struct chain *next = blocks->next;

		page_free(blocks, order);
		blocks = next;
	}
}

/*
 * Regions with every kind of edge: all pages come, once each, and join to the largest blocks when
 * they are back.
 */
static void edges(void **state)
{
	static const struct {
		phys_addr_t start, end;
	} cases[] = {
		{RAM_START, RAM_START + 2 * PAGE_SIZE},
		/* The states end where the region's own bytes push them over a page. */
		{RAM_START, RAM_START + 16 * MEGA},
		{RAM_START + 0x123, RAM_START + 3 * MEGA + 0x456},
		{RAM_START + 2 * MEGA, RAM_START + 4 * MEGA},
		{RAM_START + 7 * PAGE_SIZE, RAM_START + 9 * MEGA},
		/* Ends right at, just behind, and one page behind a section's start. */
		{RAM_START + 120 * MEGA, RAM_START + 128 * MEGA},
		{RAM_START + 127 * MEGA, RAM_START + 128 * MEGA + PAGE_SIZE},
		{RAM_START + 127 * MEGA, RAM_START + 128 * MEGA + 2 * PAGE_SIZE},
		{RAM_START + 128 * MEGA - 2 * PAGE_SIZE, RAM_START + 130 * MEGA},
		{RAM_START + 128 * MEGA, RAM_START + 129 * MEGA},
		{RAM_START + 100 * MEGA, RAM_START + 400 * MEGA},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct page_stats stats;
		struct chain *blocks;
		unsigned long pages, large, large_again;

		fresh_pages();
		add_dirty_region(0, cases[i].start, cases[i].end);
		large = take_all(0, PAGE_MAX_ORDER, &blocks);
		give_all(blocks, PAGE_MAX_ORDER);

		pages = take_all(0, 0, &blocks);
		page_stats(&stats);
		assert_int_equal(stats.total, (ALIGN_DOWN(cases[i].end, PAGE_SIZE) -
					       ALIGN_UP(cases[i].start, PAGE_SIZE)) /
						      PAGE_SIZE);
		assert_int_equal(stats.used, pages);
		assert_int_equal(stats.free, 0);
		assert_int_equal(stats.peak, stats.total);
		assert_true(stats.meta <=
			    1 + stats.total / 4096 +
				    2 * (1 + (cases[i].end - cases[i].start) / SECTION_SIZE));
		for (struct chain *b = blocks; b; b = b->next) {
			phys_addr_t pa = virt_to_phys(b);

			assert_true(pa >= cases[i].start && pa + PAGE_SIZE <= cases[i].end);
		}
		give_all(blocks, 0);
		assert_stats(0);
		large_again = take_all(0, PAGE_MAX_ORDER, &blocks);
		assert_int_equal(large_again, large);
		give_all(blocks, PAGE_MAX_ORDER);
		assert_null(page_alloc(0, PAGE_MAX_ORDER + 1));
		assert_null(page_alloc(0, -1U));
	}
}

/* 16 GiB cost no more memory than 16 MiB, before and after the first pages are wanted. */
static void boot_cost(void **state)
{
	uint64_t added[2], used[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		phys_addr_t end = RAM_START + (i ? 16UL << 30 : 16 * MEGA);

		fresh_pages();
		assert_int_equal(page_add_region(0, RAM_START, end), 0);
		added[i] = host_ram_touched(RAM_START, end);
		for (int n = 0; n < 10; n++)
			assert_non_null(page_alloc(0, 0));
		assert_non_null(page_alloc(0, PAGE_MAX_ORDER));
		used[i] = host_ram_touched(RAM_START, end);
	}
	assert_true(added[0] <= 2 * PAGE_SIZE);
	assert_int_equal(added[0], added[1]);
	/*
	 * One page with states, and links in those that were handed out or are the start of a free
	 * block.
	 */
	assert_true(used[1] <= (1 + 11 + 2 * (PAGE_MAX_ORDER + 1)) * PAGE_SIZE);
	assert_true(used[1] <= used[0] + 4 * PAGE_SIZE);
}

static void mistakes(void **state)
{
	char *page, *block;

	(void)state;
	fresh_pages();
	add_dirty_region(0, RAM_START, RAM_START + 4 * MEGA);
	assert_int_equal(page_add_region(0, RAM_START + 8 * MEGA, RAM_START + 12 * MEGA), 0);
	page = page_alloc(0, 0);
	block = page_alloc(0, 3);

	expect_panic(page_free(block, 2), "freed with order 2, allocated with order 3");
	expect_panic(page_free(block, 4), "freed with order 4, allocated with order 3");
	expect_panic(page_free(block, 77), "freed with order 77");
	expect_panic(page_free(block + PAGE_SIZE, 0), "is not the start of a block");
	expect_panic(page_free(block + 4 * PAGE_SIZE, 2), "is not the start of a block");
	expect_panic(page_free(page + 8, 0), "is not a page of RAM");
	expect_panic(page_free(&block, 0), "is not a page of RAM");
	expect_panic(page_free(phys_to_virt(RAM_START + 4 * MEGA), 0), "is not a page of RAM");
	expect_panic(page_free(phys_to_virt(RAM_START), 0), "was never handed out");
	expect_panic(page_free(phys_to_virt(RAM_START + 11 * MEGA), 0), "was never handed out");
	expect_panic((page_free(page, 0), page_free(page, 0)), "double free");
	expect_panic((page_free(block, 3), page_free(block, 3)), "double free");

	/* Whatever a freed block became part of, it is not freed again. */
	page_free(block, 3);
	expect_panic(page_free(block, 3), "page_free: ");
	page_free(page, 0);
	expect_panic(page_free(page, 0), "page_free: ");
	expect_panic(page_free(block, 3), "page_free: ");
	assert_stats(0);

	/*
	 * Buddies that join: the upper one is no start of a block any more, whichever came back
	 * first.
	 */
	for (int upper_first = 0; upper_first < 2; upper_first++) {
		block = page_alloc(0, 0);
		do {
			page = block;
			block = page_alloc(0, 0);
		} while (((phys_addr_t)page ^ (phys_addr_t)block) != PAGE_SIZE);
		page_free(upper_first ? MAX(page, block) : MIN(page, block), 0);
		page_free(upper_first ? MIN(page, block) : MAX(page, block), 0);
		expect_panic(page_free(MAX(page, block), 0), "is not the start of a block");
	}
}

static void zeroed(void **state)
{
	(void)state;
	fresh_pages();
	add_dirty_region(0, RAM_START, RAM_START + 8 * MEGA);
	for (unsigned int order = 0; order <= PAGE_MAX_ORDER; order++) {
		unsigned char *block = page_zalloc(0, order);

		assert_non_null(block);
		for (size_t i = 0; i < PAGE_SIZE << order; i++)
			assert_int_equal(block[i], 0);
		memset(block, 0xff, PAGE_SIZE << order);
		page_free(block, order);
	}
	assert_int_equal(page_order(0), 0);
	assert_int_equal(page_order(1), 0);
	assert_int_equal(page_order(PAGE_SIZE), 0);
	assert_int_equal(page_order(PAGE_SIZE + 1), 1);
	assert_int_equal(page_order(2 * MEGA), PAGE_MAX_ORDER);
	assert_true(page_order(2 * MEGA + 1) > PAGE_MAX_ORDER);
	assert_true(page_order(-1UL) > PAGE_MAX_ORDER);
}

/*
 * Takes single pages until all memory is gone; writes down the nodes they came from, in order, each
 * once.
 */
static unsigned int nodes_in_order(int node, int *order)
{
	unsigned int n = 0;
	void *page;

	while ((page = page_alloc(node, 0))) {
		int from = page_to_node(page);

		if (!n || order[n - 1] != from)
			order[n++] = from;
	}
	return n;
}

static void fallback(void **state)
{
	static const int ids[] = {100, -5, INT32_MAX, 7, 5, INT32_MIN};
	static const struct {
		int local, node;
		int order[6];
	} cases[] = {
		{NUMA_NO_NODE, 7, {7, 5, -5, 100, INT32_MAX, INT32_MIN}},
		{NUMA_NO_NODE, 5, {5, 7, -5, 100, INT32_MAX, INT32_MIN}},
		/* No such node: by distance all the same, the lower one first on a tie. */
		{NUMA_NO_NODE, 6, {5, 7, -5, 100, INT32_MAX, INT32_MIN}},
		{NUMA_NO_NODE, INT32_MIN, {INT32_MIN, -5, 5, 7, 100, INT32_MAX}},
		{NUMA_NO_NODE, INT32_MAX, {INT32_MAX, 100, 7, 5, -5, INT32_MIN}},
		{NUMA_NO_NODE, NUMA_NO_NODE, {-5, 5, 7, 100, INT32_MIN, INT32_MAX}},
		{100, NUMA_NO_NODE, {100, 7, 5, -5, INT32_MAX, INT32_MIN}},
	};

	(void)state;
	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		struct page_stats stats;
		int order[16];

		fresh_pages();
		for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
			assert_int_equal(page_add_region(ids[i], RAM_START + i * MEGA,
							 RAM_START + i * MEGA + MEGA / 4),
					 0);
		for (unsigned int i = 0; page_node_stats(i, &stats); i++) {
			assert_int_equal(stats.total, MEGA / 4 / PAGE_SIZE);
			order[i] = stats.node;
		}
		for (unsigned int i = 1; i < ARRAY_SIZE(ids); i++)
			assert_true(order[i - 1] < order[i]);
		numa_node = cases[c].local;
		assert_int_equal(nodes_in_order(cases[c].node, order), ARRAY_SIZE(ids));
		assert_memory_equal(order, cases[c].order, sizeof(cases[c].order));
	}
}

/* A node's memory may come in pieces, in any order, more than any table would hold. */
static void many_regions(void **state)
{
	unsigned long pages;
	struct chain *blocks;
	struct page_stats stats;

	(void)state;
	fresh_pages();
	for (unsigned int i = 0; i < 600; i++) {
		phys_addr_t at = RAM_START + (i * 263 % 600) * 8 * PAGE_SIZE;

		assert_int_equal(page_add_region((int)i % 150, at, at + 7 * PAGE_SIZE), 0);
	}
	for (unsigned int i = 0; i < 150; i++) {
		assert_true(page_node_stats(i, &stats));
		assert_int_equal(stats.node, i);
		assert_int_equal(stats.total, 4 * 7);
	}
	assert_false(page_node_stats(150, &stats));
	pages = take_all(75, 0, &blocks);
	assert_int_equal(pages, 600 * 6);
	give_all(blocks, 0);
	assert_stats(0);
}

/* Random blocks against a map of the owner of each page. */
#define MODEL_PAGES (24 * MEGA / PAGE_SIZE)
#define MODEL_LIVE  2000

static void random_use(void **state)
{
	static uint16_t owner[MODEL_PAGES];
	static struct {
		unsigned char *block;
		unsigned int order;
	} live[MODEL_LIVE];
	unsigned long used = 0, failed = 0;
	unsigned int n = 0;
	uint64_t seed = host_seed();
	struct chain *blocks;

	(void)state;
	fresh_pages();
	memset(owner, 0, sizeof(owner));
	/* Over a section's start, of two nodes, with a hole. */
	add_dirty_region(0, RAM_START + 120 * MEGA, RAM_START + 136 * MEGA - PAGE_SIZE);
	add_dirty_region(1, RAM_START + 136 * MEGA + 3 * PAGE_SIZE, RAM_START + 144 * MEGA);

	for (int step = 0; step < 60000; step++) {
		/* Sometimes mostly taking, sometimes mostly giving. */
		bool take = host_random(&seed) % 16 < (step / 3000 % 2 ? 5u : 11u);

		if (take && n < MODEL_LIVE) {
			unsigned int order = (unsigned int)__builtin_ctzl(host_random(&seed) |
									  1UL << PAGE_MAX_ORDER);
			unsigned char *block = page_alloc((int)(host_random(&seed) % 3) - 1, order);
			size_t first;

			if (!block) {
				failed++;
				continue;
			}
			first = (virt_to_phys(block) - RAM_START - 120 * MEGA) / PAGE_SIZE;
			assert_true(first + (1UL << order) <= MODEL_PAGES);
			assert_int_equal(first % (1UL << order), 0);
			for (size_t i = first; i < first + (1UL << order); i++) {
				assert_int_equal(owner[i], 0);
				owner[i] = (uint16_t)(n + 1);
			}
			block[0] = block[(PAGE_SIZE << order) - 1] = (unsigned char)first;
			live[n].block = block;
			live[n++].order = order;
			used += 1UL << order;
		} else if (!take && n) {
			unsigned int i = (unsigned int)(host_random(&seed) % n);
			unsigned char *block = live[i].block;
			unsigned int order = live[i].order;
			size_t first = (virt_to_phys(block) - RAM_START - 120 * MEGA) / PAGE_SIZE;

			assert_int_equal(block[0], (unsigned char)first);
			assert_int_equal(block[(PAGE_SIZE << order) - 1], (unsigned char)first);
			memset(owner + first, 0, sizeof(owner[0]) << order);
			page_free(block, order);
			used -= 1UL << order;
			live[i] = live[--n];
			if (i < n) {
				first = (virt_to_phys(live[i].block) - RAM_START - 120 * MEGA) /
					PAGE_SIZE;
				for (size_t p = first; p < first + (1UL << live[i].order); p++)
					owner[p] = (uint16_t)(i + 1);
			}
		}
		if (step % 64 == 0)
			assert_stats(used);
	}
	assert_true(failed > 0);
	while (n--)
		page_free(live[n].block, live[n].order);
	assert_stats(0);
	/*
	 * 16 MiB less the states before 120 and at 128, and the missing page before 136; then from
	 * 138 to 144.
	 */
	assert_int_equal(take_all(0, PAGE_MAX_ORDER, &blocks), 5 + 3);
}

#define STEPS 4000

static void hart(unsigned int cpu, void *arg)
{
	uint64_t seed = *(uint64_t *)arg + cpu;
	unsigned int *live[64], order[64], n = 0;

	this_cpu(numa_node) = (int)cpu % 2;
	for (int step = 0; step < STEPS || n; step++) {
		if (step < STEPS && n < ARRAY_SIZE(live) && host_random(&seed) % 2) {
			order[n] = (unsigned int)(host_random(&seed) % 4);
			live[n] = page_alloc(NUMA_NO_NODE, order[n]);
			if (!live[n])
				continue;
			live[n][0] = live[n][(PAGE_SIZE << order[n]) / 4 - 1] = cpu;
			n++;
		} else if (n) {
			unsigned int i = (unsigned int)(host_random(&seed) % n);

			if (live[i][0] != cpu || live[i][(PAGE_SIZE << order[i]) / 4 - 1] != cpu)
				panic("cpu%u: somebody wrote to my block", cpu);
			page_free(live[i], order[i]);
			live[i] = live[--n];
			order[i] = order[n];
		}
		if (irqs_disabled())
			panic("interrupts were left off");
	}
}

/* Four harts in memory that is short. */
static void harts(void **state)
{
	uint64_t seed = host_seed();

	(void)state;
	fresh_pages();
	add_dirty_region(0, RAM_START, RAM_START + MEGA);
	add_dirty_region(1, RAM_START + 2 * MEGA, RAM_START + 3 * MEGA);
	host_harts_run(4, hart, &seed);
	assert_stats(0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(no_memory),  cmocka_unit_test(refused_regions),
	cmocka_unit_test(edges),      cmocka_unit_test(boot_cost),
	cmocka_unit_test(mistakes),   cmocka_unit_test(zeroed),
	cmocka_unit_test(fallback),   cmocka_unit_test(many_regions),
	cmocka_unit_test(random_use), cmocka_unit_test(harts),
};
HOST_MAIN(tests)
