/* SPDX-License-Identifier: BSD-2-Clause */
/* Words that name cpus. */
#ifndef SHELL_CPU_ARG_H
#define SHELL_CPU_ARG_H

#include <limits.h>

#include "core/cpumask.h"

#define CPU_ARG_ALL UINT_MAX

/*
 * The cpu that a word names, which is online, or CPU_ARG_ALL for "all": 0, or -EINVAL after a
 * message that begins with the command's name. Hart context.
 */
int cpu_arg(const char *command, const char *word, unsigned int *cpu);

/*
 * Sets the cpus of a list like 1,3-5 in mask, which the caller has emptied; they need not be
 * online. 0, or after a message that begins with the command's name -EINVAL: no such list; -ENODEV:
 * it names a cpu that is not there. Hart context.
 */
int cpu_list_arg(const char *command, const char *word, struct cpumask *mask);

#endif
