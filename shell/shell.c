/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop that reads lines at the prompt, and what runs them. */
#include "shell/shell.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/riscv/irqflags.h"
#include "core/console.h"
#include "core/init.h"
#include "core/param.h"
#include "shell/line.h"

TABLE_DECLARE(struct shell_command, shell_commands);

static unsigned int columns = 80;
PARAM_UINT("columns", columns, 20, 240, "width of the terminal that the prompt is typed on");

static const struct shell_command *find_command(const char *name, size_t len)
{
	TABLE_FOREACH (struct shell_command, cmd, shell_commands) {
		if (!strncmp(cmd->name, name, len) && !cmd->name[len])
			return cmd;
	}
	return NULL;
}

int shell_split(char *text, char **argv)
{
	char *in = text, *out = text;
	int argc = 0;

	for (;;) {
		char quote = '\0';

		while (*in == ' ' || *in == '\t')
			in++;
		if (!*in)
			break;
		if (argc == SHELL_ARGS_MAX)
			return -E2BIG;
		argv[argc++] = out;
		while (*in && (quote || (*in != ' ' && *in != '\t'))) {
			char c = *in++;

			if (c == '\\' && quote != '\'' && *in)
				*out++ = *in++;
			else if (c == quote)
				quote = '\0';
			else if (!quote && (c == '"' || c == '\''))
				quote = c;
			else
				*out++ = c;
		}
		if (quote)
			return -EINVAL;
		/*
		 * The word may end where the next one begins to be read: step over the blank before
		 * it is overwritten.
		 */
		if (*in)
			in++;
		*out++ = '\0';
	}
	argv[argc] = NULL;
	return argc;
}

int shell_bad(const char *command, const char *word, const char *reason)
{
	printk_raw("%s: '%s' %s", command, word, reason);
	return -EINVAL;
}

int shell_number(const char *command, const char *word, unsigned long max, unsigned long *value)
{
	char reason[64], *end;
	unsigned long n;

	/* strtoul would take a sign, blanks and octal. */
	if (word[0] >= '0' && word[0] <= '9') {
		bool hex = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');

		errno = 0;
		n = strtoul(word, &end, hex ? 16 : 10);
		if (!*end && !errno && n <= max) {
			*value = n;
			return 0;
		}
	}
	snprintf(reason, sizeof(reason), "is not a number up to %lu", max);
	return shell_bad(command, word, reason);
}

int shell_run(char *text)
{
	char *argv[SHELL_ARGS_MAX + 1];
	int argc = shell_split(text, argv);
	const struct shell_command *cmd;
	int err;

	if (argc == 0)
		return 0;
	if (argc < 0) {
		printk_raw(argc == -E2BIG ? "more than %d words" : "a quote is not closed",
			   SHELL_ARGS_MAX);
		return argc;
	}
	cmd = find_command(argv[0], strlen(argv[0]));
	if (!cmd) {
		printk_raw("%s: no such command; try help", argv[0]);
		return -ENOENT;
	}
	err = cmd->run(argc, argv);
	if (err == -EINVAL)
		printk_raw("usage: %s%s%s", cmd->name, cmd->args[0] ? " " : "", cmd->args);
	else if (err)
		printk_raw("%s: failed, error %d", cmd->name, err);
	return err;
}

static void show_row(void *arg, const struct console_line *row)
{
	(void)arg;
	console_prompt_set(row);
}

static void send_control(void *arg, const char *sequence, bool redraw)
{
	(void)arg;
	console_control(sequence, redraw);
}

static void print_line(void *arg, const char *text)
{
	(void)arg;
	printk_raw("%s", text);
}

/*
 * The first word is a command, the second what that command says; help is followed by a command,
 * too.
 */
static const char *candidate(void *arg, const char *text, size_t start, size_t index)
{
	const struct shell_command *cmd;
	size_t begin = 0, len;

	(void)arg;
	while (text[begin] == ' ')
		begin++;
	if (start <= begin)
		return index < TABLE_COUNT(shell_commands)
			       ? __table_shell_commands_start[index].name
			       : NULL;
	len = strcspn(text + begin, " ");
	/* Only blanks may stand between the command and the word. */
	if (begin + len + strspn(text + begin + len, " ") < start)
		return NULL;
	cmd = find_command(text + begin, len);
	return cmd && cmd->complete ? cmd->complete(index) : NULL;
}

static const struct line_ops line_ops = {
	.show = show_row,
	.control = send_control,
	.print = print_line,
	.candidate = candidate,
};

/* One line from the keyboard into a command, or nothing. */
static enum line_event read_line(struct line *l)
{
	enum line_event event;

	line_start(l);
	do {
		event = line_input(l, (unsigned char)console_getc(UINT64_MAX));
	} while (event == LINE_MORE);
	console_prompt_end();
	return event;
}

void shell_main(void)
{
	static struct line l;

	line_init(&l, &line_ops, NULL, "muster> ", columns);
	for (;;) {
		enum line_event event = read_line(&l);

		if (event == LINE_END)
			printk_raw("poweroff ends the session");
		if (event != LINE_DONE)
			continue;
		line_remember(&l, line_text(&l));
		shell_run(line_text(&l));
	}
}

static int start_shell(void)
{
	local_irq_enable();
	printk_raw("Type help for the commands.");
	shell_main();
	return 0;
}
INITCALL_LAST(INIT_MAIN, start_shell);

static const char *complete_command(size_t index)
{
	return index < TABLE_COUNT(shell_commands) ? __table_shell_commands_start[index].name
						   : NULL;
}

static int cmd_help(int argc, char **argv)
{
	const struct shell_command *cmd;

	if (argc > 2)
		return -EINVAL;
	if (argc == 1) {
		TABLE_FOREACH (struct shell_command, c, shell_commands)
			printk_raw("%-9s %-22s %s", c->name, c->args, c->help);
		return 0;
	}
	cmd = find_command(argv[1], strlen(argv[1]));
	if (!cmd)
		return shell_bad("help", argv[1], "is not a command");
	printk_raw("%s%s%s", cmd->name, cmd->args[0] ? " " : "", cmd->args);
	printk_raw("  %s", cmd->help);
	return 0;
}
SHELL_COMMAND_COMPLETE(help, "[command]", "what there is to type, or about one command", cmd_help,
		       complete_command);
