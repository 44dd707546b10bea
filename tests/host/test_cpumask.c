/* SPDX-License-Identifier: BSD-2-Clause */
/* Masks of every size that has an edge, against arrays of bool. */
#include "core/cpumask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/kmalloc.h"
#include "tests/host/host.h"

static const unsigned int sizes[] = {1, 2, 63, 64, 65, 127, 128, 129, 512, 4096};

/*
 * Exactly as large as asked for, so that the address sanitizer sees an access beyond the last word.
 */
void *kzalloc_node(size_t size, int node)
{
	(void)node;
	return calloc(1, size);
}

void kfree(const void *object)
{
	free((void *)object);
}

static struct cpumask *mask_of(const bool *bits)
{
	struct cpumask *mask = cpumask_alloc(NUMA_NO_NODE);

	assert_non_null(mask);
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (bits[cpu])
			__cpumask_set_cpu(cpu, mask);
	return mask;
}

static void assert_mask(const struct cpumask *mask, const bool *bits)
{
	unsigned int weight = 0, cpu, expected = 0;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		assert_int_equal(cpumask_test_cpu(cpu, mask), bits[cpu]);
		weight += bits[cpu];
	}
	assert_int_equal(cpumask_weight(mask), weight);
	assert_int_equal(cpumask_empty(mask), !weight);
	for_each_cpu (cpu, mask) {
		while (!bits[expected])
			expected++;
		assert_int_equal(cpu, expected);
		expected++;
		weight--;
	}
	assert_int_equal(weight, 0);
	/* Bits that are no cpu's stay clear. */
	if (nr_cpu_ids % 64)
		assert_int_equal(__cpumask_word(mask, cpumask_words - 1) >> (nr_cpu_ids % 64), 0);
}

static void early_mask(void **state)
{
	bool bits[1] = {true};
	struct cpumask *mask;

	(void)state;
	assert_int_equal(nr_cpu_ids, 1);
	assert_int_equal(cpumask_words, 1);
	mask = mask_of(bits);
	assert_mask(mask, bits);
	cpumask_free(mask);
	expect_panic(cpumask_size_init(0), "nr >= 1");
}

static void set_and_clear(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned int last = sizes[i] - 1;
		struct cpumask *mask;

		cpumask_size_init(sizes[i]);
		mask = cpumask_alloc(NUMA_NO_NODE);
		assert_true(cpumask_empty(mask));
		assert_int_equal(cpumask_first(mask), nr_cpu_ids);

		cpumask_set_cpu(last, mask);
		assert_true(cpumask_test_cpu(last, mask));
		assert_int_equal(cpumask_first(mask), last);
		assert_int_equal(cpumask_next(last, mask), nr_cpu_ids);
		assert_true(cpumask_test_and_set_cpu(last, mask));
		assert_true(cpumask_test_and_clear_cpu(last, mask));
		assert_false(cpumask_test_and_clear_cpu(last, mask));
		assert_false(cpumask_test_and_set_cpu(last, mask));
		cpumask_clear_cpu(last, mask);
		assert_true(cpumask_empty(mask));
		__cpumask_set_cpu(0, mask);
		__cpumask_clear_cpu(0, mask);
		assert_true(cpumask_empty(mask));

		cpumask_setall(mask);
		assert_int_equal(cpumask_weight(mask), sizes[i]);
		cpumask_clear(mask);
		assert_true(cpumask_empty(mask));

		expect_panic(cpumask_set_cpu(last + 1, mask), "cpu < nr_cpu_ids");
		expect_panic(cpumask_clear_cpu(last + 1, mask), "cpu < nr_cpu_ids");
		expect_panic(cpumask_test_cpu(last + 1, mask), "cpu < nr_cpu_ids");
		expect_panic(cpumask_test_cpu(-1U, mask), "cpu < nr_cpu_ids");
		expect_panic(__cpumask_set_cpu(last + 1, mask), "cpu < nr_cpu_ids");
		expect_panic(cpumask_next(last + 1, mask), "nr_cpu_ids");
		cpumask_free(mask);
	}
	cpumask_free(NULL);
}

static void random_bits(bool *bits, uint64_t *seed)
{
	unsigned int density = 1 + host_random(seed) % 16;

	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
		bits[cpu] = host_random(seed) % 16 < density && density > 1;
}

/* Every operation on two random sets against the same on arrays. */
static void operations(void **state)
{
	static bool a[4096], b[4096], want[4096];
	uint64_t seed = host_seed();

	(void)state;
	for (unsigned int round = 0; round < 40 * ARRAY_SIZE(sizes); round++) {
		struct cpumask *ma, *mb, *dst;
		unsigned int cpu, expected = 0;
		bool equal = true, subset = true, any_and = false, any_andnot = false;

		cpumask_size_init(sizes[round % ARRAY_SIZE(sizes)]);
		random_bits(a, &seed);
		random_bits(b, &seed);
		if (round % 7 == 0)
			memcpy(b, a, sizeof(a));
		ma = mask_of(a);
		mb = mask_of(b);
		dst = cpumask_alloc(NUMA_NO_NODE);
		for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
			equal &= a[cpu] == b[cpu];
			subset &= !a[cpu] || b[cpu];
			any_and |= a[cpu] && b[cpu];
			any_andnot |= a[cpu] && !b[cpu];
		}
		assert_int_equal(cpumask_equal(ma, mb), equal);
		assert_int_equal(cpumask_subset(ma, mb), subset);
		assert_int_equal(cpumask_intersects(ma, mb), any_and);

		assert_int_equal(cpumask_and(dst, ma, mb), any_and);
		for (cpu = 0; cpu < nr_cpu_ids; cpu++)
			want[cpu] = a[cpu] && b[cpu];
		assert_mask(dst, want);
		for_each_cpu_and (cpu, ma, mb) {
			while (!want[expected])
				expected++;
			assert_int_equal(cpu, expected++);
		}
		for (; expected < nr_cpu_ids; expected++)
			assert_false(want[expected]);

		assert_int_equal(cpumask_andnot(dst, ma, mb), any_andnot);
		for (cpu = 0; cpu < nr_cpu_ids; cpu++)
			want[cpu] = a[cpu] && !b[cpu];
		assert_mask(dst, want);

		cpumask_or(dst, ma, mb);
		for (cpu = 0; cpu < nr_cpu_ids; cpu++)
			want[cpu] = a[cpu] || b[cpu];
		assert_mask(dst, want);

		cpumask_copy(dst, ma);
		assert_mask(dst, a);
		assert_int_equal(cpumask_and(dst, dst, mb), any_and);
		cpumask_free(dst);
		cpumask_free(mb);
		cpumask_free(ma);
	}
}

static void set_list(struct cpumask *mask, const unsigned int *cpus)
{
	cpumask_clear(mask);
	for (; *cpus != -1U; cpus++)
		cpumask_set_cpu(*cpus, mask);
}

static void format(void **state)
{
	static const struct {
		unsigned int cpus[12];
		const char *text;
	} cases[] = {
		{{-1U}, ""},
		{{0, -1U}, "0"},
		{{0, 1, 2, 3, 5, -1U}, "0-3,5"},
		{{62, 63, 64, 65, -1U}, "62-65"},
		{{63, 65, 127, 128, 129, -1U}, "63,65,127-129"},
	};
	struct cpumask *mask;
	char buf[64];

	(void)state;
	cpumask_size_init(130);
	mask = cpumask_alloc(NUMA_NO_NODE);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = strlen(cases[i].text);

		set_list(mask, cases[i].cpus);
		assert_int_equal(cpumask_format(buf, sizeof(buf), mask), len);
		assert_string_equal(buf, cases[i].text);
		assert_int_equal(cpumask_format(NULL, 0, mask), len);
		/* Every shorter buffer gets a prefix, and nothing behind its end is written. */
		for (size_t room = 1; room <= len; room++) {
			memset(buf, '#', sizeof(buf));
			assert_int_equal(cpumask_format(buf, room, mask), len);
			assert_int_equal(strlen(buf), room - 1);
			assert_memory_equal(buf, cases[i].text, room - 1);
			assert_int_equal(buf[room], '#');
		}
	}
	cpumask_setall(mask);
	cpumask_format(buf, sizeof(buf), mask);
	assert_string_equal(buf, "0-129");
	cpumask_free(mask);

	/* The longest list there is: every other cpu of many. */
	cpumask_size_init(4096);
	mask = cpumask_alloc(NUMA_NO_NODE);
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu += 2)
		cpumask_set_cpu(cpu, mask);
	assert_int_equal(cpumask_format(buf, sizeof(buf), mask),
			 5 + 45 * 2 + 450 * 3 + 1548 * 4 + 2047);
	assert_int_equal(strlen(buf), sizeof(buf) - 1);
	cpumask_free(mask);
}

static struct cpumask *shared;
static unsigned int published[256];

/* Odd cpus publish, even ones look for what their neighbour published. */
static void publish(unsigned int cpu, void *arg)
{
	(void)arg;
	for (unsigned int i = cpu; i < nr_cpu_ids; i += 4) {
		published[i] = i + 1;
		cpumask_set_cpu(i, shared);
	}
	for (unsigned int i = 0; i < nr_cpu_ids; i++)
		if (cpumask_test_cpu(i, shared) && published[i] != i + 1)
			panic("cpu %u is set, but what was written before is not there", i);
}

static void shared_mask(void **state)
{
	(void)state;
	cpumask_size_init(256);
	for (int round = 0; round < 20; round++) {
		shared = cpumask_alloc(NUMA_NO_NODE);
		memset(published, 0, sizeof(published));
		host_harts_run(4, publish, NULL);
		assert_int_equal(cpumask_weight(shared), 256);
		cpumask_free(shared);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(early_mask), cmocka_unit_test(set_and_clear), cmocka_unit_test(operations),
	cmocka_unit_test(format),     cmocka_unit_test(shared_mask),
};
HOST_MAIN(tests)
