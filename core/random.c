/* SPDX-License-Identifier: BSD-2-Clause */
/* The seed of this boot, and the turns that it shapes. */
#include "core/random.h"

#include <errno.h>
#include <stdlib.h>

#include "arch/riscv/hart.h"
#include "arch/riscv/processor.h"
#include "core/hotplug.h"
#include "core/init.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/timer.h"

uint64_t random_seed;
bool seed_given;

static int parse_seed(const char *value)
{
	char *end;

	if (!value || value[0] < '0' || value[0] > '9')
		return -EINVAL;
	errno = 0;
	random_seed = strtoull(value, &end, 0);
	if (*end || errno)
		return -EINVAL;
	seed_given = true;
	return 0;
}
PARAM_FUNC("seed", parse_seed,
	   "number that random tests start from; deterministic: also the schedule's");

/* Every hart's timer ends turns, its own or that of whoever runs then. */
static int start_turns(unsigned int cpu)
{
	(void)cpu;
	if (random_turns)
		timers_reprogram();
	return 0;
}
CPUHP_ROW(CPUHP_AP_TURNS_STARTING, "turns:starting", start_turns, NULL);

static int random_init(void)
{
	if (!seed_given || !deterministic)
		return 0;
	if (!have_sstc) {
		pr_warn("parameter seed: without Sstc it shapes no schedule");
		return 0;
	}
	random_turns_start(random_mix(random_seed));
	start_turns(0);
	return 0;
}
INITCALL(INIT_IPI, random_init);
