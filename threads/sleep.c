/* SPDX-License-Identifier: BSD-2-Clause */
/* Sleeping for a time. */
#include "core/time.h"
#include "threads/internal.h"

struct sleep_timer {
	struct timer_list timer;
	struct task_struct *task;
};

static void sleep_over(struct timer_list *timer)
{
	wake_up_process(container_of(timer, struct sleep_timer, timer)->task);
}

uint64_t schedule_timeout(uint64_t ticks)
{
	struct sleep_timer sleep = {.task = current};
	uint64_t now = time_now(), end = now + ticks;

	if (ticks == MAX_SCHEDULE_TIMEOUT || end < now) {
		schedule();
		return ticks;
	}
	timer_setup(&sleep.timer, sleep_over);
	mod_timer(&sleep.timer, end);
	schedule();
	timer_delete_sync(&sleep.timer);
	now = time_now();
	return now < end ? end - now : 0;
}

void usleep(uint64_t us)
{
	uint64_t left = ns_to_ticks(us * 1000) + 1;

	while (left) {
		__set_current_state(TASK_INTERRUPTIBLE);
		left = schedule_timeout(left);
	}
}

void msleep(unsigned int ms)
{
	usleep(ms * 1000UL);
}
