/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of ids: what is read, and where what is wrong is found. */
#include "core/idlist.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/host/host.h"

struct items {
	unsigned int n, refuse_at;
	uint64_t first[16], last[16];
};

static int note(uint64_t first, uint64_t last, void *arg)
{
	struct items *items = arg;

	if (items->n == items->refuse_at)
		return -ENOSPC;
	items->first[items->n] = first;
	items->last[items->n++] = last;
	return 0;
}

static void good(void **state)
{
	static const struct {
		const char *text;
		unsigned int n;
		uint64_t id[8];
	} cases[] = {
		{"0", 1, {0, 0}},
		{"1,3-5", 2, {1, 1, 3, 5}},
		{"7-7", 1, {7, 7}},
		{"0x10,0XfF-0x100", 2, {16, 16, 255, 256}},
		{"5,1", 2, {5, 5, 1, 1}},
		{"4294967295", 1, {4294967295, 4294967295}},
		{"18446744073709551615", 1, {UINT64_MAX, UINT64_MAX}},
		{"0-0xffffffffffffffff", 1, {0, UINT64_MAX}},
		{"007", 1, {7, 7}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct items items = {.refuse_at = 16};
		size_t where = 99;

		assert_int_equal(idlist_parse(cases[i].text, note, &items, &where), 0);
		assert_int_equal(idlist_parse(cases[i].text, NULL, NULL, &where), 0);
		assert_int_equal(where, 99);
		assert_int_equal(items.n, cases[i].n);
		for (unsigned int j = 0; j < items.n; j++) {
			assert_true(items.first[j] == cases[i].id[2 * j]);
			assert_true(items.last[j] == cases[i].id[2 * j + 1]);
		}
	}
}

static void bad(void **state)
{
	static const struct {
		const char *text;
		int error;
		size_t where;
	} cases[] = {
		{"", -EINVAL, 0},
		{",", -EINVAL, 0},
		{"1,", -EINVAL, 2},
		{",1", -EINVAL, 0},
		{"1,,2", -EINVAL, 2},
		{"a", -EINVAL, 0},
		{"1a", -EINVAL, 1},
		{"1 ,2", -EINVAL, 1},
		{" 1", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"1-", -EINVAL, 2},
		{"1-2-3", -EINVAL, 3},
		{"1-,3", -EINVAL, 2},
		{"3,9-8", -EINVAL, 4},
		{"0x", -EINVAL, 2},
		{"0xg", -EINVAL, 2},
		{"1,0x-2", -EINVAL, 4},
		{"18446744073709551616", -ERANGE, 0},
		{"4,5-99999999999999999999999", -ERANGE, 4},
		{"0x10000000000000000", -ERANGE, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t where = 99;
		int ret = idlist_parse(cases[i].text, NULL, NULL, &where);

		if (ret != cases[i].error || where != cases[i].where)
			fail_msg("'%s': %d at %zu, expected %d at %zu", cases[i].text, ret, where,
				 cases[i].error, cases[i].where);
	}
}

static void refused(void **state)
{
	struct items items = {.refuse_at = 2};
	size_t where = 0;

	(void)state;
	assert_int_equal(idlist_parse("1,22-33,444,5", note, &items, &where), -ENOSPC);
	assert_int_equal(where, 8);
	assert_int_equal(items.n, 2);
}

/* What is written is read back, whatever the numbers. */
static void round_trip(void **state)
{
	uint64_t seed = host_seed();

	(void)state;
	for (int round = 0; round < 5000; round++) {
		struct items want = {.n = 1 + host_random(&seed) % 8}, got = {.refuse_at = 16};
		char text[512];
		size_t len = 0, where;

		for (unsigned int i = 0; i < want.n; i++) {
			uint64_t a = host_random(&seed) >> (host_random(&seed) % 64);
			uint64_t b = host_random(&seed) >> (host_random(&seed) % 64);

			want.first[i] = MIN(a, b);
			want.last[i] = MAX(a, b);
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						round % 2 ? "%s%" PRIu64 "-%" PRIu64
							  : "%s0x%" PRIx64 "-0x%" PRIx64,
						i ? "," : "", want.first[i], want.last[i]);
		}
		assert_int_equal(idlist_parse(text, note, &got, &where), 0);
		assert_int_equal(got.n, want.n);
		assert_memory_equal(got.first, want.first, want.n * sizeof(uint64_t));
		assert_memory_equal(got.last, want.last, want.n * sizeof(uint64_t));
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(good),
	cmocka_unit_test(bad),
	cmocka_unit_test(refused),
	cmocka_unit_test(round_trip),
};
HOST_MAIN(tests)
