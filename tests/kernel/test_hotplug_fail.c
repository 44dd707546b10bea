/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every row of hotplug fails once in each direction: what was done is undone, in reverse, and the
 * system is as before.
 */
#include <errno.h>

#include "core/cpu.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/hotplug.h"

/* Rows of the test's own, in each section: what they were called for. */
#define RECORD_MAX 32

struct record {
	int state;
	bool up;
};

static struct record record[RECORD_MAX];
static unsigned int recorded, misplaced;
static int own_rows[5];

/* The way of one hart at a time is one chain of steps: no lock. */
static void note(unsigned int i, unsigned int cpu, bool up)
{
	/* Prepare rows run on the control side, all others on the hart. */
	if (own_rows[i] > CPUHP_BRINGUP_CPU && smp_processor_id() != cpu)
		misplaced++;
	if (recorded < RECORD_MAX)
		record[recorded] = (struct record){own_rows[i], up};
	recorded++;
}

#define OWN_ROW(i)                            \
	static int up_##i(unsigned int cpu)   \
	{                                     \
		note(i, cpu, true);           \
		return 0;                     \
	}                                     \
	static int down_##i(unsigned int cpu) \
	{                                     \
		note(i, cpu, false);          \
		return 0;                     \
	}
OWN_ROW(0)
OWN_ROW(1)
OWN_ROW(2)
OWN_ROW(3)
OWN_ROW(4)

static void add_rows(struct ktest_run *run)
{
	own_rows[0] =
		cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "test:prepare0", up_0, down_0);
	own_rows[1] =
		cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "test:prepare1", up_1, down_1);
	own_rows[2] =
		cpuhp_setup_state_nocalls(CPUHP_AP_STARTING_DYN, "test:starting", up_2, down_2);
	own_rows[3] = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "test:online0", up_3, down_3);
	own_rows[4] = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "test:online1", up_4, down_4);
	for (unsigned int i = 0; i < 5; i++)
		KTEST_EXPECT(own_rows[i] > 0);
}

static void remove_rows(void)
{
	for (unsigned int i = 0; i < 5; i++) {
		if (own_rows[i] > 0)
			cpuhp_remove_state_nocalls(own_rows[i]);
	}
}

static void expect_record(struct ktest_run *run, unsigned int at, unsigned int i, bool up)
{
	KTEST_EXPECT_EQ(record[at].state, own_rows[i]);
	KTEST_EXPECT_EQ(record[at].up, up);
}

/*
 * From a way that failed at state: the rows between its start and there were called on the way
 * forth, in order, and then on the way back, in reverse; no others.
 */
static void expect_rollback(struct ktest_run *run, int state, bool up)
{
	unsigned int order[5], n = 0;

	for (unsigned int k = 0; k < 5; k++) {
		unsigned int i = up ? k : 4 - k;

		if (up ? own_rows[i] < state : own_rows[i] > state)
			order[n++] = i;
	}
	if (!KTEST_EXPECT_EQ(recorded, 2 * n))
		return;
	for (unsigned int k = 0; k < n; k++) {
		expect_record(run, k, order[k], up);
		expect_record(run, 2 * n - 1 - k, order[k], !up);
	}
}

static void expect_whole_way(struct ktest_run *run, bool up)
{
	if (!KTEST_EXPECT_EQ(recorded, 5))
		return;
	for (unsigned int k = 0; k < 5; k++)
		expect_record(run, k, up ? k : 4 - k, up);
}

static void fail_one(struct ktest_run *run, unsigned int cpu, int state, bool up)
{
	if (cpuhp_fail_set(state, cpu, up))
		return;
	recorded = misplaced = 0;
	KTEST_EXPECT_EQ(up ? cpu_up(cpu) : cpu_down(cpu), -EAGAIN);
	KTEST_EXPECT(up ? is_down(cpu) : is_up(cpu));
	expect_rollback(run, state, up);
	KTEST_EXPECT_EQ(misplaced, 0);
	/* Once only: the same way is free now. */
	recorded = 0;
	KTEST_EXPECT_EQ(up ? cpu_up(cpu) : cpu_down(cpu), 0);
	KTEST_EXPECT(up ? is_up(cpu) : is_down(cpu));
	expect_whole_way(run, up);
	KTEST_EXPECT_EQ(up ? cpu_down(cpu) : cpu_up(cpu), 0);
}

static void fail_every_row(struct ktest_run *run, unsigned int cpu)
{
	unsigned int rows = 0;

	for (int state = CPUHP_OFFLINE; state <= CPUHP_ONLINE; state++) {
		if (cpuhp_fail_set(state, cpu, false) && cpuhp_fail_set(state, cpu, true))
			continue;
		rows++;
		fail_one(run, cpu, state, false);
		KTEST_EXPECT_EQ(cpu_down(cpu), 0);
		fail_one(run, cpu, state, true);
		KTEST_EXPECT_EQ(cpu_up(cpu), 0);
	}
	cpuhp_fail_set(CPUHP_INVALID, cpu, true);
	/* Those of the test, and some of the kernel's. */
	KTEST_EXPECT(rows > 6);
}

KTEST(hotplug, every_row_fails)
{
	unsigned int last = 0, cpu;
	int level;

	if (cannot_hotplug())
		KTEST_SKIP(cannot_hotplug());
	level = quiet_begin();
	add_rows(run);
	for_each_online_cpu (cpu)
		last = cpu;
	fail_every_row(run, last);
	fail_every_row(run, 0);
	remove_rows();
	for_each_online_cpu (cpu)
		KTEST_EXPECT(is_up(cpu));
	KTEST_EXPECT(calls_balance());
	quiet_end(level);
	go_to_cpu(0);
}

static bool sticks;

static int up_unless_it_sticks(unsigned int cpu)
{
	(void)cpu;
	return sticks ? -EIO : 0;
}

/* The way back fails, too: an online hart is left half-way, and cpu_up takes it the rest. */
KTEST(hotplug, left_half_way)
{
	unsigned int cpu = nth_other_cpu(0);
	int level, low, high;

	if (cannot_hotplug())
		KTEST_SKIP(cannot_hotplug());
	level = quiet_begin();
	low = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "test:low", NULL, NULL);
	high = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "test:high", up_unless_it_sticks,
					 NULL);
	if (!KTEST_EXPECT(low > 0 && high > low))
		return;
	sticks = true;
	KTEST_EXPECT_EQ(cpuhp_fail_set(low, cpu, false), 0);
	KTEST_EXPECT_EQ(cpu_down(cpu), -EAGAIN);
	KTEST_EXPECT(logged("on the way back error", "test:high", NULL));
	KTEST_EXPECT_EQ(cpuhp_state_of(cpu), high - 1);
	KTEST_EXPECT_EQ(cpu_up(cpu), -EIO);
	KTEST_EXPECT_EQ(cpuhp_state_of(cpu), high - 1);
	sticks = false;
	KTEST_EXPECT_EQ(cpu_up(cpu), 0);
	KTEST_EXPECT(is_up(cpu));
	KTEST_EXPECT_EQ(cpuhp_state_of(cpu), CPUHP_ONLINE);
	KTEST_EXPECT_EQ(cpu_up(cpu), -EEXIST);
	cpuhp_remove_state_nocalls(high);
	cpuhp_remove_state_nocalls(low);
	quiet_end(level);
}

KTEST(hotplug, nonsense_to_fail)
{
	KTEST_EXPECT_EQ(cpuhp_fail_set(CPUHP_CREATE_THREADS, nr_cpu_ids, true), -ENXIO);
	KTEST_EXPECT_EQ(cpuhp_fail_set(CPUHP_ONLINE + 1, 0, true), -ENOENT);
	KTEST_EXPECT_EQ(cpuhp_fail_set(CPUHP_AP_SMPCFD_DYING, 0, true), -EINVAL);
	KTEST_EXPECT_EQ(cpuhp_fail_set(CPUHP_AP_SMPCFD_DYING, 0, false), -EINVAL);
	KTEST_EXPECT_EQ(cpuhp_fail_set(CPUHP_BRINGUP_CPU, 0, false), -EINVAL);
	KTEST_EXPECT_EQ(cpuhp_fail_parse("nothing,0,up"), -ENOENT);
	KTEST_EXPECT_EQ(cpuhp_fail_parse("threads:prepare,0,sideways"), -EINVAL);
}
