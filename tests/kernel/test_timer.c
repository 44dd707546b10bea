/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers: never early, on their hart, in order; sent to others and taken back. */
#include "core/timer.h"

#include <errno.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/random.h"
#include "core/time.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/timers.h"

static _Atomic uint64_t last_expires;

static void fire(struct timer_list *timer)
{
	struct shot *shot = container_of(timer, struct shot, timer);

	shot->at = time_now();
	shot->cpu = smp_processor_id();
	shot->irqs_were_off = irqs_disabled();
	shot->was_pending = timer_pending(timer);
	shot->in_order = atomic_exchange(&last_expires, timer->expires) <= timer->expires;
	if (shot->left && shot->left--)
		mod_timer(timer, timer->expires + shot->again);
	atomic_fetch_add(&shot->fired, 1);
}

static void shot_setup(struct shot *shot)
{
	*shot = (struct shot){.left = 0};
	timer_setup(&shot->timer, fire);
}

static void expect_fired(struct ktest_run *run, struct shot *shot, unsigned int cpu)
{
	KTEST_EXPECT(reaches(&shot->fired, 1));
	KTEST_EXPECT_EQ(timer_delete_sync(&shot->timer), 0);
	KTEST_EXPECT_EQ(atomic_load(&shot->fired), 1);
	KTEST_EXPECT(shot->at >= shot->timer.expires);
	KTEST_EXPECT_EQ(shot->cpu, cpu);
	KTEST_EXPECT(shot->irqs_were_off);
	KTEST_EXPECT(!shot->was_pending);
	KTEST_EXPECT(!timer_pending(&shot->timer));
}

KTEST(timer, here)
{
	static const unsigned int after_us[] = {0, 1, 50, 1000, 5000};
	unsigned long flags;
	struct shot shot;

	for (unsigned int i = 0; i < ARRAY_SIZE(after_us); i++) {
		shot_setup(&shot);
		KTEST_EXPECT(!timer_pending(&shot.timer));
		flags = local_irq_save();
		KTEST_EXPECT(!mod_timer(&shot.timer, in_us(after_us[i])));
		KTEST_EXPECT(timer_pending(&shot.timer));
		KTEST_EXPECT_EQ(atomic_load(&shot.fired), 0);
		local_irq_restore(flags);
		expect_fired(run, &shot, smp_processor_id());
	}
	/* Long past: at once. */
	shot_setup(&shot);
	mod_timer(&shot.timer, 0);
	expect_fired(run, &shot, smp_processor_id());
}

/* The register holds the earliest time, and none where there is none. */
KTEST(timer, compare_register)
{
	uint64_t near = in_us(500000), far = in_us(600000), others;
	struct shot a, b;
	unsigned int pending;
	unsigned long flags;

	if (!have_sstc || random_turns)
		KTEST_SKIP("it cannot be read, or holds random times");
	shot_setup(&a);
	shot_setup(&b);
	flags = local_irq_save();
	others = csr_read(CSR_STIMECMP);
	if (others <= far) {
		local_irq_restore(flags);
		KTEST_SKIP("somebody else's timer comes first");
	}
	pending = timers_pending_on(smp_processor_id());
	mod_timer(&a.timer, far);
	KTEST_EXPECT_EQ(csr_read(CSR_STIMECMP), far);
	mod_timer(&b.timer, near);
	KTEST_EXPECT_EQ(csr_read(CSR_STIMECMP), near);
	KTEST_EXPECT_EQ(timers_pending_on(smp_processor_id()), pending + 2);
	KTEST_EXPECT(mod_timer(&a.timer, near - 1));
	KTEST_EXPECT_EQ(csr_read(CSR_STIMECMP), near - 1);
	KTEST_EXPECT(timer_delete(&a.timer));
	KTEST_EXPECT(!timer_delete(&a.timer));
	KTEST_EXPECT_EQ(csr_read(CSR_STIMECMP), near);
	KTEST_EXPECT_EQ(timer_delete_sync(&b.timer), 1);
	KTEST_EXPECT_EQ(csr_read(CSR_STIMECMP), others);
	KTEST_EXPECT_EQ(timers_pending_on(smp_processor_id()), pending);
	local_irq_restore(flags);
}

/* A wait and a timer share the register: neither may lose its time. */
static bool fired_twice(void *arg)
{
	return atomic_load(&((struct shot *)arg)->fired) >= 2;
}

KTEST(timer, beside_a_wait)
{
	struct shot shot;
	uint64_t end;

	/* Before and after the wait's own deadline. */
	shot_setup(&shot);
	shot.left = 1;
	shot.again = ns_to_ticks(3000000);
	end = in_us(2000);
	mod_timer(&shot.timer, in_us(1000));
	/*
	 * A slow machine may find both over at once; not before the second is due, which is later.
	 */
	wait_until(fired_twice, &shot, end);
	KTEST_EXPECT(time_now() >= end);
	KTEST_EXPECT(wait_until(fired_twice, &shot, deadline_ms(5000)));
	KTEST_EXPECT_EQ(timer_delete_sync(&shot.timer), 0);
}

#define MANY 500

KTEST(timer, many)
{
	struct shot *shots = kmalloc(MANY * sizeof(*shots));
	uint64_t random = random_seed, start;
	unsigned int deleted = 0, moved = 0, early = 0, disorder = 0, wrong = 0;

	if (!KTEST_EXPECT(shots))
		return;
	atomic_store(&last_expires, 0);
	start = in_us(2000);
	for (unsigned int i = 0; i < MANY; i++) {
		shot_setup(&shots[i]);
		/* Each second one shares its time with others. */
		mod_timer(&shots[i].timer, start + (i & 1 ? random_below(&random, 20) * 1000
							  : random_below(&random, 20000)));
	}
	for (unsigned int i = 0; i < MANY; i += 5)
		deleted += timer_delete(&shots[i].timer);
	for (unsigned int i = 1; i < MANY; i += 5)
		moved += mod_timer(&shots[i].timer, start + random_below(&random, 20000));
	for (unsigned int i = 0; i < MANY; i++) {
		if (i % 5 > 1)
			wrong += !reaches(&shots[i].fired, 1);
	}
	for (unsigned int i = 1; i < MANY; i += 5)
		wrong += !reaches(&shots[i].fired, 1);
	for (unsigned int i = 0; i < MANY; i++) {
		wrong += timer_delete_sync(&shots[i].timer) != 0;
		if (!atomic_load(&shots[i].fired))
			continue;
		early += shots[i].at < shots[i].timer.expires;
		disorder += !shots[i].in_order && shots[i].timer.expires >= start;
	}
	KTEST_EXPECT_EQ(wrong, 0);
	KTEST_EXPECT_EQ(early, 0);
	/* On a slow machine the first have fired before the last were armed. */
	if (deleted == MANY / 5 && moved == MANY / 5)
		KTEST_EXPECT_EQ(disorder, 0);
	for (unsigned int i = 0; i < MANY; i += 5)
		deleted += atomic_load(&shots[i].fired);
	KTEST_EXPECT_EQ(deleted, MANY / 5);
	kfree(shots);
}

KTEST(timer, rearms_itself)
{
	struct shot shot;

	shot_setup(&shot);
	shot.left = 19;
	shot.again = ns_to_ticks(200000);
	mod_timer(&shot.timer, in_us(200));
	KTEST_EXPECT(reaches(&shot.fired, 20));
	KTEST_EXPECT_EQ(timer_delete_sync(&shot.timer), 0);
	KTEST_EXPECT_EQ(atomic_load(&shot.fired), 20);
	KTEST_EXPECT(shot.at >= shot.timer.expires);
}

/* One that is always due: others of this hart get their turn, and it can be deleted. */
KTEST(timer, storm)
{
	struct shot storm, other;

	shot_setup(&storm);
	storm.left = 20000;
	shot_setup(&other);
	mod_timer(&other.timer, in_us(1000));
	mod_timer(&storm.timer, 1);
	/* The hart comes to this line now and then only, between two interrupts, if not after all. */
	while (atomic_load(&storm.fired) < 1000 && !timer_delete(&storm.timer))
		;
	timer_delete_sync(&storm.timer);
	expect_fired(run, &other, smp_processor_id());
}

KTEST(timer, on_another_hart)
{
	unsigned int cpu;
	struct shot far, shot;

	for (unsigned int n = 0; (cpu = nth_other_cpu(n)) < nr_cpu_ids && n < 8; n++) {
		/* Asleep without any timer, then with a later one. */
		for (unsigned int with = 0; with < 2; with++) {
			shot_setup(&shot);
			shot_setup(&far);
			far.timer.expires = in_us(100000000);
			if (with)
				KTEST_EXPECT_EQ(add_timer_on(&far.timer, cpu), 0);
			shot.timer.expires = in_us(500);
			KTEST_EXPECT_EQ(add_timer_on(&shot.timer, cpu), 0);
			expect_fired(run, &shot, cpu);
			if (with)
				KTEST_EXPECT_EQ(timer_delete_sync(&far.timer), 1);
			KTEST_EXPECT_EQ(atomic_load(&far.fired), 0);
		}
	}
	shot_setup(&shot);
	shot.timer.expires = in_us(100);
	KTEST_EXPECT_EQ(add_timer_on(&shot.timer, smp_processor_id()), 0);
	expect_fired(run, &shot, smp_processor_id());
}

KTEST(timer, nonsense)
{
	struct shot shot;
	unsigned int cpu;

	shot_setup(&shot);
	shot.timer.expires = in_us(10000000);
	KTEST_EXPECT_EQ(add_timer_on(&shot.timer, nr_cpu_ids), -ENXIO);
	KTEST_EXPECT_EQ(add_timer_on(&shot.timer, -1U), -ENXIO);
	for_each_possible_cpu (cpu) {
		if (!cpumask_test_cpu(cpu, cpu_online_mask))
			KTEST_EXPECT_EQ(add_timer_on(&shot.timer, cpu), -ENXIO);
	}
	KTEST_EXPECT(!timer_pending(&shot.timer));
	KTEST_EXPECT_EQ(add_timer_on(&shot.timer, smp_processor_id()), 0);
	KTEST_EXPECT_EQ(add_timer_on(&shot.timer, smp_processor_id()), -EBUSY);
	KTEST_EXPECT_EQ(timer_delete_sync(&shot.timer), 1);
	KTEST_EXPECT_EQ(timer_delete_sync(&shot.timer), 0);
	KTEST_EXPECT_EQ(atomic_load(&shot.fired), 0);
}

/* A timer that waits on another hart is taken here. */
KTEST(timer, moves_here)
{
	unsigned int cpu = nth_other_cpu(0), before;
	struct shot shot;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	before = timers_pending_on(cpu);
	shot_setup(&shot);
	shot.timer.expires = in_us(100000000);
	KTEST_EXPECT_EQ(add_timer_on(&shot.timer, cpu), 0);
	KTEST_EXPECT_EQ(timers_pending_on(cpu), before + 1);
	KTEST_EXPECT(mod_timer(&shot.timer, in_us(500)));
	KTEST_EXPECT_EQ(timers_pending_on(cpu), before);
	expect_fired(run, &shot, smp_processor_id());
}

/* From its own function it goes round all harts. */
static unsigned int hop_errors;

static void hop(struct timer_list *timer)
{
	struct shot *shot = container_of(timer, struct shot, timer);
	unsigned int next = cpumask_next(smp_processor_id(), cpu_online_mask);

	if (time_now() < timer->expires)
		hop_errors++;
	if (next >= nr_cpu_ids)
		next = cpumask_first(cpu_online_mask);
	if (shot->left && shot->left--) {
		timer->expires = time_now() + ns_to_ticks(50000);
		if (add_timer_on(timer, next))
			hop_errors++;
	}
	atomic_fetch_add(&shot->fired, 1);
}

KTEST(timer, hops)
{
	struct shot shot;

	shot_setup(&shot);
	timer_setup(&shot.timer, hop);
	shot.left = 20;
	hop_errors = 0;
	mod_timer(&shot.timer, in_us(50));
	KTEST_EXPECT(reaches(&shot.fired, 21));
	KTEST_EXPECT_EQ(timer_delete_sync(&shot.timer), 0);
	KTEST_EXPECT_EQ(atomic_load(&shot.fired), 21);
	KTEST_EXPECT_EQ(hop_errors, 0);
}
