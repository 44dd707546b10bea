/* SPDX-License-Identifier: BSD-2-Clause */
/* Words that name cpus. */
#ifndef SHELL_CPU_ARG_H
#define SHELL_CPU_ARG_H

#include <limits.h>

#define CPU_ARG_ALL UINT_MAX

/*
 * The cpu that a word names, which is online, or CPU_ARG_ALL for "all": 0, or -EINVAL after a message that begins with the
 * command's name. Hart context.
 */
int cpu_arg(const char *command, const char *word, unsigned int *cpu);

#endif
