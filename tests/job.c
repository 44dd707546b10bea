/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a boot does by itself: the tests, benchmarks and torture that parameters ask for, then the
 * exit or the shell.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/init.h"
#include "core/lockdep.h"
#include "core/panic.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/random.h"
#include "tests/bench/bench.h"
#include "tests/kernel/ktest.h"
#include "tests/torture/torture.h"

static char tests_wanted[128];
PARAM_STRING("test", tests_wanted,
	     "all, or suites to run: SUITE[,SUITE]; then power off with the result");
static char benches_wanted[256];
PARAM_STRING("bench", benches_wanted, "all, or benchmarks to run: NAME[,NAME]; then power off");
/* Many schedules in one boot: what a boot costs is a multiple of what such a round does. */
static unsigned int torture_rounds = 1;
PARAM_UINT("torture_rounds", torture_rounds, 1, 100000,
	   "torture= so many times over, with rising seeds");
static bool shell_afterwards;

static int parse_then(const char *value)
{
	if (!value || strcmp(value, "shell"))
		return -EINVAL;
	shell_afterwards = true;
	return 0;
}
PARAM_FUNC("then", parse_then, "shell: stay at the prompt after test=, bench= or torture=");

static unsigned int run_torture(unsigned int suite)
{
	unsigned int failed = 0;

	for (unsigned int round = 0; round < torture_rounds; round++) {
		uint64_t seed = torture_seed() + round;
		char name[32] = "torture";

		if (torture_rounds > 1)
			snprintf(name, sizeof(name), "torture_%lu", seed);
		if (random_turns)
			random_turns_start(random_mix(seed));
		failed += torture_run(&torture_wanted, seed, suite + round, name);
	}
	return failed;
}

static int run_job(void)
{
	unsigned int failed = 0, suites = 0;

	if (!tests_wanted[0] && !benches_wanted[0] && !torture_wanted.seconds)
		return 0;
	/*
	 * Initcalls run with interrupts off; the boot ends here, and what is tested is a kernel at
	 * work.
	 */
	local_irq_enable();
	/* One report, whatever of it was asked for. */
	if (tests_wanted[0]) {
		failed += ktest_unknown_suites(tests_wanted);
		suites = ktest_count_suites(tests_wanted);
	}
	if (tests_wanted[0] || torture_wanted.seconds)
		ktest_plan(suites + (torture_wanted.seconds ? torture_rounds : 0));
	if (tests_wanted[0])
		failed += ktest_run_suites(tests_wanted);
	if (torture_wanted.seconds)
		failed += run_torture(suites + 1);
	if (benches_wanted[0])
		failed += bench_run(benches_wanted);
#ifdef DEBUG
	failed += lockdep_findings();
#endif
	if (!shell_afterwards)
		machine_exit(failed ? 1 : 0);
	return 0;
}
/* Before the shell, which never returns. */
INITCALL_FIRST(INIT_MAIN, run_job);
