/* SPDX-License-Identifier: BSD-2-Clause */
/* params, version, uptime: what this boot is. */
#include <errno.h>

#include "core/param.h"
#include "core/time.h"
#include "shell/shell.h"

static void print_param(const struct param *p, const char *value, void *arg)
{
	(void)arg;
	printk_raw("%-16s %-20s %s", p->name, value, p->help);
}

static int cmd_params(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return -EINVAL;
	params_for_each(print_param, NULL);
	return 0;
}
SHELL_COMMAND(params, "", "kernel parameters with their present values", cmd_params);

/* The Makefile gives both; a build without it (the host's tests) has neither. */
#ifndef BUILD_VERSION
#define BUILD_VERSION "unknown"
#endif
#ifndef BUILD_FLAGS
#define BUILD_FLAGS "unknown"
#endif

static int cmd_version(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return -EINVAL;
	printk_raw("Muster %s", BUILD_VERSION);
#ifdef __clang__
	printk_raw("compiler %s", __VERSION__);
#else
	printk_raw("compiler gcc %s", __VERSION__);
#endif
	printk_raw("flags %s", BUILD_FLAGS);
	return 0;
}
SHELL_COMMAND(version, "", "version, compiler and flags of this build", cmd_version);

static int cmd_uptime(int argc, char **argv)
{
	uint64_t ms = time_now_ns() / 1000000;

	(void)argv;
	if (argc > 1)
		return -EINVAL;
	printk_raw("%lu.%03lu s since reset", (unsigned long)(ms / 1000),
		   (unsigned long)(ms % 1000));
	return 0;
}
SHELL_COMMAND(uptime, "", "time since the platform's reset", cmd_uptime);
