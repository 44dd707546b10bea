/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits that do not end by themselves: lost rings, deadlines, circles; and rings that are owed
 * while a handler waits.
 */
#include "ipi/call_wait.h"

#include <errno.h>

#include "tests/host/call_world.h"

#define TIMEOUT_MS 50
/* Where nobody is to be waited for so long. */
#define PATIENCE_MS env_uint("CSD_TIMEOUT_MS", 10000)

static _Atomic unsigned int ran;
static _Atomic bool release_it, stage[3];

static void wait_for(_Atomic bool *flag)
{
	while (!atomic_load(flag))
		cpu_relax();
}

static void count(void *info)
{
	(void)info;
	atomic_fetch_add(&ran, 1);
}

static void hold(void *info)
{
	(void)info;
	atomic_store(&stage[0], true);
	wait_for(&release_it);
}

static void clear(void)
{
	host_log_clear();
	atomic_store(&ran, 0);
	atomic_store(&release_it, false);
	for (unsigned int i = 0; i < ARRAY_SIZE(stage); i++)
		atomic_store(&stage[i], false);
	set_csd_timeout_ms(TIMEOUT_MS);
}

static void lost_ring_hart(unsigned int cpu, void *arg)
{
	(void)arg;
	if (cpu)
		return;
	atomic_store(&lose, 1);
	if (smp_call_function_single(1, count, NULL, true))
		panic("refused");
	if (atomic_load(&ran) != 1)
		panic("ran %u times", atomic_load(&ran));
}

static void lost_ring(void **state)
{
	(void)state;
	clear();
	world_run(2, 0, lost_ring_hart, NULL);
	expect_waits(1, 1);
	assert_non_null(strstr(host_log(), "cpu0 waits"));
	assert_non_null(strstr(host_log(), "for cpu1 to run function"));
	assert_non_null(strstr(host_log(), "cpu1 answered cpu0"));
}

/*
 * The csd of calls without wait is found in flight by the next call, to another cpu: it is the
 * first that must be rung.
 */
static void lost_quiet_ring_hart(unsigned int cpu, void *arg)
{
	(void)arg;
	if (cpu)
		return;
	atomic_store(&lose, 1);
	if (smp_call_function_single(1, count, NULL, false) ||
	    smp_call_function_single(2, count, NULL, false))
		panic("refused");
}

static void lost_ring_of_call_without_wait(void **state)
{
	(void)state;
	clear();
	world_run(3, 0, lost_quiet_ring_hart, NULL);
	assert_int_equal(atomic_load(&ran), 2);
	expect_waits(1, 1);
	assert_non_null(strstr(host_log(), "for cpu1 to run function"));
}

/*
 * The target is held: the caller leaves, the call runs all the same, once, and its memory is given
 * back (address sanitizer).
 */
static void deadline_hart(unsigned int cpu, void *arg)
{
	int err;

	(void)arg;
	if (cpu)
		return;
	if (smp_call_function_single(1, hold, NULL, false))
		panic("refused");
	wait_for(&stage[0]);
	err = smp_call_function_single_timeout(1, count, NULL, 2000);
	if (err != -ETIMEDOUT || atomic_load(&ran))
		panic("error %d, ran %u times", err, atomic_load(&ran));
	/* Nearly for ever is no overflow. */
	if (smp_call_function_single_timeout(2, count, NULL, UINT64_MAX) ||
	    smp_call_function_single_timeout(2, count, NULL, UINT64_MAX / 1000 + 1))
		panic("the largest timeouts are none");
	atomic_store(&release_it, true);
}

static void deadline(void **state)
{
	(void)state;
	clear();
	set_csd_timeout_ms(PATIENCE_MS);
	world_run(3, 0, deadline_hart, NULL);
	assert_int_equal(atomic_load(&ran), 3);
	expect_waits(1, 0);
	assert_non_null(strstr(host_log(), "cpu0 waits"));
	assert_non_null(strstr(host_log(), "for cpu1 to run function"));
}

/* Both deadlines and the end of the function at about the same time, again and again. */
static void close_deadline_hart(unsigned int cpu, void *arg)
{
	unsigned int *late = arg;

	for (unsigned int i = 0; !cpu && i < 3000; i++) {
		int err = smp_call_function_single_timeout(1, count, NULL, i % 30);

		if (err && err != -ETIMEDOUT)
			panic("error %d", err);
		*late += !!err;
	}
}

static void close_deadlines(void **state)
{
	unsigned int late = 0;

	(void)state;
	clear();
	set_csd_timeout_ms(PATIENCE_MS);
	world_run(2, host_seed() | 1, close_deadline_hart, &late);
	assert_int_equal(atomic_load(&ran), 3000);
	expect_waits(late, 0);
}

/* Each calls the next with interrupts off. */
static void ring_hart(unsigned int cpu, void *arg)
{
	unsigned long flags = local_irq_save();

	(void)arg;
	for (unsigned int i = 0; i < 300; i++) {
		if (smp_call_function_single((cpu + 1) % world.harts, count, NULL, true))
			panic("refused");
	}
	local_irq_restore(flags);
}

static void circles_with_interrupts_off(void **state)
{
	(void)state;
	for (unsigned int n = 2; n <= 5; n++) {
		clear();
		set_csd_timeout_ms(PATIENCE_MS);
		world_run(n, host_seed() | 1, ring_hart, NULL);
		assert_int_equal(atomic_load(&ran), 300 * n);
		expect_waits(0, 0);
	}
}

/*
 * Cpu 1 keeps asking cpu 0 for calls that wait for cpu 2, while cpu 0 itself calls and rings cpu 2:
 * a handler must never wait for a ring that the code below it owes.
 */
static void call_2(void *info)
{
	smp_call_function_single(2, count, info, true);
}

static void owed_ring_hart(unsigned int cpu, void *arg)
{
	(void)arg;
	for (unsigned int i = 0; cpu < 2 && i < 1000; i++) {
		if (cpu)
			smp_call_function_single(0, call_2, NULL, true);
		else if (i % 4 == 0)
			smp_call_function_single(2, count, NULL, i % 2);
		else
			on_each_cpu(count, NULL, i % 2);
	}
}

static void owed_rings(void **state)
{
	(void)state;
	clear();
	set_csd_timeout_ms(PATIENCE_MS);
	for (unsigned int i = 0; i < 6; i++) {
		world_run(i & 1 ? 3 : 6, host_seed() | 1, owed_ring_hart, NULL);
		expect_waits(0, 0);
	}
}

/* A call that waits runs what was taken with it before what came later. */
static _Atomic unsigned int order[2];

static void note(void *info)
{
	order[!!atomic_load(&order[0])] = (unsigned int)(uintptr_t)info;
}

static void waits_for_2(void *info)
{
	(void)info;
	atomic_store(&stage[1], true);
	wait_for(&stage[2]);
	smp_call_function_single(2, count, NULL, true);
}

static void order_hart(unsigned int cpu, void *arg)
{
	static call_single_data_t first, second, later;
	unsigned long flags;

	(void)arg;
	if (cpu == 2) {
		uint64_t deadline = deadline_ms(5000);

		/*
		 * With interrupts off until cpu 1 has run both: only while it waits for us can it
		 * have.
		 */
		flags = local_irq_save();
		while (!atomic_load(&order[1]) && time_now() < deadline)
			cpu_relax();
		local_irq_restore(flags);
	}
	if (cpu)
		return;
	INIT_CSD(&first, waits_for_2, NULL);
	INIT_CSD(&second, note, (void *)1);
	INIT_CSD(&later, note, (void *)2);
	/* Held, so that first and second are taken together. */
	if (smp_call_function_single(1, hold, NULL, false))
		panic("refused");
	wait_for(&stage[0]);
	if (smp_call_function_single_async(1, &first) || smp_call_function_single_async(1, &second))
		panic("refused");
	atomic_store(&release_it, true);
	wait_for(&stage[1]);
	if (smp_call_function_single_async(1, &later))
		panic("refused");
	atomic_store(&stage[2], true);
}

static void order_in_spite_of_nesting(void **state)
{
	(void)state;
	clear();
	set_csd_timeout_ms(PATIENCE_MS);
	atomic_store(&order[0], 0);
	atomic_store(&order[1], 0);
	world_run(3, 0, order_hart, NULL);
	assert_int_equal(order[0], 1);
	assert_int_equal(order[1], 2);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(lost_ring),
	cmocka_unit_test(lost_ring_of_call_without_wait),
	cmocka_unit_test(deadline),
	cmocka_unit_test(close_deadlines),
	cmocka_unit_test(circles_with_interrupts_off),
	cmocka_unit_test(owed_rings),
	cmocka_unit_test(order_in_spite_of_nesting),
};
HOST_MAIN(tests)
