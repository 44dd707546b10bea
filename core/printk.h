/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel log: levelled messages in a ring of records, and result lines that are always shown.
 */
#ifndef CORE_PRINTK_H
#define CORE_PRINTK_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/compiler.h"

/* Severity, as in RFC 5424: the lower, the graver. */
#define LOG_EMERG   0
#define LOG_ALERT   1
#define LOG_CRIT    2
#define LOG_ERR	    3
#define LOG_WARNING 4
#define LOG_NOTICE  5
#define LOG_INFO    6
#define LOG_DEBUG   7

/* Longest text of one record in bytes; a longer one is cut and ends in "...". */
#define LOG_TEXT_MAX 480

/*
 * Stores one message, and shows it on the console if its level is below the console level
 * (LOG_EMERG always is). A newline at the end is optional; text with newlines inside stays one
 * record and is shown as lines that nothing comes between. Shown as
 *
 *   [    0.012345] cpu1: warning: text
 *
 * with seconds since the platform's reset, the cpu that logged it, and a word for LOG_ALERT to
 * LOG_WARNING. Any context, any hart, from the first C function on (tp must be valid), in
 * interrupts and in panic. When another hart is at the console, that one shows it.
 */
void printk(int level, const char *fmt, ...) __printf(2, 3);
void vprintk(int level, const char *fmt, va_list args) __printf(2, 0);

/*
 * A result line (KTAP, BENCH, STATS, "muster: ...", what a command prints): no prefix, shown
 * whatever the console level is, after all that this hart logged before it. It is on the console
 * when this returns, unless this hart was interrupted while it held the console, or another has
 * held it too long: then it goes into the ring and follows. Newlines as in printk; not in the log
 * once shown directly. Any context; may wait for other harts' lines.
 */
void printk_raw(const char *fmt, ...) __printf(1, 2);
void vprintk_raw(const char *fmt, va_list args) __printf(1, 0);

/* A file may define pr_fmt before its first include to give its messages a common prefix. */
#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif

#define pr_emerg(fmt, ...)  printk(LOG_EMERG, pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err(fmt, ...)    printk(LOG_ERR, pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)   printk(LOG_WARNING, pr_fmt(fmt), ##__VA_ARGS__)
#define pr_notice(fmt, ...) printk(LOG_NOTICE, pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)   printk(LOG_INFO, pr_fmt(fmt), ##__VA_ARGS__)
#define pr_debug(fmt, ...)  printk(LOG_DEBUG, pr_fmt(fmt), ##__VA_ARGS__)

/*
 * Limits a message to burst in interval_ms; how many were held back is logged with the next one
 * that passes. State is per call site. For interrupt handlers and anything a device can provoke.
 */
struct ratelimit {
	uint64_t interval_ms;
	unsigned int burst;
	_Atomic uint64_t window; /* ticks when the window opened, 0 before the first */
	_Atomic unsigned int passed;
	_Atomic unsigned int held;
};

#define RATELIMIT_INIT(ms, n) {.interval_ms = (ms), .burst = (n)}

/* True if the message may pass; *held then says how many did not since the last that did. Any
 * context. */
bool ratelimit_pass(struct ratelimit *rl, unsigned int *held);

#define printk_ratelimited(level, fmt, ...)                                                \
	do {                                                                               \
		static struct ratelimit __rl = RATELIMIT_INIT(5000, 10);                   \
		unsigned int __held;                                                       \
		if (ratelimit_pass(&__rl, &__held)) {                                      \
			if (__held)                                                        \
				printk(LOG_WARNING, "%s: %u messages held back", __func__, \
				       __held);                                            \
			printk(level, pr_fmt(fmt), ##__VA_ARGS__);                         \
		}                                                                          \
	} while (0)

#define pr_err_ratelimited(fmt, ...)  printk_ratelimited(LOG_ERR, fmt, ##__VA_ARGS__)
#define pr_warn_ratelimited(fmt, ...) printk_ratelimited(LOG_WARNING, fmt, ##__VA_ARGS__)

/* A stored message as a reader sees it. */
struct log_record {
	uint64_t seq;	/* counts all records since boot, from 0 */
	uint64_t ticks; /* time CSR when it was logged */
	unsigned int cpu;
	int level;
	bool raw; /* a result line: level has no meaning, no prefix */
	size_t len;
};

/*
 * Iterates the log from the oldest record while others write; a zeroed reader stands before the
 * oldest. lost counts the records that were overwritten before this reader came to them.
 */
struct log_reader {
	uint64_t pos;
	uint64_t seq;
	uint64_t lost;
};

/* Copies the next record; text has room for LOG_TEXT_MAX + 1 bytes and ends in NUL. False at the
 * end. Any context. */
bool log_read(struct log_reader *reader, struct log_record *rec, char *text);

/* Longest prefix that log_prefix makes, with the NUL. */
#define LOG_PREFIX_MAX 64

/* Writes the prefix of a shown line; returns its length, 0 for a result line. */
size_t log_prefix(const struct log_record *rec, char buf[LOG_PREFIX_MAX]);

/*
 * Messages below this level are shown; 0 shows LOG_EMERG and results only, 8 all. Set by loglevel=
 * and quiet. log_set_console_level does not bring back what was passed over. Any context.
 */
#define LOG_CONSOLE_DEFAULT 7
int log_console_level(void);
void log_set_console_level(int level);

/*
 * Word for a level ("error"), and the level of a word, of its unique beginning ("err"), or of a
 * digit 0..7, or -EINVAL.
 */
const char *log_level_name(int level);
int log_level_parse(const char *text);

#endif
