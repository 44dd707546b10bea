/* SPDX-License-Identifier: BSD-2-Clause */
/* trace: what calls did on their way, as lines that scripts/trace makes a picture of. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "arch/riscv/processor.h"
#include "core/symbols.h"
#include "ipi/trace.h"
#include "shell/shell.h"

static void print_record(const struct trace_record *r)
{
	char target[24] = "", func[SYMBOL_TEXT_MAX], text[SYMBOL_TEXT_MAX + 8] = "";

	if (r->event == TRACE_SEND || r->event == TRACE_QUEUE)
		snprintf(target, sizeof(target), " target=%u", r->target);
	if (r->func) {
		symbol_lookup((unsigned long)r->func, func, sizeof(func));
		func[strcspn(func, "+")] = '\0';
		snprintf(text, sizeof(text), " func=%s", func);
	}
	printk_raw("TRACE %s=%lu cpu=%u event=%s%s%s", deterministic ? "insn" : "ns", r->time,
		   r->cpu, trace_event_name(r->event), target, text);
}

static int cmd_trace(int argc, char **argv)
{
	unsigned long n = 0;

	if (argc == 2 && !strcmp(argv[1], "on"))
		return trace_switch(true);
	if (argc == 2 && !strcmp(argv[1], "off"))
		return trace_switch(false);
	if (argc == 1 || argc > 3)
		return -EINVAL;
	if (strcmp(argv[1], "show"))
		return shell_bad(argv[0], argv[1], "is not on, off or show");
	if (argc == 3 && shell_number(argv[0], argv[2], UINT_MAX, &n))
		return -EINVAL;
	if (argc == 3 && !n)
		return shell_bad(argv[0], argv[2], "events are none");
	if (!trace_for_each((unsigned int)n, print_record))
		printk_raw("trace: nothing recorded");
	return 0;
}

static const char *complete_trace(size_t index)
{
	static const char *const words[] = {"on", "off", "show"};

	return index < ARRAY_SIZE(words) ? words[index] : NULL;
}
SHELL_COMMAND_COMPLETE(trace, "on | off | show [n]",
		       "records calls on their way; show: the last n events", cmd_trace,
		       complete_trace);
