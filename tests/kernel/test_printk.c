/* SPDX-License-Identifier: BSD-2-Clause */
/* The log on the running machine: in any context, and cheap when nobody looks. */
#include <string.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/trap.h"
#include "core/console.h"
#include "core/cpu.h"
#include "core/printk.h"
#include "core/time.h"
#include "core/timer.h"
#include "tests/kernel/ktest.h"

/* All messages here are LOG_DEBUG: results are on the console at the same time. */

static struct log_reader at_end(void)
{
	struct log_reader reader = {0};
	struct log_record rec;
	char text[LOG_TEXT_MAX + 1];

	while (log_read(&reader, &rec, text))
		;
	reader.lost = 0;
	return reader;
}

KTEST(printk, stored)
{
	struct log_reader reader = at_end();
	struct log_record rec;
	char text[LOG_TEXT_MAX + 1];
	uint64_t before = time_now();

	printk(LOG_DEBUG, "%s %d 0x%lx\n", "text", -5, 0xdeadbeefUL);
	KTEST_EXPECT(log_read(&reader, &rec, text));
	KTEST_EXPECT(!strcmp(text, "text -5 0xdeadbeef"));
	KTEST_EXPECT_EQ(rec.level, LOG_DEBUG);
	KTEST_EXPECT_EQ(rec.cpu, smp_processor_id());
	KTEST_EXPECT(!rec.raw);
	KTEST_EXPECT(rec.ticks >= before && rec.ticks <= time_now());
}

KTEST(printk, with_interrupts_off)
{
	struct log_reader reader = at_end();
	struct log_record rec;
	char text[LOG_TEXT_MAX + 1];
	unsigned long flags = local_irq_save();

	printk(LOG_DEBUG, "off");
	KTEST_EXPECT(irqs_disabled());
	local_irq_restore(flags);
	KTEST_EXPECT(log_read(&reader, &rec, text));
	KTEST_EXPECT(!strcmp(text, "off"));
}

static bool logged_in_interrupt;

static void log_and_go_on(void)
{
	if (!logged_in_interrupt)
		printk(LOG_DEBUG, "in an interrupt");
	logged_in_interrupt = true;
	timer_interrupt();
}

static bool never(void *unused)
{
	(void)unused;
	return false;
}

KTEST(printk, in_an_interrupt)
{
	struct log_reader reader = at_end();
	struct log_record rec;
	char text[LOG_TEXT_MAX + 1];
	void (*handler)(void) = timer_interrupt_handler;

	logged_in_interrupt = false;
	timer_interrupt_handler = log_and_go_on;
	/* Another interrupt that comes at the deadline may end a wait in the timer's place. */
	for (int i = 0; i < 100 && !logged_in_interrupt; i++)
		wait_until(never, NULL, deadline_ms(1));
	timer_interrupt_handler = handler;
	KTEST_EXPECT(log_read(&reader, &rec, text));
	KTEST_EXPECT(!strcmp(text, "in an interrupt"));
}

/* Times go forward and numbers have no holes, whoever wrote. */
KTEST(printk, order)
{
	struct log_reader reader = {0};
	struct log_record rec;
	char text[LOG_TEXT_MAX + 1];
	uint64_t ticks = 0, seq = 0;
	bool first = true;

	printk(LOG_DEBUG, "one at least");
	while (log_read(&reader, &rec, text)) {
		if (!KTEST_EXPECT(rec.ticks >= ticks && (first || rec.seq == seq + 1)))
			break;
		ticks = rec.ticks;
		seq = rec.seq;
		first = false;
	}
}

/* Whether the host let one try pass within one interval; the answers count only then. */
static bool try_ratelimit(struct ktest_run *run)
{
	struct ratelimit rl = RATELIMIT_INIT(20, 2);
	uint64_t end = deadline_ms(19);
	unsigned int held;
	bool first = ratelimit_pass(&rl, &held), second = ratelimit_pass(&rl, &held);
	bool third = ratelimit_pass(&rl, &held), fourth = ratelimit_pass(&rl, &held);

	if (time_now() >= end)
		return false;
	KTEST_EXPECT(first && second);
	KTEST_EXPECT(!third && !fourth);
	udelay(21000);
	KTEST_EXPECT(ratelimit_pass(&rl, &held));
	KTEST_EXPECT_EQ(held, 2);
	return true;
}

KTEST(printk, ratelimit)
{
	for (int i = 0; i < 20; i++) {
		if (try_ratelimit(run))
			return;
	}
	KTEST_SKIP("the host does not let 19 ms pass in one piece");
}

KTEST(printk, console)
{
	KTEST_EXPECT(console_active());
	KTEST_EXPECT(console_flush());
}
