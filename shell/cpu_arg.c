/* SPDX-License-Identifier: BSD-2-Clause */
/* Words that name cpus: one, all, or a list. */
#include "shell/cpu_arg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/cpu.h"
#include "core/idlist.h"
#include "shell/shell.h"

int cpu_arg(const char *command, const char *word, unsigned int *cpu)
{
	unsigned long n;

	if (!strcmp(word, "all")) {
		*cpu = CPU_ARG_ALL;
		return 0;
	}
	if (word[0] < '0' || word[0] > '9')
		return shell_bad(command, word, "is neither a cpu nor 'all'");
	if (shell_number(command, word, nr_cpu_ids - 1, &n))
		return -EINVAL;
	*cpu = (unsigned int)n;
	if (!cpumask_test_cpu(*cpu, cpu_online_mask))
		return shell_bad(command, word, "is not online");
	return 0;
}

static int add_cpus(uint64_t first, uint64_t last, void *mask)
{
	if (last >= nr_cpu_ids)
		return -ENODEV;
	for (uint64_t cpu = first; cpu <= last; cpu++)
		cpumask_set_cpu((unsigned int)cpu, mask);
	return 0;
}

int cpu_list_arg(const char *command, const char *word, struct cpumask *mask)
{
	char reason[64];
	size_t where;
	int err = idlist_parse(word, add_cpus, mask, &where);

	if (!err)
		return 0;
	if (err == -ENODEV) {
		snprintf(reason, sizeof(reason), "names a cpu that is not there, the last is %u",
			 nr_cpu_ids - 1);
		shell_bad(command, word, reason);
		return -ENODEV;
	}
	snprintf(reason, sizeof(reason), "is no list of cpus like 1,3-5, from '%.8s' on",
		 word + where);
	return shell_bad(command, word, reason);
}
