/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hart ids in windows of 64, sparse and large, and firmware that refuses a window for one stopped
 * hart.
 */
#include "ipi/sbi_line.h"

#include <string.h>

#include "core/printk.h"
#include "sbi/ipi.h"
#include "sbi/sbi.h"
#include "tests/host/host.h"

#define MAX_RINGS 1024

static unsigned long rung[MAX_RINGS];
static unsigned int nr_rung, nr_calls;
/* A stopped hart that fails every mask it is in, and a firmware that fails always. */
static unsigned long poison;
static bool have_poison, broken;

/* In place of the firmware. */
struct sbiret sbi_ecall(unsigned long ext, unsigned long fid, unsigned long mask,
			unsigned long base, unsigned long a2, unsigned long a3, unsigned long a4,
			unsigned long a5)
{
	(void)a2, (void)a3, (void)a4, (void)a5;
	assert_int_equal(ext, SBI_EXT_IPI);
	assert_int_equal(fid, 0);
	nr_calls++;
	assert_int_not_equal(mask, 0);
	if (broken)
		return (struct sbiret){.error = SBI_ERR_FAILED};
	for (unsigned int i = 0; have_poison && i < 64; i++) {
		if (mask >> i & 1 && base + i == poison)
			return (struct sbiret){.error = SBI_ERR_INVALID_PARAM};
	}
	for (unsigned int i = 0; i < 64; i++) {
		if (mask >> i & 1)
			rung[nr_rung++] = base + i;
	}
	return (struct sbiret){0};
}

const char *sbi_error_name(long error)
{
	(void)error;
	return "refused";
}

bool ratelimit_pass(struct ratelimit *rl, unsigned int *held)
{
	(void)rl;
	*held = 0;
	return true;
}

static int reset(void **state)
{
	(void)state;
	nr_rung = nr_calls = 0;
	have_poison = broken = false;
	return 0;
}

static unsigned int ring(const unsigned long *ids, unsigned int n)
{
	struct sbi_line line = SBI_LINE_INIT;

	for (unsigned int i = 0; i < n; i++)
		sbi_line_add(&line, ids[i]);
	return sbi_line_flush(&line);
}

/* Each id rung once, in any order. */
static void assert_rung(const unsigned long *ids, unsigned int n)
{
	assert_int_equal(nr_rung, n);
	for (unsigned int i = 0; i < n; i++) {
		unsigned int times = 0;

		for (unsigned int j = 0; j < nr_rung; j++)
			times += rung[j] == ids[i];
		assert_int_equal(times, 1);
	}
}

static void test_nothing(void **state)
{
	(void)state;
	assert_int_equal(ring(NULL, 0), 0);
	assert_int_equal(nr_calls, 0);
}

static void test_sparse_and_large(void **state)
{
	static const unsigned long ids[] = {
		0, 63, 64, 65, 1000, 0xffffffffUL, 0xfffffffffffffff0UL};

	(void)state;
	assert_int_equal(ring(ids, ARRAY_SIZE(ids)), 0);
	assert_rung(ids, ARRAY_SIZE(ids));
	/* {0, 63}, {64, 65}, {1000}, {2^32 - 1}, {2^64 - 16} */
	assert_int_equal(nr_calls, 5);
}

static void test_one_call_for_64(void **state)
{
	unsigned long ids[64];

	(void)state;
	for (unsigned int i = 0; i < 64; i++)
		ids[i] = 1 + i;
	assert_int_equal(ring(ids, 64), 0);
	assert_rung(ids, 64);
	assert_int_equal(nr_calls, 1);
}

static void test_any_order(void **state)
{
	static const unsigned long ids[] = {70, 3, 1, 69, 5};

	(void)state;
	assert_int_equal(ring(ids, ARRAY_SIZE(ids)), 0);
	assert_rung(ids, ARRAY_SIZE(ids));
}

static void test_stopped_hart_costs_only_itself(void **state)
{
	static const unsigned long ids[] = {1, 2, 3, 4, 200};
	static const unsigned long others[] = {1, 2, 4, 200};

	(void)state;
	have_poison = true;
	poison = 3;
	assert_int_equal(ring(ids, ARRAY_SIZE(ids)), 1);
	assert_rung(others, ARRAY_SIZE(others));
}

static void test_broken_firmware_is_counted(void **state)
{
	static const unsigned long ids[] = {1, 2, 100};

	(void)state;
	broken = true;
	assert_int_equal(ring(ids, ARRAY_SIZE(ids)), 3);
	assert_int_equal(nr_rung, 0);
	assert_non_null(strstr(host_log(), "no IPI to hart 100"));
}

/*
 * Fences in place of IPIs: sent by the line's own function, and each refused hart is helped in
 * another way.
 */
static unsigned long helped[4];
static unsigned int nr_helped;

static long send_fence(const struct sbi_line *line, unsigned long mask, unsigned long base)
{
	(void)line;
	return sbi_send_ipi(mask, base).error;
}

static bool help(const struct sbi_line *line, unsigned long hartid, long error)
{
	(void)line;
	assert_int_equal(error, SBI_ERR_INVALID_PARAM);
	helped[nr_helped++] = hartid;
	return true;
}

static void test_refused_are_helped(void **state)
{
	static const struct sbi_line_ops ops = {.send = send_fence, .refused = help};
	static const unsigned long others[] = {1, 2, 4, 200};
	struct sbi_line line = {.ops = &ops};

	(void)state;
	nr_helped = 0;
	have_poison = true;
	poison = 3;
	for (unsigned long id = 1; id <= 4; id++)
		sbi_line_add(&line, id);
	sbi_line_add(&line, 200);
	assert_int_equal(sbi_line_flush(&line), 0);
	assert_rung(others, ARRAY_SIZE(others));
	assert_int_equal(nr_helped, 1);
	assert_int_equal(helped[0], 3);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(test_nothing, reset),
	cmocka_unit_test_setup(test_sparse_and_large, reset),
	cmocka_unit_test_setup(test_one_call_for_64, reset),
	cmocka_unit_test_setup(test_any_order, reset),
	cmocka_unit_test_setup(test_stopped_hart_costs_only_itself, reset),
	cmocka_unit_test_setup(test_refused_are_helped, reset),
	cmocka_unit_test_setup(test_broken_firmware_is_counted, reset),
};

HOST_MAIN(tests)
