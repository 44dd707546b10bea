/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring that holds the log; what printk.c, which fills it, and console.c, which shows it, share.
 */
#ifndef CORE_LOGRING_H
#define CORE_LOGRING_H

#include "core/printk.h"

/* Text as it goes in and out: whole words, so that it is copied in words. */
union log_text {
	char c[LOG_TEXT_MAX + 8];
	uint64_t words[(LOG_TEXT_MAX + 8) / 8];
};

#define LOGRING_SIZE 32768UL /* power of two */

/*
 * Appends a record, over the oldest ones if there is no room; len at most LOG_TEXT_MAX. True if the
 * console is to show it: only then does logring_due() move. Any context.
 */
bool logring_write(int level, bool raw, const union log_text *text, size_t len);

/* log_read without the NUL. Any context. */
bool logring_next(struct log_reader *reader, struct log_record *rec, union log_text *text);

/*
 * The console's own reader: the next record that is to be shown by the console level of now; what
 * is passed over or returned counts as shown. *lost grows by the records that were due and
 * overwritten since the last call. One caller at a time (the console lock).
 */
bool logring_take(struct log_record *rec, union log_text *text, uint64_t *lost);

/* Counts all that is stored by now as shown. Any context. */
void logring_take_all(void);

/* How far the console's reader is. Any context; sequentially consistent with logring_due(). */
uint64_t logring_taken(void);

/*
 * Position behind the last record that the console is to show: before it the console has work. Any
 * context.
 */
uint64_t logring_due(void);

/* Position where the next record will begin. Any context. */
uint64_t logring_end(void);

/*
 * console.c, for printk.c: writes one record's text as a result line, behind all that is due by
 * now. False if the console cannot be had (there is none yet, this hart was interrupted inside it,
 * another is stuck in it): the caller stores it.
 */
bool console_write_line(const union log_text *text, size_t len);

#endif
