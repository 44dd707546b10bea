/* SPDX-License-Identifier: BSD-2-Clause */
/* A UART that takes nothing costs a bounded time, and is used again when it recovers. */
#include <errno.h>
#include <string.h>

#include "arch/riscv/processor.h"
#include "core/time.h"
#include "drivers/uart.h"
#include "tests/kernel/ktest.h"

/* A device in memory: takes room bytes at a time, and room bytes in all. */
static struct {
	char got[64];
	size_t n, room;
} fake;

static size_t fake_send(struct uart *u, const char *buf, size_t n)
{
	size_t part = MIN(MIN(n, fake.room), (size_t)3);

	(void)u;
	if (part > sizeof(fake.got) - fake.n)
		part = sizeof(fake.got) - fake.n;
	memcpy(fake.got + fake.n, buf, part);
	fake.n += part;
	fake.room -= part;
	return part;
}

static bool fake_sent(struct uart *u)
{
	(void)u;
	return fake.room > 0;
}

static const struct uart_ops fake_ops = {.send = fake_send, .sent = fake_sent};

static unsigned int stuck_ms;

/* The console's own UART with the fake behind it: never registered, so nobody else writes to it. */
static bool make_fake(struct uart *u)
{
	struct uart *real = uart_console();

	if (!real)
		return false;
	memset(&fake, 0, sizeof(fake));
	memset(u, 0, sizeof(*u));
	u->console = real->console;
	u->ops = &fake_ops;
	/* Counted instructions pass slowly. */
	stuck_ms = uart_stuck_ms;
	uart_stuck_ms = deterministic ? 10 : 100;
	return true;
}

static void end_fake(void)
{
	uart_stuck_ms = stuck_ms;
}

KTEST(uart, writes_whole)
{
	struct uart u;

	if (!make_fake(&u))
		KTEST_SKIP("no UART");
	fake.room = sizeof(fake.got);
	u.console.write(&u.console, "a line of text", 14);
	KTEST_EXPECT_EQ(fake.n, 14);
	KTEST_EXPECT(!memcmp(fake.got, "a line of text", 14));
	KTEST_EXPECT(!u.stuck);
	end_fake();
}

KTEST(uart, stuck)
{
	struct uart u;

	if (!make_fake(&u))
		KTEST_SKIP("no UART");
	fake.room = 5;
	uint64_t start = time_now_ns();
	u.console.write(&u.console, "0123456789", 10);
	uint64_t first = time_now_ns() - start;
	KTEST_EXPECT_EQ(fake.n, 5);
	KTEST_EXPECT(u.stuck);
	KTEST_EXPECT(first >= uart_stuck_ms * 1000000UL);
	/* Once known to be stuck it is not waited for again: a thousand lines must not take
	 * minutes. */
	start = time_now_ns();
	for (int i = 0; i < 1000; i++)
		u.console.write(&u.console, "0123456789", 10);
	u.console.flush(&u.console);
	KTEST_EXPECT(time_now_ns() - start < 10 * first);
	KTEST_EXPECT_EQ(fake.n, 5);
	fake.room = 20;
	u.console.write(&u.console, "again", 5);
	KTEST_EXPECT_EQ(fake.n, 10);
	KTEST_EXPECT(!memcmp(fake.got + 5, "again", 5));
	KTEST_EXPECT(!u.stuck);
	end_fake();
}

KTEST(uart, flush_is_bounded)
{
	struct uart u;

	if (!make_fake(&u))
		KTEST_SKIP("no UART");
	uint64_t start = time_now_ns();
	u.console.flush(&u.console);
	uint64_t ns = time_now_ns() - start;
	KTEST_EXPECT(ns >= uart_stuck_ms * 1000000UL);
	KTEST_EXPECT(ns < 10 * uart_stuck_ms * 1000000UL);
	end_fake();
}
