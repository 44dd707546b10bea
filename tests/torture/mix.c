/* SPDX-License-Identifier: BSD-2-Clause */
/* Parameters of the torture: how long it lasts, and what goes on beside calls. */
#include <string.h>

#include "core/cpu.h"
#include "core/param.h"
#include "sbi/base.h"
#include "sbi/sbi.h"
#include "tests/list.h"
#include "tests/torture/internal.h"
#include "tests/torture/torture.h"

struct torture_limits torture_wanted;
PARAM_UINT("torture", torture_wanted.seconds, 1, 10000000,
	   "seconds of all kinds of calls at once; then power off");
PARAM_UINT("torture_ops", torture_wanted.ops, 1, UINT64_MAX,
	   "operations of each hart at which torture= ends early");

PARAM_UINT("torture_cycles", torture_wanted.cycles, 1, 10000000,
	   "harts go off and on in turn, not at random, with a look for leaks each time; after so "
	   "many torture= ends early, and fails if it comes to fewer");

bool torture_close;
PARAM_BOOL("torture_close", torture_close,
	   "in torture harts close their queues for moments, as if they went down");

static const char *const mix_names[MIXES] = {
	[MIX_TIMERS] = "timers",   [MIX_WAKES] = "wakes",   [MIX_HOTPLUG] = "hotplug",
	[MIX_FAIL] = "fail",	   [MIX_FREEZE] = "freeze", [MIX_PARK] = "park",
	[MIX_SMPBOOT] = "smpboot", [MIX_STOP] = "stop",	    [MIX_WORKS] = "works",
};

static char mix_wanted[80] = "all";

static bool is_mix(const char *word, size_t len)
{
	if (len == 5 && !strncmp(word, "calls", len))
		return true;
	for (unsigned int kind = 0; kind < MIXES; kind++) {
		if (strlen(mix_names[kind]) == len && !strncmp(mix_names[kind], word, len))
			return true;
	}
	return false;
}

PARAM_STRING("torture_mix", mix_wanted,
	     "all, or what goes on beside calls: calls (nothing), timers, wakes, hotplug, fail, "
	     "freeze, park, smpboot, stop, works");

unsigned int torture_mix_unknown(void)
{
	return list_unknown(mix_wanted, is_mix, "part of torture");
}

struct torture_limits torture_limits;

uint64_t torture_turns(void)
{
	return torture_limits.cycles;
}

bool torture_mixes(enum torture_mix kind)
{
	/*
	 * One hart has nowhere to go; and one that closes its queue breaks what rests on hotplug.
	 */
	if ((kind == MIX_HOTPLUG || kind == MIX_FREEZE) &&
	    (nr_cpu_ids == 1 || !sbi_probe(SBI_EXT_HSM)))
		return false;
	/*
	 * In turn, each hart and all the way; and memory that comes and goes with threads would
	 * hide a leak.
	 */
	if (torture_turns() &&
	    (kind == MIX_FAIL || kind == MIX_FREEZE || kind == MIX_SMPBOOT || kind == MIX_WORKS))
		return false;
	return !torture_close && list_has(mix_wanted, mix_names[kind]);
}
