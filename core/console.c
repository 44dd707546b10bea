/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console: one hart at a time carries whole lines from the log to the device, around the
 * prompt.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/console.h"
#include "core/cpu.h"
#include "core/logring.h"
#include "core/panic.h"
#include "core/time.h"

/*
 * The console lock is a word, held with interrupts off for one line:
 *
 *             console_trylock                        panic, no progress for STUCK_PANIC_MS
 *   [ 0 ] --------------------> [ cpu+1, the holder ] -----------------------------------> [ cpu+1, the thief ]
 *     ^---- console_unlock ------------'                                                          |
 *     '---------------------- console_unlock ----------------------------------------------------'
 *
 * A holder that lost the lock to a panic and wakes up again does not release it: unlock exchanges
 * its own value only.
 *
 * Nothing stored is left behind. A writer W stores a record (ring_due), then tries the lock; a
 * holder H unlocks, then looks at ring_due again (console_drain's loop). All four accesses are
 * sequentially consistent, so they have one order. Suppose W fails and the holder H it met leaves
 * without seeing the record. Then look(H) < store(W) < try(W) and unlock(H) < look(H), so W would
 * have found the word free, or held by a later holder, to whom the same applies; holders are finite
 * in number, so some holder after store(W) looks after it, and shows the record. The one exception
 * is a holder that leaves because another waits for the lock (console_waiters): see lock_wait().
 */
static _Atomic unsigned int console_owner;
static _Atomic unsigned int console_waiters;
/* Counts lines, so that who waits can tell a slow console from a stuck one. */
static _Atomic unsigned int console_progress;
static _Atomic bool console_started;
static _Atomic bool console_tired; /* a drain is past its budget and wants to be relieved */

#define STUCK_MS       1000
#define STUCK_PANIC_MS 100
/* Lines one hart shows before it lets another take over; bounds a drain in an interrupt handler. */
#define DRAIN_BUDGET 16

/* Under the console lock from here to "output". */
static struct console *_Atomic active;
static struct console *consoles;
static uint64_t lost; /* due lines that were overwritten, not told yet */
static union log_text line_text;
static char out[1024];
static _Atomic size_t out_len;
static bool mid_line; /* what was written last may not have ended its line */

/* The prompt row as it is, or will be again, on the screen. */
static struct {
	char text[CONSOLE_ROW_MAX];
	size_t len;
	unsigned int columns, cursor;
	bool set;
	bool visible;
} row;

static unsigned int self(void)
{
	return smp_processor_id() + 1;
}

static bool console_trylock(void)
{
	unsigned int none = 0;

	return atomic_compare_exchange_strong(&console_owner, &none, self());
}

static void console_unlock(void)
{
	unsigned int me = self();

	/* Fails only if a panic took the lock from us. */
	atomic_compare_exchange_strong(&console_owner, &me, 0);
}

/*
 * Panic only: from a holder that makes no progress, or from the frame of this hart that the panic
 * interrupted.
 */
static void console_steal(void)
{
	atomic_store(&console_owner, self());
	atomic_store_explicit(&out_len, 0, memory_order_relaxed);
}

/*
 * Waits for the lock; interrupts are off when it returns true, as *flags says what they were. False
 * when this hart itself holds it, or when no line got out for ms; in a panic, or with force, it is
 * then taken away.
 *
 * A drainer past its budget leaves when it sees a waiter, even if records remain: whoever comes
 * through here drains after it has unlocked. A waiter that gives up tries once more after it has
 * left the count. With W's decrement and try, and the drainer's unlock and load of the count, in
 * one order: either the drainer sees no waiter and goes on, or its unlock came before the
 * decrement, and the try meets a free word, or a later drainer of whom the same is true.
 */
static bool lock_wait(unsigned int ms, bool force, unsigned long *flags)
{
	unsigned int progress = atomic_load(&console_progress);
	uint64_t deadline = deadline_ms(ms);
	bool got;

	atomic_fetch_add(&console_waiters, 1);
	*flags = local_irq_save();
	while (!(got = console_trylock())) {
		/* With interrupts off that is the frame below this one: it cannot go on. */
		if (atomic_load(&console_owner) == self())
			break;
		local_irq_restore(*flags);
		cpu_relax();
		if (atomic_load(&console_progress) != progress) {
			progress = atomic_load(&console_progress);
			deadline = deadline_ms(ms);
		}
		*flags = local_irq_save();
		if (time_now() >= deadline)
			break;
	}
	atomic_fetch_sub(&console_waiters, 1);

	if (!got)
		got = console_trylock();
	if (!got && force) {
		console_steal();
		got = true;
	}
	if (!got)
		local_irq_restore(*flags);
	return got;
}

static bool lock_console(unsigned long *flags)
{
	bool panic = panic_in_progress();

	return lock_wait(panic ? STUCK_PANIC_MS : STUCK_MS, panic, flags);
}

static void unlock_console(unsigned long flags)
{
	console_unlock();
	local_irq_restore(flags);
}

/* Output, under the console lock. */

static void out_flush(void)
{
	struct console *con = atomic_load_explicit(&active, memory_order_relaxed);
	size_t n = atomic_exchange_explicit(&out_len, 0, memory_order_relaxed);

	if (n)
		con->write(con, out, MIN(n, sizeof(out)));
}

static void out_bytes(const char *s, size_t n)
{
	while (n) {
		/*
		 * Read once: a hart that lost the lock to a panic must not send the other past the
		 * end.
		 */
		size_t len = atomic_load_explicit(&out_len, memory_order_relaxed);
		size_t used = MIN(len, sizeof(out));
		size_t part = MIN(n, sizeof(out) - used);

		memcpy(out + used, s, part);
		atomic_store_explicit(&out_len, used + part, memory_order_relaxed);
		s += part;
		n -= part;
		if (used + part == sizeof(out))
			out_flush();
	}
}

static void out_string(const char *s)
{
	out_bytes(s, strlen(s));
}

static void row_move(void)
{
	char move[16];

	out_string("\r");
	if (row.cursor) {
		snprintf(move, sizeof(move), "\033[%uC", row.cursor);
		out_string(move);
	}
}

/*
 * What is not visible is drawn on an empty row: nothing is there to be wiped out, and captured
 * output stays readable.
 */
static void row_draw(void)
{
	if (!row.set || panic_in_progress())
		return;
	if (row.visible)
		out_string("\r");
	out_bytes(row.text, row.len);
	if (row.visible)
		out_string("\033[K");
	if (row.cursor != row.columns)
		row_move();
	row.visible = true;
}

static void row_erase(void)
{
	if (row.visible)
		out_string("\r\033[K");
	row.visible = false;
}

/*
 * Text of a record as lines, each behind the prefix. Control characters could move the cursor or
 * worse, and some texts come from the device tree: they are shown as '?'.
 */
static void out_lines(const char *prefix, size_t prefix_len, const char *text, size_t len)
{
	size_t done = 0;

	row_erase();
	if (mid_line)
		out_string("\r\n");
	mid_line = true;
	out_bytes(prefix, prefix_len);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c >= ' ' && c != 0x7f) || c == '\t')
			continue;
		out_bytes(text + done, i - done);
		done = i + 1;
		if (c == '\n') {
			out_string("\r\n");
			out_bytes(prefix, prefix_len);
		} else {
			out_string("?");
		}
	}
	out_bytes(text + done, len - done);
	out_string("\r\n");
	out_flush();
	mid_line = false;
	atomic_fetch_add(&console_progress, 1);
}

static bool work_left(void)
{
	return logring_taken() < logring_due();
}

/* Shows the next record that is due, if there is one. */
static void show_next(void)
{
	struct log_record rec;
	char text[80];
	bool found = logring_take(&rec, &line_text, &lost);

	if (lost) {
		out_lines("", 0, text,
			  (size_t)snprintf(
				  text, sizeof(text),
				  "console: %lu lines were overwritten before they were shown",
				  (unsigned long)lost));
		lost = 0;
	}
	if (found)
		out_lines(text, log_prefix(&rec, text), line_text.c, rec.len);
}

/* The last thing before unlocking: the prompt is back when nothing is left to show. */
static void row_restore(void)
{
	if (!row.visible && !work_left()) {
		row_draw();
		out_flush();
	}
}

static bool may_write(void)
{
	return atomic_load_explicit(&active, memory_order_acquire) &&
	       (atomic_load(&console_started) || panic_in_progress());
}

void console_drain(void)
{
	unsigned int lines = 0;

	if (!may_write())
		return;
	while (work_left()) {
		bool panic = panic_in_progress();
		unsigned long flags;

		if (panic || atomic_load(&console_tired)) {
			if (!lock_console(&flags))
				break;
		} else {
			flags = local_irq_save();
			if (!console_trylock()) {
				local_irq_restore(flags);
				break;
			}
		}
		show_next();
		row_restore();
		if (++lines == DRAIN_BUDGET)
			atomic_store(&console_tired, true);
		unlock_console(flags);

		if (lines >= DRAIN_BUDGET && atomic_load(&console_waiters))
			break;
	}
	if (lines >= DRAIN_BUDGET)
		atomic_store(&console_tired, false);
}

bool console_write_line(const union log_text *text, size_t len)
{
	uint64_t before = logring_end();
	unsigned long flags;

	if (!may_write())
		return false;
	/* What this hart logged first is shown first; line by line, so that interrupts get in. */
	for (;;) {
		if (!lock_console(&flags))
			return false;
		if (logring_taken() >= before || !work_left())
			break;
		show_next();
		unlock_console(flags);
	}
	out_lines("", 0, text->c, len);
	row_restore();
	unlock_console(flags);
	console_drain();
	return true;
}

int console_register(struct console *con)
{
	struct console *old = atomic_load_explicit(&active, memory_order_relaxed);
	unsigned long flags;

	for (struct console *c = consoles; c; c = c->next) {
		if (c == con)
			return -EEXIST;
	}
	if (!lock_console(&flags))
		return -EBUSY;
	con->next = consoles;
	consoles = con;
	if (!old || con->rating > old->rating) {
		if (old && old->flush)
			old->flush(old);
		atomic_store_explicit(&active, con, memory_order_release);
	}
	unlock_console(flags);
	console_drain();
	return 0;
}

struct console *console_active(void)
{
	return atomic_load_explicit(&active, memory_order_acquire);
}

void console_start(void)
{
	atomic_store(&console_started, true);
	console_drain();
}

bool console_flush(void)
{
	uint64_t end = logring_end();
	struct console *con;
	unsigned long flags;

	if (!console_active())
		return false;
	atomic_store(&console_started, true);
	for (;;) {
		lock_wait(panic_in_progress() ? STUCK_PANIC_MS : STUCK_MS, true, &flags);
		if (logring_taken() >= end || !work_left())
			break;
		show_next();
		unlock_console(flags);
	}
	con = atomic_load_explicit(&active, memory_order_relaxed);
	if (con->flush)
		con->flush(con);
	unlock_console(flags);
	return true;
}

/* Shows the new row with few bytes when it only grew at its end: most keystrokes. */
static void row_change(const struct console_line *line)
{
	size_t len = MIN(line->len, sizeof(row.text));
	bool same =
		row.set && row.visible && len >= row.len && !memcmp(row.text, line->text, row.len);
	bool at_end = row.cursor == row.columns && line->cursor == line->columns;
	size_t old = row.len;

	memcpy(row.text, line->text, len);
	row.len = len;
	row.columns = line->columns;
	row.cursor = line->cursor;
	row.set = true;
	if (same && at_end)
		out_bytes(row.text + old, len - old);
	else if (same && old == len)
		row_move();
	else
		row_draw();
	out_flush();
}

void console_prompt_set(const struct console_line *line)
{
	unsigned long flags;

	if (!may_write() || !lock_console(&flags))
		return;
	row_change(line);
	unlock_console(flags);
	console_drain();
}

void console_prompt_end(void)
{
	unsigned long flags;

	if (!may_write() || !lock_console(&flags))
		return;
	if (row.set) {
		if (!row.visible)
			row_draw();
		out_string("\r\n");
		out_flush();
	}
	row.set = false;
	row.visible = false;
	unlock_console(flags);
	console_drain();
}

void console_control(const char *sequence, bool redraw)
{
	unsigned long flags;

	if (!may_write() || !lock_console(&flags))
		return;
	out_string(sequence);
	if (redraw)
		row_draw();
	out_flush();
	unlock_console(flags);
	console_drain();
}
