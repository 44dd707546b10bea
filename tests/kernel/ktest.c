/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs registered tests, suite by suite, and prints KTAP. */
#include "tests/kernel/ktest.h"

#include <errno.h>
#include <string.h>

#include "core/printk.h"
#include "shell/shell.h"
#include "tests/list.h"

bool ktest_check(struct ktest_run *run, bool ok, const char *text, const char *file, int line)
{
	run->checks++;
	if (!ok) {
		run->failures++;
		printk_raw("    # %s:%d: expected %s", file, line, text);
	}
	return ok;
}

bool ktest_check_eq(struct ktest_run *run, long a, long b, const char *a_text, const char *b_text,
		    const char *file, int line)
{
	run->checks++;
	if (a != b) {
		run->failures++;
		printk_raw("    # %s:%d: expected %s == %s, but %ld (0x%lx) != %ld (0x%lx)", file,
			   line, a_text, b_text, a, a, b, b);
	}
	return a == b;
}

/* The first test of a suite stands for it, wherever the linker has put the others. */
static bool first_of_suite(const struct ktest *test)
{
	TABLE_FOREACH (struct ktest, it, ktests) {
		if (!strcmp(it->suite, test->suite))
			return it == test;
	}
	return false;
}

static bool run_test(const struct ktest *test, unsigned int number)
{
	struct ktest_run run = {0};

	test->fn(&run);
	if (run.skip && !run.failures) {
		printk_raw("    ok %u %s # SKIP %s", number, test->name, run.skip);
		return true;
	}
	if (!run.checks)
		printk_raw("    # %s.%s checked nothing", test->suite, test->name);
	run.failures += !run.checks;
	printk_raw("    %sok %u %s", run.failures ? "not " : "", number, test->name);
	return !run.failures;
}

static unsigned int run_suite(const char *suite, unsigned int number)
{
	unsigned int count = 0, failed = 0;

	TABLE_FOREACH (struct ktest, it, ktests)
		count += !strcmp(it->suite, suite);
	printk_raw("    KTAP version 1\n    # Subtest: %s\n    1..%u", suite, count);
	count = 0;
	TABLE_FOREACH (struct ktest, it, ktests) {
		if (!strcmp(it->suite, suite))
			failed += !run_test(it, ++count);
	}
	printk_raw("%sok %u %s", failed ? "not " : "", number, suite);
	return failed;
}

unsigned int ktest_count_suites(const char *list)
{
	unsigned int suites = 0;

	TABLE_FOREACH (struct ktest, it, ktests)
		suites += list_has(list, it->suite) && first_of_suite(it);
	return suites;
}

void ktest_plan(unsigned int suites)
{
	printk_raw("KTAP version 1\n1..%u", suites);
}

unsigned int ktest_run_suites(const char *list)
{
	unsigned int suites = 0, failed = 0;

	TABLE_FOREACH (struct ktest, it, ktests) {
		if (list_has(list, it->suite) && first_of_suite(it))
			failed += run_suite(it->suite, ++suites);
	}
	if (!suites) {
		printk_raw("# no test suite in '%s'", list);
		failed++;
	}
	return failed;
}

/* Words of the list that are no suite. */
static bool is_suite(const char *name, size_t len)
{
	TABLE_FOREACH (struct ktest, it, ktests) {
		if (strlen(it->suite) == len && !strncmp(it->suite, name, len))
			return true;
	}
	return false;
}

unsigned int ktest_unknown_suites(const char *list)
{
	return list_unknown(list, is_suite, "test suite");
}

static const char *complete_suite(size_t index)
{
	TABLE_FOREACH (struct ktest, it, ktests) {
		if (first_of_suite(it) && !index--)
			return it->suite;
	}
	return NULL;
}

static int cmd_test(int argc, char **argv)
{
	const char *list = argc > 1 ? argv[1] : "all";
	unsigned int failed;

	if (argc > 2)
		return -EINVAL;
	failed = ktest_unknown_suites(list);
	if (!failed) {
		ktest_plan(ktest_count_suites(list));
		failed = ktest_run_suites(list);
	}
	printk_raw("test: %u failed", failed);
	return 0;
}
SHELL_COMMAND_COMPLETE(test, "[suite[,suite]]", "run tests in the kernel", cmd_test,
		       complete_suite);
