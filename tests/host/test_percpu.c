/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Per-cpu areas and their dynamic part: copies of the template, a chunk that is used to the last
 * granule, mistakes named.
 */
#include "percpu/percpu.h"

#include <stdlib.h>
#include <string.h>

#include "core/cpumask.h"
#include "core/init.h"
#include "core/panic.h"
#include "tests/host/host.h"

#define CPUS	5
#define GRANULE 16

extern char __percpu_start[], __percpu_end[];

TABLE_DECLARE(struct initcall, initcalls);

/* So that cpumask.c links: no mask is made here. */
void *kzalloc_node(size_t size, int node)
{
	(void)size, (void)node;
	abort();
}

void kfree(const void *object)
{
	(void)object;
	abort();
}

DEFINE_PER_CPU(unsigned long, marked) = 0x1234567890abcdef;
DEFINE_PER_CPU(unsigned char, text[5]) = "four";
DEFINE_PER_CPU(unsigned long, zero);

static char *areas[CPUS];
static unsigned long bases[CPUS];

/* Cpu 3 has no memory, as if it had run out. */
static int set_up(void **state)
{
	(void)state;
	cpumask_size_init(CPUS);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		if (cpu == 3)
			continue;
		areas[cpu] = aligned_alloc(4096, ALIGN_UP(percpu_area_size(), 4096UL));
		memset(areas[cpu], 0x5a, percpu_area_size());
		percpu_setup_area(areas[cpu]);
		bases[cpu] = (unsigned long)areas[cpu] - (unsigned long)__percpu_start;
	}
	percpu_base = bases;
	TABLE_FOREACH (struct initcall, call, initcalls)
		call->fn();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (unsigned int cpu = 0; cpu < CPUS; cpu++)
		free(areas[cpu]);
	return 0;
}

static void template(void **state)
{
	size_t fixed = (size_t)(__percpu_end - __percpu_start);

	(void)state;
	assert_true(percpu_area_size() >= fixed + PERCPU_CHUNK);
	assert_true(percpu_area_size() < fixed + PERCPU_CHUNK + CACHE_LINE);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		if (cpu == 3)
			continue;
		assert_true(per_cpu(marked, cpu) == 0x1234567890abcdef);
		assert_memory_equal(per_cpu(text, cpu), "four", 5);
		assert_true(per_cpu(zero, cpu) == 0);
		per_cpu(zero, cpu) = cpu;
		assert_ptr_equal(per_cpu_ptr(&zero, cpu), bases[cpu] + (unsigned long)&zero);
	}
	for (unsigned int cpu = 0; cpu < CPUS; cpu++)
		if (cpu != 3)
			assert_int_equal(per_cpu(zero, cpu), cpu);
}

static bool in_chunk(unsigned int cpu, const void *p, size_t size)
{
	const char *at = p;

	return at >= areas[cpu] + (__percpu_end - __percpu_start) &&
	       at + size <= areas[cpu] + percpu_area_size();
}

static void zeroed_and_distinct(void **state)
{
	unsigned long *a, *b;

	(void)state;
	for (int round = 0; round < 3; round++) {
		a = alloc_percpu(unsigned long);
		b = alloc_percpu(unsigned long);
		assert_non_null(a);
		assert_non_null(b);
		for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
			if (cpu == 3)
				continue;
			assert_true(in_chunk(cpu, per_cpu_ptr(a, cpu), sizeof(*a)));
			assert_int_equal(*per_cpu_ptr(a, cpu), 0);
			assert_int_equal(*per_cpu_ptr(b, cpu), 0);
			*per_cpu_ptr(a, cpu) = cpu + 1;
			*per_cpu_ptr(b, cpu) = 100 + cpu;
		}
		for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
			if (cpu == 3)
				continue;
			assert_int_equal(*per_cpu_ptr(a, cpu), cpu + 1);
			assert_int_equal(*per_cpu_ptr(b, cpu), 100 + cpu);
		}
		/* What comes next lies in the same place, and must be zeroed again. */
		free_percpu(a);
		free_percpu(b);
	}
	free_percpu(NULL);
}

static void limits(void **state)
{
	void *all, *granules[PERCPU_CHUNK / GRANULE];

	(void)state;
	assert_null(__alloc_percpu(0, 8));
	assert_null(__alloc_percpu(PERCPU_CHUNK + 1, 8));
	assert_null(__alloc_percpu(-1UL, 8));
	all = __alloc_percpu(PERCPU_CHUNK, CACHE_LINE);
	assert_non_null(all);
	assert_null(__alloc_percpu(1, 1));
	free_percpu(all);

	for (size_t i = 0; i < ARRAY_SIZE(granules); i++)
		assert_non_null(granules[i] = __alloc_percpu(1, 1));
	assert_null(__alloc_percpu(1, 1));
	/* One hole fits one granule, two neighbours fit two. */
	free_percpu(granules[5]);
	assert_null(__alloc_percpu(GRANULE + 1, 1));
	free_percpu(granules[6]);
	granules[5] = __alloc_percpu(GRANULE + 1, 1);
	assert_non_null(granules[5]);
	granules[6] = NULL;
	assert_null(__alloc_percpu(1, 1));
	for (size_t i = 0; i < ARRAY_SIZE(granules); i++)
		free_percpu(granules[i]);
	free_percpu(__alloc_percpu(PERCPU_CHUNK, 1));
}

static void mistakes(void **state)
{
	char *p = __alloc_percpu(3 * GRANULE, 16), *q = __alloc_percpu(GRANULE, 16);

	(void)state;
	expect_panic(free_percpu(p + GRANULE), "is not the start of an allocation");
	expect_panic(free_percpu(p + 1), "is not the start of an allocation");
	expect_panic(free_percpu(p - PERCPU_CHUNK), "is not the start of an allocation");
	expect_panic(free_percpu(&marked), "is not the start of an allocation");
	expect_panic(free_percpu(p + PERCPU_CHUNK), "is not the start of an allocation");
	expect_panic(free_percpu(per_cpu_ptr(p, 0)), "is not the start of an allocation");
	expect_panic((free_percpu(p), free_percpu(p)), "is not the start of an allocation");
	expect_panic(__alloc_percpu(8, 3), "alignment 3");
	expect_panic(__alloc_percpu(8, 0), "alignment 0");
	expect_panic(__alloc_percpu(8, 2 * CACHE_LINE), "alignment 128");
	/* A neighbour is no part of what is freed. */
	free_percpu(p);
	expect_panic(free_percpu(p), "is not the start of an allocation");
	free_percpu(q);
	free_percpu(__alloc_percpu(PERCPU_CHUNK, 1));
}

static void random_use(void **state)
{
	static struct {
		char *p;
		size_t size;
		unsigned char mark;
	} live[PERCPU_CHUNK / GRANULE];
	uint64_t seed = host_seed();
	unsigned int n = 0, failed = 0;

	(void)state;
	for (int step = 0; step < 30000; step++) {
		if (host_random(&seed) % 16 < (step / 1000 % 2 ? 5u : 11u)) {
			size_t align = 1UL << host_random(&seed) % 7;
			size_t size = 1 + host_random(&seed) % (host_random(&seed) % 8 ? 64 : 500);
			char *p = __alloc_percpu(size, align);

			if (!p) {
				failed++;
				continue;
			}
			for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
				char *copy = per_cpu_ptr(p, cpu);

				if (cpu == 3)
					continue;
				assert_true(in_chunk(cpu, copy, size));
				assert_int_equal((uintptr_t)copy % align, 0);
				for (size_t i = 0; i < size; i++)
					assert_int_equal(copy[i], 0);
				memset(copy, (int)(step + cpu), size);
			}
			live[n].p = p;
			live[n].size = size;
			live[n++].mark = (unsigned char)step;
		} else if (n) {
			unsigned int i = (unsigned int)(host_random(&seed) % n);

			for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
				unsigned char *copy = per_cpu_ptr((unsigned char *)live[i].p, cpu);

				if (cpu == 3)
					continue;
				for (size_t b = 0; b < live[i].size; b++)
					assert_int_equal(copy[b],
							 (unsigned char)(live[i].mark + cpu));
			}
			free_percpu(live[i].p);
			live[i] = live[--n];
		}
	}
	assert_true(failed > 0);
	while (n--)
		free_percpu(live[n].p);
	free_percpu(__alloc_percpu(PERCPU_CHUNK, 1));
}

static void hart(unsigned int cpu, void *arg)
{
	(void)arg;
	for (int step = 0; step < 2000; step++) {
		unsigned long *p = alloc_percpu(unsigned long);

		if (!p)
			panic("cpu%u: no per-cpu memory", cpu);
		if (*this_cpu_ptr(p))
			panic("cpu%u: not zeroed", cpu);
		*this_cpu_ptr(p) = cpu + 1;
		if (*this_cpu_ptr(p) != cpu + 1)
			panic("cpu%u: shared with somebody", cpu);
		free_percpu(p);
	}
}

static void harts(void **state)
{
	(void)state;
	host_harts_run(CPUS, hart, NULL);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(template), cmocka_unit_test(zeroed_and_distinct), cmocka_unit_test(limits),
	cmocka_unit_test(mistakes), cmocka_unit_test(random_use),	   cmocka_unit_test(harts),
};

int main(void)
{
	return cmocka_run_group_tests_name(__FILE__, tests, set_up, tear_down);
}
