/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who waits for keys sleeps as a thread, on whatever hart, whichever hart takes the console's
 * interrupt.
 */
#include "core/console.h"
#include "core/init.h"
#include "core/time.h"
#include "threads/wait.h"

static DECLARE_WAIT_QUEUE_HEAD(keys_wait);

static bool sleep_for_keys(bool (*cond)(void *), void *arg, uint64_t deadline)
{
	uint64_t now = time_now();

	if (deadline <= now)
		return cond(arg);
	/* No deadline, no timer. */
	return wait_event_idle_timeout(keys_wait, cond(arg),
				       deadline == UINT64_MAX ? MAX_SCHEDULE_TIMEOUT
							      : deadline - now);
}

static void keys_come(void)
{
	wake_up(&keys_wait);
}

static int keys_init(void)
{
	console_input_wait = sleep_for_keys;
	console_input_wake = keys_come;
	return 0;
}
INITCALL(INIT_THREADS, keys_init);
