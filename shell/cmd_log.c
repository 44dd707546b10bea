/* SPDX-License-Identifier: BSD-2-Clause */
/* dmesg: the log, read again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/shell.h"

static int option_level(const char *command, const char *word, int *level)
{
	int parsed = log_level_parse(word);

	if (parsed < 0)
		return shell_bad(command, word, "is not a level: 0 to 7, or emerg to debug");
	*level = parsed;
	return 0;
}

/* Text of one record, each line behind the prefix, as the console would show it. */
static void print_record(const struct log_record *rec, char *text)
{
	char prefix[LOG_PREFIX_MAX];

	log_prefix(rec, prefix);
	for (char *line = text, *end; line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		printk_raw("%s%s", prefix, line);
	}
}

/*
 * Stops at the record that was the newest when it began: what this very command provokes (a
 * driver's message on each interrupt) would keep it going for ever.
 */
static void print_log(int level)
{
	struct log_reader reader = {0}, end = {0};
	struct log_record rec;
	char text[LOG_TEXT_MAX + 1];
	uint64_t lost = 0;

	while (log_read(&end, &rec, text))
		;
	while (reader.seq < end.seq && log_read(&reader, &rec, text)) {
		if (reader.lost != lost) {
			printk_raw("(%lu older records were overwritten)",
				   (unsigned long)(reader.lost - lost));
			lost = reader.lost;
		}
		if (rec.raw || rec.level <= level)
			print_record(&rec, text);
	}
}

static int cmd_dmesg(int argc, char **argv)
{
	int level = LOG_DEBUG;
	unsigned long console_level;

	if (argc == 1) {
		print_log(level);
		return 0;
	}
	if (argc != 3)
		return -EINVAL;
	if (!strcmp(argv[1], "-l")) {
		if (option_level(argv[0], argv[2], &level))
			return -EINVAL;
		print_log(level);
		return 0;
	}
	if (!strcmp(argv[1], "-n")) {
		if (shell_number(argv[0], argv[2], LOG_DEBUG + 1, &console_level))
			return -EINVAL;
		log_set_console_level((int)console_level);
		return 0;
	}
	return shell_bad(argv[0], argv[1], "is not an option");
}
SHELL_COMMAND(dmesg, "[-l level | -n level]",
	      "the log; -l: that grave or graver; -n: console level", cmd_dmesg);
