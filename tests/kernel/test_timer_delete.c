/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers that are deleted, or freed, while their function runs. */
#include <errno.h>

#include "core/cpu.h"
#include "core/kmalloc.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "tests/kernel/timers.h"

/* A function that runs until it is let go. */
static _Atomic unsigned int stays;
static _Atomic bool leave;
static bool left;

static void stay(struct timer_list *timer)
{
	(void)timer;
	atomic_fetch_add(&stays, 1);
	spin_until(&leave);
	left = true;
}

static void let_it_leave(struct timer_list *timer)
{
	(void)timer;
	atomic_store(&leave, true);
}

KTEST(timer, delete_waits)
{
	unsigned int cpu = nth_other_cpu(0);
	struct timer_list timer, other;

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	atomic_store(&stays, 0);
	atomic_store(&leave, false);
	left = false;
	timer_setup(&timer, stay);
	timer_setup(&other, let_it_leave);
	timer.expires = in_us(10);
	KTEST_EXPECT_EQ(add_timer_on(&timer, cpu), 0);
	KTEST_EXPECT(reaches(&stays, 1));
	/* Idle, but it runs: armed from here it stays there. */
	KTEST_EXPECT(!timer_pending(&timer));
	KTEST_EXPECT(!timer_delete(&timer));
	KTEST_EXPECT(!mod_timer(&timer, in_us(100000000)));
	KTEST_EXPECT(!timer_armed_here(&timer));
	mod_timer(&other, in_us(2000));
	KTEST_EXPECT_EQ(timer_delete_sync(&timer), 1);
	KTEST_EXPECT(left);
	KTEST_EXPECT_EQ(atomic_load(&stays), 1);
	KTEST_EXPECT_EQ(timer_delete_sync(&other), 0);
}

static int own_delete;

static void delete_itself(struct timer_list *timer)
{
	mod_timer(timer, in_us(100000000));
	own_delete = timer_delete_sync(timer);
	atomic_fetch_add(&stays, 1);
}

KTEST(timer, delete_in_its_own_function)
{
	struct timer_list timer;
	int level = quiet_begin();

	atomic_store(&stays, 0);
	timer_setup(&timer, delete_itself);
	mod_timer(&timer, in_us(10));
	KTEST_EXPECT(reaches(&stays, 1));
	quiet_end(level);
	KTEST_EXPECT_EQ(own_delete, -EDEADLK);
	KTEST_EXPECT(logged("delete_itself", "would wait for itself", NULL));
	KTEST_EXPECT_EQ(timer_delete_sync(&timer), 0);
}

static void free_itself(struct timer_list *timer)
{
	kfree(container_of(timer, struct shot, timer));
	atomic_fetch_add(&stays, 1);
}

KTEST(timer, free_in_its_own_function)
{
	atomic_store(&stays, 0);
	for (unsigned int i = 1; i <= 10; i++) {
		struct shot *shot = kmalloc(sizeof(*shot));

		if (!KTEST_EXPECT(shot))
			return;
		timer_setup(&shot->timer, free_itself);
		mod_timer(&shot->timer, in_us(10));
		KTEST_EXPECT(reaches(&stays, i));
	}
}
