/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console: which one is used, whole lines from all harts, nothing left behind, a prompt that
 * stays whole.
 */
#include "tests/host/host.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/riscv/irqflags.h"
#include "core/console.h"
#include "core/logring.h"
#include "core/printk.h"
#include "core/time.h"
#include "tests/host/screen.h"

/*
 * A device that keeps what it is sent, and does what a test asks for while it is being written to.
 */
static char sent[8 << 20];
static size_t sent_len;
static _Atomic int inside;
static bool slow;
static void (*during_write)(void);

static void keep(struct console *con, const char *buf, size_t n)
{
	(void)con;
	assert_true(irqs_disabled());
	/* A panic may take the console away from another hart; nothing else may. */
	assert_true(atomic_fetch_add(&inside, 1) == 0 || host_panicking);
	for (size_t i = 0; i < n; i++) {
		assert_true(sent_len < sizeof(sent) - 1);
		sent[sent_len++] = buf[i];
		if (slow && i % 16 == 0)
			sched_yield();
	}
	sent[sent_len] = '\0';
	if (during_write)
		during_write();
	atomic_fetch_sub(&inside, 1);
}

static char other_sent[4096];
static size_t other_len;
static unsigned int flushed;

static void keep_other(struct console *con, const char *buf, size_t n)
{
	(void)con;
	memcpy(other_sent + other_len, buf, n);
	other_len += n;
}

static void count_flush(struct console *con)
{
	(void)con;
	flushed++;
}

static void forget(void)
{
	sent_len = 0;
	sent[0] = '\0';
}

static struct console early = {
	.name = "early", .rating = 10, .write = keep_other, .flush = count_flush};
static struct console worse = {.name = "worse", .rating = 5, .write = keep_other};
static struct console device = {
	.name = "device", .rating = 30, .write = keep, .flush = count_flush};

/* Text after the prefix of a log line, which has the time in it. */
static const char *after_prefix(const char *line)
{
	const char *at = strstr(line, "] cpu");

	return at ? strchr(at + 2, ' ') + 1 : line;
}

/* First test: it registers the consoles that all others use. */
static void test_registration(void **state)
{
	(void)state;
	pr_info("before any console");
	pr_debug("not shown");
	printk_raw("a result before any console");
	assert_null(console_active());
	assert_false(console_flush());

	assert_int_equal(console_register(&early), 0);
	assert_int_equal(console_register(&early), -EEXIST);
	assert_ptr_equal(console_active(), &early);
	/* Levels are not known yet. */
	assert_int_equal(other_len, 0);

	console_start();
	other_sent[other_len] = '\0';
	assert_non_null(strstr(other_sent,
			       "] cpu0: before any console\r\na result before any console\r\n"));
	assert_null(strstr(other_sent, "not shown"));

	pr_info("on the early one");
	assert_int_equal(console_register(&worse), 0);
	assert_ptr_equal(console_active(), &early);
	flushed = 0;
	assert_int_equal(console_register(&device), 0);
	assert_ptr_equal(console_active(), &device);
	assert_int_equal(flushed, 1);
	assert_int_equal(sent_len, 0);
	pr_info("on the better one");
	assert_string_equal(after_prefix(sent), "on the better one\r\n");

	other_sent[other_len] = '\0';
	assert_non_null(strstr(other_sent, "cpu0: on the early one\r\n"));
	assert_null(strstr(other_sent, "better"));
	assert_true(console_flush());
	assert_int_equal(flushed, 2);
}

static void test_levels(void **state)
{
	(void)state;
	forget();
	log_set_console_level(4);
	pr_warn("hidden");
	assert_int_equal(sent_len, 0);
	pr_err("shown");
	assert_string_equal(after_prefix(sent), "error: shown\r\n");
	forget();
	log_set_console_level(0);
	pr_err("hidden, too");
	assert_int_equal(sent_len, 0);
	printk_raw("result");
	pr_emerg("always");
	assert_memory_equal(sent, "result\r\n", 8);
	assert_string_equal(after_prefix(sent), "always\r\n");

	/* Raising it does not bring back what was passed over. */
	pr_err("passed over");
	forget();
	log_set_console_level(LOG_CONSOLE_DEFAULT);
	pr_info("new");
	assert_string_equal(after_prefix(sent), "new\r\n");
	assert_null(strstr(sent, "passed over"));
}

static void test_lines(void **state)
{
	(void)state;
	forget();
	printk_raw("one\ntwo\n\nfour\n");
	assert_string_equal(sent, "one\r\ntwo\r\n\r\nfour\r\n");
	forget();
	printk_raw("%s", "");
	assert_string_equal(sent, "\r\n");
	forget();
	/* What could move the cursor does not get through; tabs and UTF-8 do. */
	printk_raw("a\033[2Jb\rc\x7f\td\xc3\xa4");
	assert_string_equal(sent, "a?[2Jb?c?\td\xc3\xa4\r\n");
	forget();
	pr_info("x\ny");
	const char *second = strchr(sent, '\n') + 1;

	assert_memory_equal(after_prefix(sent), "x\r\n", 3);
	assert_string_equal(after_prefix(second), "y\r\n");
	assert_true(second > sent && second[0] == '[');
}

#define HARTS	4
#define LINES	1500
#define RESULTS 300

/*
 * Harts log and print at once. Log lines that the ring had no room for are counted; all others and
 * every result must be there, whole, in each hart's order, once all have returned: nobody flushes,
 * so whatever the last to leave had left behind would be missing.
 */
static void flood(unsigned int cpu, void *arg)
{
	(void)arg;
	for (int i = 0; i < LINES; i++) {
		printk(LOG_INFO, "m %u %d end", cpu, i);
		if (i % (LINES / RESULTS) == 0)
			printk_raw("r %u %d end", cpu, i);
		if (i % 64 == 0)
			sched_yield();
	}
}

static void check_flood(unsigned int *shown, unsigned long *lost)
{
	int last_message[HARTS], last_result[HARTS];
	unsigned int results = 0;
	char *line = sent, *end;

	*shown = 0;
	*lost = 0;
	for (int i = 0; i < HARTS; i++)
		last_message[i] = last_result[i] = -1;
	for (; *line; line = end + 2) {
		unsigned int cpu;
		unsigned long n;
		int i, used = 0;

		end = strstr(line, "\r\n");
		assert_non_null(end);
		*end = '\0';
		if (sscanf(line, "console: %lu lines were overwritten before they were shown%n", &n,
			   &used) == 1 &&
		    used) {
			*lost += n;
		} else if (sscanf(line, "r %u %d end%n", &cpu, &i, &used) == 2 && used) {
			assert_true(cpu < HARTS);
			/*
			 * Each result, in order, and not before the message that its hart logged
			 * first.
			 */
			assert_int_equal(
				i, last_result[cpu] < 0 ? 0 : last_result[cpu] + LINES / RESULTS);
			last_result[cpu] = i;
			results++;
			assert_true(last_message[cpu] <= i);
		} else {
			if (sscanf(after_prefix(line), "m %u %d end%n", &cpu, &i, &used) != 2 ||
			    !used)
				fail_msg("broken line: '%s'", line);
			assert_true(cpu < HARTS);
			assert_true(i > last_message[cpu]);
			/* Nothing logged before a result may come after it. */
			assert_true(i >= last_result[cpu]);
			last_message[cpu] = i;
			(*shown)++;
		}
	}
	assert_int_equal(results, HARTS * RESULTS);
}

static void test_whole_lines_from_all_harts(void **state)
{
	unsigned int shown;
	unsigned long lost;

	(void)state;
	for (int round = 0; round < 10; round++) {
		forget();
		slow = round % 2;
		host_harts_run(HARTS, flood, NULL);
		slow = false;
		check_flood(&shown, &lost);
		assert_int_equal(shown + lost, HARTS * LINES);
	}
}

/*
 * One message of each hart, many times, begun at the same moment: no message comes later that could
 * show what was left behind.
 */
static _Atomic unsigned int arrived;

static void one_message(unsigned int cpu, void *arg)
{
	(void)arg;
	atomic_fetch_add(&arrived, 1);
	while (atomic_load(&arrived) < HARTS)
		sched_yield();
	printk(LOG_INFO, "last of %u", cpu);
}

static void test_nothing_is_left_behind(void **state)
{
	(void)state;
	for (int round = 0; round < 300; round++) {
		unsigned int lines = 0;

		forget();
		arrived = 0;
		slow = round % 3 == 0;
		host_harts_run(HARTS, one_message, NULL);
		slow = false;
		for (const char *at = sent; (at = strstr(at, "last of ")); at++)
			lines++;
		assert_int_equal(lines, HARTS);
	}
}

static _Atomic unsigned int done;

static void wait_for_others(void)
{
	during_write = NULL;
	while (done < HARTS - 1)
		sched_yield();
}

static void hold_or_log(unsigned int cpu, void *arg)
{
	(void)arg;
	if (!cpu) {
		during_write = wait_for_others;
		printk(LOG_INFO, "kept of 0");
		return;
	}
	while (!inside)
		sched_yield();
	for (int i = 0; i < 50; i++)
		printk(LOG_INFO, "kept of %u", cpu);
	done++;
}

/*
 * All others have come and gone while one was at the console: all their lines are its duty, however
 * many.
 */
static void test_the_holder_shows_what_came_meanwhile(void **state)
{
	unsigned int lines = 0;

	(void)state;
	forget();
	host_harts_run(HARTS, hold_or_log, NULL);
	for (const char *at = sent; (at = strstr(at, "kept of ")); at++)
		lines++;
	assert_int_equal(lines, 1 + 50 * (HARTS - 1));
}

static void log_once(void)
{
	during_write = NULL;
	pr_info("from inside");
	printk_raw("a result from inside");
}

/* As a fault handler that logs, which the hart's own write brought about. */
static void test_logging_while_holding_the_console(void **state)
{
	(void)state;
	forget();
	during_write = log_once;
	pr_info("outside");
	assert_memory_equal(after_prefix(sent), "outside\r\n", 9);
	assert_non_null(strstr(sent, "from inside\r\na result from inside\r\n"));
}

static void panic_once(void)
{
	during_write = NULL;
	host_panicking = true;
	pr_emerg("panic inside the console");
	assert_non_null(strstr(sent, "panic inside the console\r\n"));
	host_panicking = false;
}

static void test_panic_while_holding_the_console(void **state)
{
	(void)state;
	forget();
	during_write = panic_once;
	pr_info("outside");
	assert_int_equal(inside, 0);
	/* The interrupted write was not its line's end for all we know. */
	assert_non_null(strstr(sent, "\r\n\r\n"));
	pr_info("and on");
	assert_non_null(strstr(sent, "and on\r\n"));
}

#ifndef __SANITIZE_THREAD__
static _Atomic bool release;

static void hang(void)
{
	while (!release)
		sched_yield();
}

static void hang_or_report(unsigned int cpu, void *arg)
{
	(void)arg;
	if (cpu == 1) {
		during_write = hang;
		pr_info("into the hanging device");
		return;
	}
	while (!inside)
		sched_yield();
	uint64_t begin = time_now();

	/* Not in a panic: whoever comes later leaves at once, or gives up in bounded time. */
	pr_info("leaves");
	assert_true(time_now() - begin < 500000000);
	printk_raw("gives up");
	assert_true(time_now() - begin < 3000000000);

	begin = time_now();
	during_write = NULL;
	host_panicking = true;
	pr_emerg("panic: of cpu0");
	assert_true(time_now() - begin < 1000000000);
	assert_non_null(strstr(sent, "panic: of cpu0\r\n"));
	/* From now on the console is ours, without waiting again. */
	begin = time_now();
	pr_emerg("more of it");
	assert_true(console_flush());
	assert_true(time_now() - begin < 50000000);
	assert_non_null(strstr(sent, "more of it\r\n"));
	release = true;
}

static void test_panic_takes_the_console_from_a_stuck_hart(void **state)
{
	(void)state;
	forget();
	host_harts_run(2, hang_or_report, NULL);
	host_panicking = false;
	during_write = NULL;
	forget();
	/* The stuck hart's unlock has not broken the lock for others. */
	pr_info("as usual");
	assert_string_equal(after_prefix(sent), "as usual\r\n");
}

#endif

/* Sends what was written since the last call to the screen. */
static void look(struct screen *s)
{
	screen_write(s, sent, sent_len);
	forget();
}

static void set_row(const char *text, unsigned int cursor)
{
	console_prompt_set(&(struct console_line){.text = text,
						  .len = strlen(text),
						  .columns = (unsigned int)strlen(text),
						  .cursor = cursor});
}

static void check_row(struct screen *s, const char *text, unsigned int cursor)
{
	look(s);
	assert_string_equal(screen_cursor_row(s), text);
	assert_int_equal(s->column, cursor);
	assert_int_equal(s->strange, 0);
}

static void test_prompt(void **state)
{
	struct screen s;

	(void)state;
	screen_init(&s, 40);
	forget();
	set_row("muster> ", 8);
	check_row(&s, "muster>", 8);
	set_row("muster> h", 9);
	/* A key at the end costs one byte. */
	assert_string_equal(sent, "h");
	check_row(&s, "muster> h", 9);
	set_row("muster> har", 11);
	check_row(&s, "muster> har", 11);

	printk_raw("a line of output");
	check_row(&s, "muster> har", 11);
	assert_string_equal(screen_row(&s, s.row - 1), "a line of output");
	pr_info("a message that is longer than the row of this screen");
	check_row(&s, "muster> har", 11);

	set_row("muster> har", 9);
	check_row(&s, "muster> har", 9);
	printk_raw("another");
	check_row(&s, "muster> har", 9);
	set_row("muster> h", 9);
	check_row(&s, "muster> h", 9);
	console_control("\a", false);
	check_row(&s, "muster> h", 9);
	assert_int_equal(s.bells, 1);
	console_control("\033[H\033[2J", true);
	check_row(&s, "muster> h", 9);
	assert_int_equal(s.row, 0);

	console_prompt_end();
	look(&s);
	assert_int_equal(s.row, 1);
	assert_int_equal(s.column, 0);
	printk_raw("unprotected");
	look(&s);
	assert_string_equal(screen_row(&s, 0), "muster> h");
	assert_string_equal(screen_row(&s, 1), "unprotected");
	assert_string_equal(screen_row(&s, 2), "");
}

/*
 * Hart 0 types, the others log: whatever the order, the last row is the prompt, and no other row
 * holds a piece of it.
 */
static void type_or_log(unsigned int cpu, void *arg)
{
	char text[64] = "> ";

	(void)arg;
	if (cpu) {
		for (int i = 0; i < 300; i++)
			printk(LOG_INFO, "log %u %d end", cpu, i);
		return;
	}
	for (unsigned int i = 0; i < 400; i++) {
		unsigned int n = 2 + i % 32;

		memset(text + 2, 'p', n - 2);
		text[n] = '\0';
		set_row(text, i % 5 ? n : n / 2);
	}
	set_row("> done", 3);
}

static void test_prompt_under_fire(void **state)
{
	static struct screen s;
	unsigned int messages = 0;

	(void)state;
	for (int round = 0; round < 5; round++) {
		forget();
		screen_init(&s, 80);
		host_harts_run(HARTS, type_or_log, NULL);
		/* Row by row, before the screen scrolls it away. */
		for (size_t i = 0; i < sent_len; i++) {
			if (sent[i] == '\n') {
				const char *row = screen_cursor_row(&s);
				unsigned int cpu;
				int n, used = 0;

				if (sscanf(after_prefix(row), "log %u %d end%n", &cpu, &n, &used) !=
					    2 ||
				    !used || after_prefix(row)[used])
					fail_msg("not a whole line: '%s'", row);
				messages++;
			}
			screen_write(&s, sent + i, 1);
		}
		assert_string_equal(screen_cursor_row(&s), "> done");
		assert_int_equal(s.column, 3);
		assert_int_equal(s.strange, 0);
		assert_true(messages >= (unsigned int)(round + 1) * (HARTS - 1) * 100);
		console_prompt_end();
	}
}

static void test_panic_at_the_prompt(void **state)
{
	struct screen s;

	(void)state;
	screen_init(&s, 80);
	forget();
	set_row("muster> typing", 14);
	host_panicking = true;
	pr_emerg("panic: oops");
	look(&s);
	host_panicking = false;
	assert_string_equal(after_prefix(screen_row(&s, 0)), "panic: oops");
	assert_string_equal(screen_row(&s, 1), "");
	console_prompt_end();
}

static void test_break(void **state)
{
	uint64_t now = time_now();

	(void)state;
	console_input("ab", 2);
	assert_false(console_wait_break(deadline_ms(20)));
	assert_true(time_now() - now >= 20000000);
	assert_int_equal(console_getc(0), 'a');
	console_input("c\003d", 3);
	assert_true(console_wait_break(UINT64_MAX));
	assert_int_equal(console_getc(0), 'd');
	assert_int_equal(console_getc(0), -ETIMEDOUT);
	/* One that is there counts also when the time is over. */
	console_input("\003", 1);
	assert_true(console_wait_break(now));
	assert_false(console_wait_break(now));
}

static void test_input(void **state)
{
	static char many[2000];
	uint64_t now = time_now();

	(void)state;
	assert_int_equal(console_getc(now), -ETIMEDOUT);
	assert_int_equal(console_getc(deadline_ms(20)), -ETIMEDOUT);
	assert_true(time_now() - now >= 20000000);

	console_input("ab\xff", 3);
	assert_int_equal(console_getc(0), 'a');
	assert_int_equal(console_getc(0), 'b');
	assert_int_equal(console_getc(0), 0xff);
	assert_int_equal(console_getc(0), -ETIMEDOUT);

	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = (char)(i % 100);
	forget();
	console_input(many, sizeof(many));
	assert_int_equal(console_getc(0), 0);
	assert_string_equal(after_prefix(sent),
			    "warning: console: 976 characters of input were lost\r\n");
	for (int i = 1; i < 1024; i++)
		assert_int_equal(console_getc(0), i % 100);
	assert_int_equal(console_getc(0), -ETIMEDOUT);
	forget();
	assert_int_equal(console_getc(0), -ETIMEDOUT);
	assert_int_equal(sent_len, 0);
}

static unsigned int polls;

static int poll_third(struct console *con)
{
	(void)con;
	return ++polls % 3 ? -EAGAIN : 'p';
}

static void test_polled_input(void **state)
{
	uint64_t begin = time_now();

	(void)state;
	device.poll = poll_third;
	assert_int_equal(console_getc(UINT64_MAX), 'p');
	/* Two naps between three looks: paced, not spun. */
	assert_true(time_now() - begin >= 20000000);
	assert_int_equal(polls, 3);
	device.poll = NULL;
}

#define KEYS 20000
static _Atomic int keys_read;

/* The sender stays less than a ring ahead, so that every key must arrive, in order. */
static void type_or_read(unsigned int cpu, void *arg)
{
	(void)arg;
	for (int i = 0; i < KEYS; i++) {
		if (cpu) {
			while (i - atomic_load(&keys_read) > 500)
				sched_yield();
			console_input(&(char){(char)i}, 1);
		} else {
			assert_int_equal(console_getc(deadline_ms(5000)), (unsigned char)i);
			atomic_fetch_add(&keys_read, 1);
		}
	}
}

static void test_input_from_another_hart(void **state)
{
	(void)state;
	host_harts_run(2, type_or_read, NULL);
	assert_int_equal(keys_read, KEYS);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_registration),
	cmocka_unit_test(test_levels),
	cmocka_unit_test(test_lines),
	cmocka_unit_test(test_logging_while_holding_the_console),
	cmocka_unit_test(test_panic_while_holding_the_console),
	cmocka_unit_test(test_prompt),
	cmocka_unit_test(test_panic_at_the_prompt),
	cmocka_unit_test(test_input),
	cmocka_unit_test(test_break),
	cmocka_unit_test(test_polled_input),
	cmocka_unit_test(test_input_from_another_hart),
	cmocka_unit_test(test_whole_lines_from_all_harts),
	cmocka_unit_test(test_nothing_is_left_behind),
	cmocka_unit_test(test_the_holder_shows_what_came_meanwhile),
	cmocka_unit_test(test_prompt_under_fire),
#ifndef __SANITIZE_THREAD__
	/* Taking what another still uses is a race by intent. */
	cmocka_unit_test(test_panic_takes_the_console_from_a_stuck_hart),
#endif
};

HOST_MAIN(tests)
