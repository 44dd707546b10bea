/* SPDX-License-Identifier: BSD-2-Clause */
/* The log: what is stored, in which order, what is overwritten, and what a message looks like. */
#include "tests/host/host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/console.h"
#include "core/printk.h"
#include "core/time.h"
/* For its lock. */
#include "core/logring.c"

/* A reader that stands behind all that other tests left. */
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

static void test_stored(void **state)
{
	struct log_reader reader = at_end();
	struct log_record rec;
	char text[LOG_TEXT_MAX + 1];
	uint64_t before = time_now();

	(void)state;
	printk(LOG_INFO, "one %d", 1);
	pr_err("two\n");
	printk_raw("three\nfour\n");
	printk(LOG_DEBUG, "%s", "");

	assert_true(log_read(&reader, &rec, text));
	assert_string_equal(text, "one 1");
	assert_int_equal(rec.level, LOG_INFO);
	assert_int_equal(rec.cpu, 0);
	assert_false(rec.raw);
	assert_true(rec.ticks >= before && rec.ticks <= time_now());
	uint64_t seq = rec.seq;

	assert_true(log_read(&reader, &rec, text));
	assert_string_equal(text, "two");
	assert_int_equal(rec.level, LOG_ERR);
	assert_int_equal(rec.seq, seq + 1);

	/* Without a console a result line waits in the log. */
	assert_true(log_read(&reader, &rec, text));
	assert_string_equal(text, "three\nfour");
	assert_true(rec.raw);

	assert_true(log_read(&reader, &rec, text));
	assert_string_equal(text, "");
	assert_int_equal(rec.len, 0);
	assert_false(log_read(&reader, &rec, text));
	assert_int_equal(reader.lost, 0);
}

static void test_long_texts_are_cut_visibly(void **state)
{
	struct log_reader reader = at_end();
	struct log_record rec;
	char text[LOG_TEXT_MAX + 1];
	char big[LOG_TEXT_MAX + 2];

	(void)state;
	memset(big, 'x', sizeof(big));
	big[LOG_TEXT_MAX] = '\0';
	printk(LOG_INFO, "%s", big);
	assert_true(log_read(&reader, &rec, text));
	assert_string_equal(text, big);

	big[LOG_TEXT_MAX] = 'x';
	big[LOG_TEXT_MAX + 1] = '\0';
	printk(LOG_INFO, "%s", big);
	assert_true(log_read(&reader, &rec, text));
	assert_int_equal(rec.len, LOG_TEXT_MAX);
	assert_string_equal(text + LOG_TEXT_MAX - 4, "x...");
}

/* Text of record number n: length and bytes follow from n, so that any mix-up shows. */
static size_t expected_text(uint64_t n, char *text)
{
	uint64_t seed = n * 7919 + 1;
	size_t len = host_random(&seed) % (LOG_TEXT_MAX + 1);

	for (size_t i = 0; i < len; i++)
		text[i] = (char)('!' + (n + i) % 90);
	text[len] = '\0';
	return len;
}

static void test_oldest_give_way(void **state)
{
	struct log_reader slow = at_end(), fast = slow;
	uint64_t base = slow.seq;
	struct log_record rec;
	char text[LOG_TEXT_MAX + 1], want[LOG_TEXT_MAX + 1];
	uint64_t n = 0, count;

	(void)state;
	for (n = 0; n < 5000; n++) {
		expected_text(n, want);
		printk(LOG_DEBUG, "%s", want);
		assert_true(log_read(&fast, &rec, text));
		assert_int_equal(rec.seq, base + n);
		assert_string_equal(text, want);
		assert_false(log_read(&fast, &rec, text));
	}
	assert_int_equal(fast.lost, 0);

	assert_true(log_read(&slow, &rec, text));
	assert_true(slow.lost > 4000);
	assert_int_equal(rec.seq, base + slow.lost);
	count = 1;
	do {
		expected_text(rec.seq - base, want);
		assert_string_equal(text, want);
	} while (log_read(&slow, &rec, text) && ++count);
	assert_int_equal(slow.lost + count, 5000);
	/* Half of the ring is text of such records at least. */
	assert_true(count * LOG_TEXT_MAX > LOGRING_SIZE / 2);
}

static void check_prefix(const struct log_record *rec, const char *want)
{
	char prefix[LOG_PREFIX_MAX];

	assert_int_equal(log_prefix(rec, prefix), strlen(want));
	assert_string_equal(prefix, want);
}

static void test_prefix(void **state)
{
	struct log_record rec = {.ticks = 12345678, .cpu = 3, .level = LOG_INFO};

	(void)state;
	check_prefix(&rec, "[    0.012345] cpu3: ");
	rec.level = LOG_WARNING;
	check_prefix(&rec, "[    0.012345] cpu3: warning: ");
	rec.level = LOG_ERR;
	rec.ticks = 123456789012345678;
	rec.cpu = 4294967295;
	check_prefix(&rec, "[123456789.012345] cpu4294967295: error: ");
	rec.level = LOG_EMERG;
	rec.ticks = 0;
	rec.cpu = 0;
	check_prefix(&rec, "[    0.000000] cpu0: ");
	rec.raw = true;
	check_prefix(&rec, "");

	rec.raw = false;
	timebase_hz = 1;
	check_prefix(&rec, "[    -.------] cpu0: ");
	timebase_hz = 1000000000;
}

static void test_level_words(void **state)
{
	(void)state;
	for (int level = 0; level <= 7; level++) {
		assert_int_equal(log_level_parse(log_level_name(level)), level);
		assert_int_equal(log_level_parse((char[]){(char)('0' + level), '\0'}), level);
	}
	assert_int_equal(log_level_parse("8"), -EINVAL);
	assert_int_equal(log_level_parse("-1"), -EINVAL);
	assert_int_equal(log_level_parse("07"), -EINVAL);
	assert_int_equal(log_level_parse("err"), LOG_ERR);
	assert_int_equal(log_level_parse("warn"), LOG_WARNING);
	assert_int_equal(log_level_parse("e"), -EINVAL);
	assert_int_equal(log_level_parse("errors"), -EINVAL);
	assert_int_equal(log_level_parse(""), -EINVAL);
}

static void test_ratelimit(void **state)
{
	struct ratelimit rl = RATELIMIT_INIT(50, 3);
	unsigned int held, passed = 0;

	(void)state;
	for (int i = 0; i < 10; i++) {
		passed += ratelimit_pass(&rl, &held);
		assert_int_equal(held, 0);
	}
	assert_int_equal(passed, 3);
	udelay(60000);
	assert_true(ratelimit_pass(&rl, &held));
	assert_int_equal(held, 7);
	assert_true(ratelimit_pass(&rl, &held));
	assert_int_equal(held, 0);
}

static void test_ratelimited_messages(void **state)
{
	struct log_reader reader = at_end();
	struct log_record rec;
	char text[LOG_TEXT_MAX + 1];
	unsigned int n = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		pr_err_ratelimited("again %d", i);
	while (log_read(&reader, &rec, text))
		n++;
	assert_int_equal(n, 10);
}

#define WRITERS	 4
#define MESSAGES 4000

static void write_or_read(unsigned int cpu, void *arg)
{
	struct log_reader *reader = arg;
	struct log_record rec;
	char text[LOG_TEXT_MAX + 1];
	unsigned long last[WRITERS + 1] = {0};
	uint64_t seen = 0, next = 0;

	if (cpu) {
		for (unsigned long i = 1; i <= MESSAGES; i++)
			printk(LOG_DEBUG, "%u %lu %.*s", cpu, i, (int)(i % 50),
			       "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
		return;
	}
	while (seen + reader->lost < (uint64_t)WRITERS * MESSAGES) {
		unsigned int from;
		unsigned long i;
		int used;

		if (!log_read(reader, &rec, text))
			continue;
		seen++;
		/* Numbers without holes but for what is counted as lost. */
		assert_true(rec.seq >= next);
		next = rec.seq + 1;
		assert_int_equal(sscanf(text, "%u %lu %n", &from, &i, &used), 2);
		assert_int_equal(from, rec.cpu);
		assert_true(from >= 1 && from <= WRITERS && i > last[from] && i <= MESSAGES);
		last[from] = i;
		assert_int_equal(strlen(text + used), i % 50);
	}
	assert_false(log_read(reader, &rec, text));
}

static void test_reading_while_others_write(void **state)
{
	struct log_reader reader = at_end();

	(void)state;
	host_harts_run(WRITERS + 1, write_or_read, &reader);
}

/* A hart that died with the ring locked must not silence the one that reports it. */
static void test_panic_breaks_the_lock(void **state)
{
	struct log_reader reader = at_end();
	struct log_record rec;
	char text[LOG_TEXT_MAX + 1];

	(void)state;
	lock_ring();
	local_irq_enable();
	host_panicking = true;
	printk(LOG_DEBUG, "last words");
	assert_true(log_read(&reader, &rec, text));
	assert_string_equal(text, "last words");
	host_panicking = false;
	printk(LOG_DEBUG, "and more");
	assert_true(log_read(&reader, &rec, text));
	assert_string_equal(text, "and more");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_stored),
	cmocka_unit_test(test_long_texts_are_cut_visibly),
	cmocka_unit_test(test_oldest_give_way),
	cmocka_unit_test(test_prefix),
	cmocka_unit_test(test_level_words),
	cmocka_unit_test(test_ratelimit),
	cmocka_unit_test(test_ratelimited_messages),
	cmocka_unit_test(test_reading_while_others_write),
	cmocka_unit_test(test_panic_breaks_the_lock),
};

HOST_MAIN(tests)
