/* SPDX-License-Identifier: BSD-2-Clause */
/* params, version, uptime: what this boot is. */
#include <errno.h>

#include "core/param.h"
#include "core/time.h"
#include "shell/shell.h"
#include "version.h"

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

static int cmd_version(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return -EINVAL;
	printk_raw("Muster %s", MUSTER_VERSION);
#ifdef __clang__
	printk_raw("compiler %s", __VERSION__);
#else
	printk_raw("compiler gcc %s", __VERSION__);
#endif
	/* Make variables that change the build; none is the usual one. */
	printk_raw("built with %s", MUSTER_FLAGS[0] ? MUSTER_FLAGS : "no options");
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
