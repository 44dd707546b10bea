/* SPDX-License-Identifier: BSD-2-Clause */
/* The prompt: commands are rows of a table, one line each; the linker sorts it by name. */
#ifndef SHELL_SHELL_H
#define SHELL_SHELL_H

#include <stddef.h>

#include "core/printk.h"
#include "core/table.h"

struct shell_command {
	const char *name;
	const char *args; /* "<cpu> [n]", "" if none: for help and for usage messages */
	const char *help; /* one line */
	/*
	 * argv[0] is the name; argv[argc] is NULL. Returns 0 or a negative errno: -EINVAL makes the
	 * shell print the usage, any other is printed with the command's name. Hart context,
	 * interrupts on. Prints by printk_raw.
	 */
	int (*run)(int argc, char **argv);
	/*
	 * Completion of the first argument: the index-th word that may stand there, NULL at the
	 * end. Or NULL. Hart context.
	 */
	const char *(*complete)(size_t index);
};

#define SHELL_COMMAND(cmd, arguments, text, fn) \
	SHELL_COMMAND_COMPLETE(cmd, arguments, text, fn, NULL)
#define SHELL_COMMAND_COMPLETE(cmd, arguments, text, fn, completer)                              \
	static const struct shell_command shell_command_##cmd TABLE_ENTRY_SORTED(shell_commands, \
										 cmd)            \
		__aligned(_Alignof(struct shell_command)) = {.name = #cmd,                       \
							     .args = (arguments),                \
							     .help = (text),                     \
							     .run = (fn),                        \
							     .complete = (completer)}

#define SHELL_ARGS_MAX 16

/*
 * Splits text in place into words: blanks separate, '...' and "..." keep blanks, a backslash keeps
 * the next character (not within '...'). Returns the count; argv has room for SHELL_ARGS_MAX + 1
 * and ends in NULL. -EINVAL: a quote is not closed; -E2BIG: too many words.
 */
int shell_split(char *text, char **argv);

/* Runs one line as if typed: 0, what the command returned, or -ENOENT for an unknown one; failures
 * are printed. */
int shell_run(char *text);

/*
 * A number of an argument, decimal or 0x, that fills the whole word and is at most max: 0, or
 * -EINVAL after printing "command: 'word' is not a number up to max".
 */
int shell_number(const char *command, const char *word, unsigned long max, unsigned long *value);

/* Prints "command: 'word' reason"; returns -EINVAL. */
int shell_bad(const char *command, const char *word, const char *reason);

/* Reads lines and runs them, for ever. Boot hart, interrupts on. */
void shell_main(void);

#endif
