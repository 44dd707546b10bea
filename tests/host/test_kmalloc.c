/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Size classes: alignment, nodes, exhaustion, mistakes that must be named, random use, and harts
 * that free for others.
 */
#include "tests/host/fresh_pages.h"

#include "core/kmalloc.c"

#define MEGA (1UL << 20)

static void fresh_memory(void)
{
	fresh_pages();
	large_used = large_pages = 0;
}

static void assert_no_objects(void)
{
	struct kmalloc_stats stats;

	for (unsigned int i = 0; kmalloc_class_stats(i, &stats); i++)
		assert_int_equal(stats.used, 0);
}

static unsigned long pages_used(void)
{
	struct page_stats stats;

	page_stats(&stats);
	return stats.used;
}

static size_t alignment_of(size_t size)
{
	size_t power = size & -size;

	return MIN(MAX(power, 16ul), 64ul);
}

/*
 * Two of every size up to beyond the classes: aligned, apart, zeroed where asked for, and all
 * usable.
 */
static void every_size(void **state)
{
	static unsigned char *objects[2 * 2200];
	unsigned int n = 0;

	(void)state;
	fresh_memory();
	add_dirty_region(0, RAM_START, RAM_START + 32 * MEGA);
	for (size_t size = 1; size <= 2100; size++) {
		unsigned char *plain = kmalloc(size), *zero = kzalloc(size);

		assert_non_null(plain);
		assert_non_null(zero);
		assert_int_equal((uintptr_t)plain % alignment_of(size), 0);
		assert_int_equal((uintptr_t)zero % alignment_of(size), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(zero[i], 0);
		memset(plain, (int)n, size);
		objects[n++] = plain;
		memset(zero, (int)n, size);
		objects[n++] = zero;
	}
	for (unsigned int i = 0; i < n; i++) {
		size_t size = 1 + i / 2;

		for (size_t b = 0; b < size; b++)
			assert_int_equal(objects[i][b], (unsigned char)i);
		kfree(objects[i]);
	}
	kfree(NULL);
	kfree(kmalloc(0));
	assert_no_objects();
}

static void large(void **state)
{
	struct kmalloc_stats stats;
	unsigned int last = 0;
	unsigned long before;
	char *a, *b;

	(void)state;
	fresh_memory();
	add_dirty_region(0, RAM_START, RAM_START + 8 * MEGA);
	before = pages_used();
	while (kmalloc_class_stats(last + 1, &stats))
		last++;
	a = kmalloc(KMALLOC_MAX_CLASS + 1);
	b = kzalloc_node(2 * MEGA, 0);
	assert_int_equal((uintptr_t)a % PAGE_SIZE, 0);
	assert_int_equal((uintptr_t)b % PAGE_SIZE, 0);
	for (size_t i = 0; i < 2 * MEGA; i++)
		assert_int_equal(b[i], 0);
	assert_null(kmalloc(2 * MEGA + 1));
	assert_null(kmalloc(-1UL));
	assert_int_equal(pages_used(), before + 1 + 512);
	assert_true(kmalloc_class_stats(last, &stats));
	assert_int_equal(stats.size, 0);
	assert_int_equal(stats.used, 2);
	assert_int_equal(stats.pages, 513);

	expect_panic(kfree(b + PAGE_SIZE), "is not kmalloc's");
	expect_panic(kfree(a + 16), "is not kmalloc's");
	expect_panic(page_free(a, 0), "belongs to kmalloc");
	expect_panic((kfree(a), kfree(a)), "double free");
	kfree(a);
	kfree(b);
	assert_int_equal(pages_used(), before);
	assert_no_objects();
}

static void mistakes(void **state)
{
	char *small, *other, *page;

	(void)state;
	fresh_memory();
	assert_null(kmalloc(16));
	add_dirty_region(0, RAM_START, RAM_START + 8 * MEGA);
	small = kmalloc(96);
	other = kmalloc(96);
	page = page_alloc(0, 0);

	expect_panic(kfree(small + 16), "is not the start of an object of size 96");
	expect_panic(kfree(small + 1), "is not the start of an object of size 96");
	expect_panic(kfree((void *)ALIGN_DOWN((uintptr_t)small, PAGE_SIZE)), "is not the start");
	expect_panic(kfree((char *)ALIGN_UP((uintptr_t)small, PAGE_SIZE) - 1), "is not the start");
	expect_panic(kfree(small + 96 * 20), "double free");
	expect_panic(kfree(page), "is not kmalloc's");
	expect_panic(kfree(&page), "is not kmalloc's");
	expect_panic(kfree(phys_to_virt(RAM_START)), "is not kmalloc's");
	expect_panic(kfree(phys_to_virt(RAM_START + 7 * MEGA)), "is not kmalloc's");
	expect_panic(page_free((void *)ALIGN_DOWN((uintptr_t)small, PAGE_SIZE), 0),
		     "belongs to kmalloc");
	expect_panic((kfree(small), kfree(small)), "double free of");

	/* Written to when free: the chain of free objects runs through it. */
	kfree(small);
	expect_panic((*small = 77, kmalloc(96)), "was written to");
	expect_panic((*small = 1, kmalloc(96), kmalloc(96)), "was written to");

	/* The slab itself may be gone. */
	kfree(other);
	for (int i = 0; i < 100; i++)
		kmalloc(96);
	expect_panic(kfree(page + PAGE_SIZE * 600), "kfree: ");
	page_free(page, 0);
	expect_panic(kfree(page), "in a free page");
}

struct chain {
	struct chain *next;
};

/* All memory goes to objects of one size; then it is NULL; then all comes back. */
static void exhaustion(void **state)
{
	static const size_t sizes[] = {16, 96, 768, 1024, 2048, 3000};

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct chain *objects = NULL, *object;
		struct page_stats stats;
		unsigned long n = 0;

		fresh_memory();
		add_dirty_region(3, RAM_START, RAM_START + MEGA);
		add_dirty_region(9, RAM_START + MEGA, RAM_START + 2 * MEGA);
		while ((object = kmalloc_node(sizes[s], 9))) {
			object->next = objects;
			objects = object;
			n++;
		}
		page_stats(&stats);
		/* Slabs of four pages may leave three. */
		assert_true(stats.free <= 2 * 3);
		assert_true(n * sizes[s] >= 2 * MEGA * 7 / 10);
		while (objects) {
			object = objects;
			objects = object->next;
			kfree(object);
		}
		assert_no_objects();
		/* Each node keeps its page of caches and one empty slab. */
		assert_true(pages_used() <= 2 * (1 + 4));
		assert_non_null(kmalloc_node(sizes[s], 9));
	}
}

static void nodes(void **state)
{
	static const int ids[] = {0, 4, 1000000};

	(void)state;
	fresh_memory();
	for (unsigned int i = 0; i < 3; i++)
		add_dirty_region(ids[i], RAM_START + i * MEGA, RAM_START + (i + 1) * MEGA);
	for (size_t size = 16; size <= 4096; size *= 2) {
		for (unsigned int i = 0; i < 3; i++) {
			void *object = kmalloc_node(size, ids[i]),
			     *zero = kzalloc_node(size, ids[i]);

			assert_int_equal(page_to_node(object), ids[i]);
			assert_int_equal(page_to_node(zero), ids[i]);
			numa_node = ids[i];
			zero = kmalloc(size);
			assert_int_equal(page_to_node(zero), ids[i]);
		}
	}
	/* With one node's memory gone the nearest other steps in. */
	while (page_node_alloc(lowest_node, 0))
		;
	numa_node = 0;
	for (int i = 0; i < 1000; i++)
		kmalloc(64);
	assert_int_equal(page_to_node(kmalloc(64)), 4);
	assert_int_equal(page_to_node(kmalloc(3000)), 4);
}

#define LIVE 4000

static void random_use(void **state)
{
	static struct {
		unsigned char *object;
		size_t size;
		unsigned char mark;
	} live[LIVE];
	uint64_t seed = host_seed();
	unsigned int n = 0, failed = 0;

	(void)state;
	fresh_memory();
	add_dirty_region(0, RAM_START, RAM_START + MEGA);
	add_dirty_region(1, RAM_START + 2 * MEGA, RAM_START + 3 * MEGA);
	for (int step = 0; step < 100000; step++) {
		bool take = host_random(&seed) % 16 < (step / 10000 % 2 ? 5u : 11u);

		if (take && n < LIVE) {
			size_t size = host_random(&seed) % (16u << host_random(&seed) % 10);
			unsigned char *object =
				kmalloc_node(size, (int)(host_random(&seed) % 3) - 1);

			if (!object) {
				failed++;
				continue;
			}
			assert_int_equal((uintptr_t)object % alignment_of(size), 0);
			live[n].object = object;
			live[n].size = size;
			live[n].mark = (unsigned char)host_random(&seed);
			memset(object, live[n].mark, size);
			n++;
		} else if (!take && n) {
			unsigned int i = (unsigned int)(host_random(&seed) % n);

			for (size_t b = 0; b < live[i].size; b++)
				assert_int_equal(live[i].object[b], live[i].mark);
			kfree(live[i].object);
			live[i] = live[--n];
		}
	}
	assert_true(failed > 0);
	while (n--)
		kfree(live[n].object);
	assert_no_objects();
}

#define SLOTS 64

/* Objects that any hart may take and free. */
static _Atomic(unsigned long *) slots[SLOTS];

static void hart(unsigned int cpu, void *arg)
{
	uint64_t seed = *(uint64_t *)arg + cpu;

	this_cpu(numa_node) = (int)cpu % 2;
	for (int step = 0; step < 8000; step++) {
		unsigned int slot = (unsigned int)(host_random(&seed) % SLOTS);
		size_t words = 2 + host_random(&seed) % (step % 50 ? 30 : 600);
		unsigned long *object = kmalloc(words * sizeof(long));

		if (object) {
			object[0] = words;
			object[words - 1] = words;
		}
		object = atomic_exchange_explicit(&slots[slot], object, memory_order_acq_rel);
		if (object && object[object[0] - 1] != object[0])
			panic("cpu%u: somebody wrote to an object", cpu);
		kfree(object);
	}
}

static void harts(void **state)
{
	uint64_t seed = host_seed();

	(void)state;
	fresh_memory();
	add_dirty_region(0, RAM_START, RAM_START + MEGA);
	add_dirty_region(1, RAM_START + 2 * MEGA, RAM_START + 3 * MEGA);
	host_harts_run(4, hart, &seed);
	for (unsigned int i = 0; i < SLOTS; i++)
		kfree(atomic_exchange(&slots[i], NULL));
	assert_no_objects();
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(every_size), cmocka_unit_test(large), cmocka_unit_test(mistakes),
	cmocka_unit_test(exhaustion), cmocka_unit_test(nodes), cmocka_unit_test(random_use),
	cmocka_unit_test(harts),
};
HOST_MAIN(tests)
