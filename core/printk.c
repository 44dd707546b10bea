/* SPDX-License-Identifier: BSD-2-Clause */
/* From printf arguments to records of the log, and back to text. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/console.h"
#include "core/logring.h"
#include "core/param.h"
#include "core/time.h"

/* Set when parameters are parsed, on one hart, and by log_set_console_level. */
static _Atomic unsigned int console_level = LOG_CONSOLE_DEFAULT;

PARAM_UINT("loglevel", console_level, 0, 8, "show messages below this level (8: all)");

static int parse_quiet(const char *value)
{
	if (value && strcmp(value, "1"))
		return -EINVAL;
	atomic_store_explicit(&console_level, 0, memory_order_relaxed);
	return 0;
}
PARAM_FUNC("quiet", parse_quiet, "show results only: the same as loglevel=0");

static const char *const level_names[] = {
	[LOG_EMERG] = "emerg", [LOG_ALERT] = "alert",	  [LOG_CRIT] = "critical",
	[LOG_ERR] = "error",   [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",   [LOG_DEBUG] = "debug",
};

/* One line's text without its newline; a text that is too long says so at its end. */
static size_t format_text(union log_text *text, const char *fmt, va_list args)
{
	int n = vsnprintf(text->c, LOG_TEXT_MAX + 1, fmt, args);
	size_t len = n < 0 ? 0 : (size_t)n;

	if (len > LOG_TEXT_MAX) {
		len = LOG_TEXT_MAX;
		memcpy(text->c + len - 3, "...", 3);
	}
	if (len && text->c[len - 1] == '\n')
		len--;
	return len;
}

void vprintk(int level, const char *fmt, va_list args)
{
	union log_text text;
	size_t len = format_text(&text, fmt, args);

	if (logring_write(level & 7, false, &text, len))
		console_drain();
}

void printk(int level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintk(level, fmt, args);
	va_end(args);
}

void vprintk_raw(const char *fmt, va_list args)
{
	union log_text text;
	size_t len = format_text(&text, fmt, args);

	if (console_write_line(&text, len))
		return;
	logring_write(LOG_EMERG, true, &text, len);
	console_drain();
}

void printk_raw(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintk_raw(fmt, args);
	va_end(args);
}

bool log_read(struct log_reader *reader, struct log_record *rec, char *text)
{
	union log_text copy;

	if (!logring_next(reader, rec, &copy))
		return false;
	memcpy(text, copy.c, rec->len);
	text[rec->len] = '\0';
	return true;
}

size_t log_prefix(const struct log_record *rec, char buf[LOG_PREFIX_MAX])
{
	uint64_t us = ticks_to_ns(rec->ticks) / 1000;
	int n;

	buf[0] = '\0';
	if (rec->raw)
		return 0;
	/* Before the device tree is read nobody knows what a tick is. */
	if (timebase_hz > 1)
		n = snprintf(buf, LOG_PREFIX_MAX,
			     "[%5lu.%06lu] cpu%u: ", (unsigned long)(us / 1000000),
			     (unsigned long)(us % 1000000), rec->cpu);
	else
		n = snprintf(buf, LOG_PREFIX_MAX, "[    -.------] cpu%u: ", rec->cpu);
	/* What is at LOG_EMERG begins with its own word, and is long enough. */
	if (rec->level > LOG_EMERG && rec->level <= LOG_WARNING)
		n += snprintf(buf + n, LOG_PREFIX_MAX - (size_t)n, "%s: ", level_names[rec->level]);
	return (size_t)n;
}

int log_console_level(void)
{
	return (int)atomic_load_explicit(&console_level, memory_order_relaxed);
}

void log_set_console_level(int level)
{
	logring_take_all();
	atomic_store_explicit(&console_level, (unsigned int)level, memory_order_relaxed);
}

const char *log_level_name(int level)
{
	return level_names[level & 7];
}

int log_level_parse(const char *text)
{
	int found = -EINVAL;
	size_t len = strlen(text);

	if (len == 1 && text[0] >= '0' && text[0] <= '7')
		return text[0] - '0';
	for (int i = LOG_EMERG; i <= LOG_DEBUG; i++) {
		if (!len || strncmp(text, level_names[i], len))
			continue;
		if (found >= 0)
			return -EINVAL;
		found = i;
	}
	return found;
}

/*
 * The window word changes by compare-exchange, so one caller opens the next window and takes over
 * the count. A caller that is counted into the old window at that moment only makes the limit
 * inexact by one.
 */
bool ratelimit_pass(struct ratelimit *rl, unsigned int *held)
{
	uint64_t now = time_now();
	uint64_t window = atomic_load_explicit(&rl->window, memory_order_relaxed);

	*held = 0;
	if (!window || now - window >= ns_to_ticks(rl->interval_ms * 1000000)) {
		if (atomic_compare_exchange_strong_explicit(&rl->window, &window, now ? now : 1,
							    memory_order_relaxed,
							    memory_order_relaxed)) {
			*held = atomic_exchange_explicit(&rl->held, 0, memory_order_relaxed);
			atomic_store_explicit(&rl->passed, 1, memory_order_relaxed);
			return rl->burst > 0;
		}
	}
	if (atomic_fetch_add_explicit(&rl->passed, 1, memory_order_relaxed) < rl->burst)
		return true;
	atomic_fetch_add_explicit(&rl->held, 1, memory_order_relaxed);
	return false;
}
