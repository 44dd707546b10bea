/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests inside the kernel: a line registers one, results are KTAP version 1 on the console. */
#ifndef TESTS_KERNEL_KTEST_H
#define TESTS_KERNEL_KTEST_H

#include <stdbool.h>

#include "core/table.h"

/* One run of one test. */
struct ktest_run {
	unsigned int checks; /* expectations looked at: a test without any has failed */
	unsigned int failures;
	const char *skip; /* why it was skipped, or NULL */
};

struct ktest {
	const char *suite, *name;
	void (*fn)(struct ktest_run *run);
};
TABLE_DECLARE(struct ktest, ktests);

/*
 * KTEST(call, self) { KTEST_EXPECT(...); ... } adds test "self" to suite "call". Runs on the boot
 * hart, interrupts on, after INIT_LATE. A test leaves the kernel as it found it. Suite and name are
 * C identifiers.
 */
#define KTEST(s, n)                                                           \
	static void ktest_##s##_##n(struct ktest_run *run);                   \
	static const struct ktest ktest_row_##s##_##n TABLE_ENTRY(ktests) = { \
		.suite = #s, .name = #n, .fn = ktest_##s##_##n};              \
	static void ktest_##s##_##n(struct ktest_run *run)

/*
 * Expectations go on after a failure; each failure is a diagnostic line that names place and
 * values.
 */
#define KTEST_EXPECT(cond)    ktest_check(run, (cond), #cond, __FILE__, __LINE__)
#define KTEST_EXPECT_EQ(a, b) ktest_check_eq(run, (long)(a), (long)(b), #a, #b, __FILE__, __LINE__)

/* Ends the test as skipped, with the reason. */
#define KTEST_SKIP(why)            \
	do {                       \
		run->skip = (why); \
		return;            \
	} while (0)

/* Both return whether the expectation was met. */
bool ktest_check(struct ktest_run *run, bool ok, const char *text, const char *file, int line);
bool ktest_check_eq(struct ktest_run *run, long a, long b, const char *a_text, const char *b_text,
		    const char *file, int line);

/* How many suites a comma-separated list, or "all", names. */
unsigned int ktest_count_suites(const char *list);

/* Opens a KTAP report of so many suites. */
void ktest_plan(unsigned int suites);

/*
 * Runs the suites of a list; prints the results of suites 1, 2, ... of an open report. Returns the
 * number of failed tests; a list that runs nothing counts as one.
 */
unsigned int ktest_run_suites(const char *list);

/* Names the words of the list that are no suite, and returns their number. */
unsigned int ktest_unknown_suites(const char *list);

#endif
