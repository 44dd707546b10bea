/* SPDX-License-Identifier: BSD-2-Clause */
/* sleep: waits, for scripts that type faster than what they wait for happens. */
#include <errno.h>
#include <stdint.h>

#include "core/console.h"
#include "core/time.h"
#include "shell/shell.h"

#define SECONDS_MAX 100000

/* "2", "0.25": milliseconds, or -EINVAL. */
static int64_t parse_seconds(const char *word)
{
	int64_t ms = 0, digit_ms = 100;

	if (*word < '0' || *word > '9')
		return -EINVAL;
	for (; *word >= '0' && *word <= '9'; word++) {
		ms = ms * 10 + (*word - '0') * 1000;
		if (ms > SECONDS_MAX * 1000L)
			return -EINVAL;
	}
	if (*word == '.') {
		for (word++; digit_ms && *word >= '0' && *word <= '9'; word++, digit_ms /= 10)
			ms += (*word - '0') * digit_ms;
	}
	return *word || ms > SECONDS_MAX * 1000L ? -EINVAL : ms;
}

static int cmd_sleep(int argc, char **argv)
{
	int64_t ms;

	if (argc != 2)
		return -EINVAL;
	ms = parse_seconds(argv[1]);
	if (ms < 0)
		return shell_bad(argv[0], argv[1],
				 "is not a time up to 100000 s, in steps of 0.001");
	if (console_wait_break(deadline_ms((uint64_t)ms)))
		printk_raw("sleep: ended by ctrl-c");
	return 0;
}
SHELL_COMMAND(sleep, "<seconds>", "waits, 0.5 for half a second; ctrl-c ends it", cmd_sleep);
