/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The closing queue at work: a hart that closes and opens under fire, and one that watches its
 * queue.
 */
#include <errno.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/time.h"
#include "ipi/call.h"
#include "ipi/irq_work.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/run_on.h"

/*
 * The target stays in the online mask all the time: the queue alone must tell who comes too late.
 */
#define CLOSES	     60
#define CLOSES_MS    3000
#define LEAST_CLOSES 5
#define LEAST_SHOTS  10 /* for each close */
#define POOL	     8
#define SHOOTERS     8

static struct fire {
	unsigned int target;
	_Atomic unsigned int accepted, refused, runs, other_errors;
	_Atomic bool closed, ran_closed, left_over, over;
	_Atomic unsigned int closes;
} fire;

static void hit(void *info)
{
	(void)info;
	atomic_fetch_add(&fire.runs, 1);
	if (atomic_load(&fire.closed))
		atomic_store(&fire.ran_closed, true);
}

static void work_hit(struct irq_work *work)
{
	hit(work);
}

static void close_and_open(void *arg)
{
	uint64_t end = deadline_ms(CLOSES_MS);

	(void)arg;
	for (unsigned int i = 0; i < CLOSES && time_now() < end; i++) {
		unsigned int before = atomic_load(&fire.accepted);
		unsigned long flags;
		uint64_t deadline;

		/* Not before it was hit again, so that there is something to close on. */
		reaches(&fire.accepted, before + LEAST_SHOTS);
		flags = local_irq_save();
		smpcfd_dying_cpu();
		atomic_store(&fire.closed, true);
		if (call_queue_has_work())
			atomic_store(&fire.left_over, true);
		before = atomic_load(&fire.refused);
		deadline = deadline_ms(300);
		while (atomic_load(&fire.refused) == before && time_now() < deadline)
			cpu_relax();
		csr_clear(CSR_SIP, SIE_SSIE);
		atomic_store(&fire.closed, false);
		smpcfd_online_cpu();
		local_irq_restore(flags);
		atomic_fetch_add(&fire.closes, 1);
	}
	atomic_store(&fire.over, true);
}

static void tell(int err)
{
	if (!err)
		atomic_fetch_add(&fire.accepted, 1);
	else if (err == -ENXIO)
		atomic_fetch_add(&fire.refused, 1);
	else if (err != -EBUSY && err != -ETIMEDOUT)
		atomic_fetch_add(&fire.other_errors, 1);
}

struct gun {
	call_single_data_t csds[POOL];
	struct irq_work work;
};
static struct gun guns[SHOOTERS];

static void shoot(void *arg)
{
	struct gun *gun = arg;
	unsigned int target = fire.target;

	for (unsigned int i = 0; !atomic_load(&fire.over); i++) {
		int err;

		tell(smp_call_function_single(target, hit, NULL, i % 2));
		tell(smp_call_function_single_async(target, &gun->csds[i % POOL]));
		tell(irq_work_queue_on(&gun->work, target));
		/* Late, it was accepted all the same. */
		err = smp_call_function_single_timeout(target, hit, NULL, i % 100);
		tell(err == -ETIMEDOUT ? 0 : err);
		if (i % 8 == 0)
			nap();
	}
}

static void init_gun(struct gun *gun)
{
	for (unsigned int i = 0; i < POOL; i++)
		INIT_CSD(&gun->csds[i], hit, NULL);
	init_irq_work(&gun->work, work_hit);
}

KTEST(call, closes_under_fire)
{
	unsigned int cpu, shooters[SHOOTERS], n = 0;
	struct call_totals before, after;
	int level;

	fire = (struct fire){.target = nth_other_cpu(0)};
	if (fire.target >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	call_stats_sum(&before);
	level = quiet_begin();
	for (unsigned int i = 1; n < SHOOTERS - 1 && (cpu = nth_other_cpu(i)) < nr_cpu_ids; i++) {
		init_gun(&guns[n]);
		KTEST_EXPECT_EQ(run_on(cpu, shoot, &guns[n]), 0);
		shooters[n++] = cpu;
	}
	init_gun(&guns[n]);
	KTEST_EXPECT_EQ(run_on(fire.target, close_and_open, NULL), 0);
	shoot(&guns[n]);
	for (unsigned int i = 0; i < n; i++)
		KTEST_EXPECT(soon(job_done, &shooters[i]));
	KTEST_EXPECT(soon(job_done, &fire.target));
	KTEST_EXPECT(calls_balance());
	quiet_end(level);

	KTEST_EXPECT(atomic_load(&fire.closes) >= LEAST_CLOSES);
	KTEST_EXPECT_EQ(atomic_load(&fire.runs), atomic_load(&fire.accepted));
	KTEST_EXPECT_EQ(atomic_load(&fire.other_errors), 0);
	KTEST_EXPECT(!atomic_load(&fire.ran_closed));
	KTEST_EXPECT(!atomic_load(&fire.left_over));
	/* Or it proves nothing. */
	KTEST_EXPECT(atomic_load(&fire.accepted) >= LEAST_SHOTS * atomic_load(&fire.closes));
	KTEST_EXPECT(atomic_load(&fire.refused) >= atomic_load(&fire.closes) / 2);
	call_stats_sum(&after);
	KTEST_EXPECT_EQ(after.recovered - before.recovered, 0);
	KTEST_EXPECT(after.refused - before.refused >= atomic_load(&fire.refused));
}

static _Atomic bool watch_no_more;

static void watch(void *arg)
{
	(void)arg;
	while (!atomic_load(&watch_no_more)) {
		local_irq_disable();
		call_queue_poll(UINT32_MAX);
		local_irq_enable();
	}
}

static void hit_once(void *info)
{
	_Atomic unsigned int *runs = info;

	atomic_fetch_add(runs, 1);
}

static bool watches(void *arg)
{
	return call_queue_polling(*(unsigned int *)arg);
}

/* Who finds the target watching need not ring. */
KTEST(call, watched_queue_needs_no_ring)
{
	unsigned int cpu = nth_other_cpu(0);
	_Atomic unsigned int runs = 0;
	struct call_totals before, after;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	atomic_store(&watch_no_more, false);
	KTEST_EXPECT_EQ(run_on(cpu, watch, NULL), 0);
	call_stats_of(smp_processor_id(), &before);
	for (unsigned int i = 0; i < 100; i++) {
		KTEST_EXPECT(soon(watches, &cpu));
		KTEST_EXPECT_EQ(smp_call_function_single(cpu, hit_once, (void *)&runs, i & 1), 0);
		KTEST_EXPECT(reaches(&runs, i + 1));
	}
	call_stats_of(smp_processor_id(), &after);
	KTEST_EXPECT_EQ(atomic_load(&runs), 100);
	KTEST_EXPECT_EQ(after.rings - before.rings, 0);
	KTEST_EXPECT_EQ(after.saved - before.saved, 100);
	atomic_store(&watch_no_more, true);
	smp_call_function_single(cpu, hit_once, (void *)&runs, true);
	KTEST_EXPECT(soon(job_done, &cpu));
}
