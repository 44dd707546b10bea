/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of log records under one lock: fixed memory, the oldest give way, nobody waits for a
 * reader.
 */
#include <stdatomic.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/logring.h"
#include "core/panic.h"
#include "core/spinlock.h"
#include "core/time.h"

/*
 * Positions count bytes since boot and never wrap; their low bits index the ring.
 *
 *   ring_tail                                   ring_head
 *      | header text pad | header text pad | ... |
 *
 * Records begin at multiples of a header's size, so a header never wraps; a text may.
 */
struct ring_header {
	uint64_t ticks;
	uint32_t cpu;
	uint16_t len;
	uint8_t level;
	uint8_t raw;
};

#define HEADER sizeof(struct ring_header)
_Static_assert(HEADER == 16 && LOGRING_SIZE % HEADER == 0, "a header would wrap");
_Static_assert((LOGRING_SIZE & (LOGRING_SIZE - 1)) == 0, "positions are masked");
_Static_assert(LOG_TEXT_MAX + 2 * HEADER <= LOGRING_SIZE / 2, "a record must fit");

static union {
	uint64_t words[LOGRING_SIZE / 8];
	struct ring_header headers[LOGRING_SIZE / HEADER];
} ring __section(".noinit") __aligned(16);

/* All below are written under ring_lock. */
static spinlock_t ring_lock = SPINLOCK_INIT("log ring");
static uint64_t ring_tail, ring_tail_seq;
static _Atomic uint64_t ring_head;
static uint64_t ring_head_seq;
/* Sequentially consistent against the console's owner word: see console_drain(). */
static _Atomic uint64_t ring_due;
static struct log_reader console_reader;
static _Atomic uint64_t ring_taken; /* console_reader.pos, readable without the lock */

/* How long a panic waits for another hart that is inside: it needs microseconds, if it is alive. */
#define RING_PANIC_MS 10

static unsigned long lock_ring(void) __acquires(&ring_lock)
{
	if (unlikely(panic_in_progress())) {
		unsigned long flags = local_irq_save();
		uint64_t deadline = deadline_ms(RING_PANIC_MS);

		while (!spin_trylock(&ring_lock)) {
			if (spin_is_held(&ring_lock) || time_now() >= deadline) {
				/*
				 * This hart died inside, or the holder did: at worst one record is
				 * torn.
				 */
				spin_lock_init(&ring_lock, "log ring");
				deadline = deadline_ms(RING_PANIC_MS);
			}
			cpu_relax();
		}
		__acquire(&ring_lock);
		return flags;
	}
	return spin_lock_irqsave(&ring_lock);
}

static void unlock_ring(unsigned long flags) __releases(&ring_lock)
{
	spin_unlock_irqrestore(&ring_lock, flags);
}

static struct ring_header *header_at(uint64_t pos)
{
	return &ring.headers[(pos & (LOGRING_SIZE - 1)) / HEADER];
}

static size_t record_size(size_t len)
{
	return HEADER + ALIGN_UP(len, HEADER);
}

static bool record_shows(int level, bool raw)
{
	return raw || level < log_console_level() || level == LOG_EMERG;
}

static void drop_oldest(void)
{
	const struct ring_header *h = header_at(ring_tail);

	if (console_reader.pos <= ring_tail && record_shows(h->level, h->raw))
		console_reader.lost++;
	ring_tail += record_size(h->len);
	ring_tail_seq++;
}

bool logring_write(int level, bool raw, const union log_text *text, size_t len)
{
	bool due = record_shows(level, raw);
	size_t size = record_size(len);
	unsigned long flags = lock_ring();
	uint64_t head = atomic_load_explicit(&ring_head, memory_order_relaxed);
	uint64_t word = (head + HEADER) / 8;

	while (head + size - ring_tail > LOGRING_SIZE)
		drop_oldest();

	*header_at(head) = (struct ring_header){
		/* Read inside the lock: the times of the log never go back. */
		.ticks = time_now(),  .cpu = smp_processor_id(),
		.len = (uint16_t)len, .level = (uint8_t)level,
		.raw = raw,
	};
	for (size_t i = 0; i < (len + 7) / 8; i++)
		ring.words[word++ % (LOGRING_SIZE / 8)] = text->words[i];

	head += size;
	ring_head_seq++;
	atomic_store_explicit(&ring_head, head, memory_order_release);
	if (due)
		atomic_store(&ring_due, head);
	unlock_ring(flags);
	return due;
}

/* Reads the header the reader is at and steps behind it; NULL at the end. Under ring_lock. */
static const struct ring_header *step(struct log_reader *reader, uint64_t *word)
{
	const struct ring_header *h;

	if (reader->pos == atomic_load_explicit(&ring_head, memory_order_relaxed))
		return NULL;
	h = header_at(reader->pos);
	*word = (reader->pos + HEADER) / 8;
	reader->pos += record_size(h->len);
	reader->seq++;
	return h;
}

static void copy_record(const struct ring_header *h, uint64_t seq, uint64_t word,
			struct log_record *rec, union log_text *text)
{
	*rec = (struct log_record){
		.seq = seq,
		.ticks = h->ticks,
		.cpu = h->cpu,
		.level = h->level,
		.raw = h->raw,
		/* A record that a panic tore must not overrun text. */
		.len = MIN(h->len, (size_t)LOG_TEXT_MAX),
	};
	for (size_t i = 0; i < (rec->len + 7) / 8; i++)
		text->words[i] = ring.words[word++ % (LOGRING_SIZE / 8)];
}

bool logring_next(struct log_reader *reader, struct log_record *rec, union log_text *text)
{
	unsigned long flags = lock_ring();
	const struct ring_header *h;
	uint64_t word;

	if (reader->pos < ring_tail) {
		reader->lost += ring_tail_seq - reader->seq;
		reader->pos = ring_tail;
		reader->seq = ring_tail_seq;
	}
	h = step(reader, &word);
	if (h)
		copy_record(h, reader->seq - 1, word, rec, text);
	unlock_ring(flags);
	return h;
}

bool logring_take(struct log_record *rec, union log_text *text, uint64_t *lost)
{
	unsigned long flags = lock_ring();
	struct log_reader *reader = &console_reader;
	const struct ring_header *h;
	uint64_t word;

	/*
	 * What drop_oldest counted is more exact than the difference of numbers: some were not to
	 * be shown.
	 */
	if (reader->pos < ring_tail) {
		reader->pos = ring_tail;
		reader->seq = ring_tail_seq;
	}
	*lost += reader->lost;
	reader->lost = 0;
	do {
		h = step(reader, &word);
	} while (h && !record_shows(h->level, h->raw));
	if (h)
		copy_record(h, reader->seq - 1, word, rec, text);
	atomic_store(&ring_taken, reader->pos);
	unlock_ring(flags);
	return h;
}

void logring_take_all(void)
{
	unsigned long flags = lock_ring();

	console_reader.pos = atomic_load_explicit(&ring_head, memory_order_relaxed);
	console_reader.seq = ring_head_seq;
	atomic_store(&ring_taken, console_reader.pos);
	unlock_ring(flags);
}

uint64_t logring_taken(void)
{
	return atomic_load(&ring_taken);
}

uint64_t logring_due(void)
{
	return atomic_load(&ring_due);
}

uint64_t logring_end(void)
{
	return atomic_load_explicit(&ring_head, memory_order_acquire);
}
