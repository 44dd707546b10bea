/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys on their way from a driver's interrupt to who reads them. */
#include <errno.h>
#include <stdatomic.h>

#include "core/console.h"
#include "core/printk.h"
#include "core/spinlock.h"
#include "core/time.h"

#define INPUT_SIZE    1024u /* power of two: a pasted page */
#define POLL_MS	      10
#define NO_CONSOLE_MS 1000
#define CTRL_C	      3

static DEFINE_SPINLOCK(input_lock);
static unsigned char input[INPUT_SIZE];
/* Counts of bytes; written under input_lock. Atomic, as the waiting hart looks without it. */
static _Atomic unsigned int input_head, input_tail;
static unsigned int input_lost;

static void nobody_sleeps(void)
{
}

bool (*console_input_wait)(bool (*cond)(void *arg), void *arg, uint64_t deadline) = wait_until;
void (*console_input_wake)(void) = nobody_sleeps;

void console_input(const char *buf, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&input_lock);
	unsigned int head = atomic_load_explicit(&input_head, memory_order_relaxed);
	unsigned int tail = atomic_load_explicit(&input_tail, memory_order_relaxed);

	for (size_t i = 0; i < n; i++) {
		if (head - tail < INPUT_SIZE)
			input[head++ % INPUT_SIZE] = (unsigned char)buf[i];
		else
			input_lost++;
	}
	/* Pairs with the acquire in input_ready. */
	atomic_store_explicit(&input_head, head, memory_order_release);
	spin_unlock_irqrestore(&input_lock, flags);
	console_input_wake();
}

static bool input_ready(void *unused)
{
	(void)unused;
	return atomic_load_explicit(&input_head, memory_order_acquire) !=
	       atomic_load_explicit(&input_tail, memory_order_relaxed);
}

/* A byte, or -EAGAIN. Tells once what was lost before it. */
static int input_take(void)
{
	unsigned long flags = spin_lock_irqsave(&input_lock);
	unsigned int tail = atomic_load_explicit(&input_tail, memory_order_relaxed);
	unsigned int lost = input_lost;
	int c = -EAGAIN;

	if (input_ready(NULL)) {
		c = input[tail % INPUT_SIZE];
		atomic_store_explicit(&input_tail, tail + 1, memory_order_relaxed);
	}
	input_lost = 0;
	spin_unlock_irqrestore(&input_lock, flags);

	if (lost)
		pr_warn("console: %u characters of input were lost", lost);
	return c;
}

int console_getc(uint64_t deadline)
{
	for (;;) {
		struct console *con = console_active();
		int c = input_take();
		uint64_t until = deadline;

		if (!con) {
			/* One may still be registered. */
			until = MIN(deadline, deadline_ms(NO_CONSOLE_MS));
		} else if (c < 0 && con->poll) {
			c = con->poll(con);
			until = MIN(deadline, deadline_ms(POLL_MS));
		}
		if (c >= 0)
			return c;
		if (time_now() >= deadline)
			return -ETIMEDOUT;
		console_input_wait(input_ready, NULL, until);
	}
}

/* Takes ctrl-c off the input, with all that came before it; false if there is none. */
static bool take_break(void *unused)
{
	unsigned long flags = spin_lock_irqsave(&input_lock);
	unsigned int head = atomic_load_explicit(&input_head, memory_order_relaxed);
	unsigned int at = atomic_load_explicit(&input_tail, memory_order_relaxed);
	bool found = false;

	(void)unused;
	while (at != head && !found)
		found = input[at++ % INPUT_SIZE] == CTRL_C;
	if (found)
		atomic_store_explicit(&input_tail, at, memory_order_relaxed);
	spin_unlock_irqrestore(&input_lock, flags);
	return found;
}

bool console_wait_break(uint64_t deadline)
{
	for (;;) {
		struct console *con = console_active();
		uint64_t until = deadline;
		int c;

		if (con && con->poll) {
			while ((c = con->poll(con)) >= 0)
				console_input(&(char){(char)c}, 1);
			until = MIN(deadline, deadline_ms(POLL_MS));
		}
		if (console_input_wait(take_break, NULL, until))
			return true;
		if (time_now() >= deadline)
			return false;
	}
}
