/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers of the suites of ipi/. */
#include "tests/kernel/calls.h"

#include <string.h>

#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/time.h"
#include "ipi/backend.h"
#include "ipi/call.h"
#include "tests/kernel/run_on.h"

#define SOON_MS 5000
#define HELD_MS 10000

unsigned int nth_other_cpu(unsigned int n)
{
	unsigned int cpu;

	for_each_online_cpu (cpu) {
		if (cpu != smp_processor_id() && !n--)
			return cpu;
	}
	return nr_cpu_ids;
}

bool soon(bool (*cond)(void *arg), void *arg)
{
	return poll_until(cond, arg, deadline_ms(SOON_MS));
}

struct word {
	_Atomic unsigned int *word;
	unsigned int n;
};

static bool word_reached(void *arg)
{
	struct word *word = arg;

	return atomic_load(word->word) >= word->n;
}

bool reaches(_Atomic unsigned int *word, unsigned int n)
{
	return soon(word_reached, &(struct word){word, n});
}

bool spin_until(_Atomic bool *flag)
{
	uint64_t deadline = deadline_ms(HELD_MS);

	while (!atomic_load(flag)) {
		if (time_now() > deadline)
			return false;
		cpu_relax();
	}
	return true;
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

void nap(void)
{
	poll_until(never, NULL, time_now() + ns_to_ticks(POLL_US * 1000));
}

static bool balanced(void *arg)
{
	struct call_totals t;

	(void)arg;
	call_stats_sum(&t);
	return t.queued == t.run;
}

bool calls_balance(void)
{
	return soon(balanced, NULL);
}

static void stay(void *arg)
{
	struct held *held = arg;

	atomic_store(&held->in, true);
	spin_until(&held->out);
}

static bool is_set(void *arg)
{
	return atomic_load((_Atomic bool *)arg);
}

bool hold_in_call(struct held *held, unsigned int cpu)
{
	*held = (struct held){.cpu = cpu};
	return !smp_call_function_single(cpu, stay, held, false) && soon(is_set, &held->in);
}

bool hold_in_job(struct held *held, unsigned int cpu)
{
	*held = (struct held){.cpu = cpu, .job = true};
	return !run_on(cpu, stay, held) && soon(is_set, &held->in);
}

bool job_done(void *arg)
{
	return run_on_done(*(unsigned int *)arg);
}

bool let_go(struct held *held)
{
	atomic_store(&held->out, true);
	return held->job ? soon(job_done, &held->cpu) : calls_balance();
}

/* The back end in use, but for one ring. */
static struct ipi_backend lossy;
static const struct ipi_backend *whole;
static _Atomic unsigned int to_lose; /* the cpu */

static void lossy_ring(unsigned int cpu)
{
	unsigned int lost = cpu;

	if (!atomic_compare_exchange_strong(&to_lose, &lost, UINT32_MAX))
		whole->ring(cpu);
}

void lose_ring(unsigned int cpu)
{
	whole = ipi_backend();
	lossy = *whole;
	lossy.ring = lossy_ring;
	lossy.ring_mask = NULL;
	atomic_store(&to_lose, cpu);
	atomic_store(&__ipi_backend, &lossy);
}

void rings_restore(void)
{
	atomic_store(&__ipi_backend, whole);
}

unsigned int set_timeout_ms(const char *name, unsigned int ms)
{
	unsigned int before = 0;

	TABLE_FOREACH (struct param, it, params) {
		if (!strcmp(it->name, name)) {
			before = *(unsigned int *)it->u.var;
			*(unsigned int *)it->u.var = ms;
		}
	}
	return before;
}

unsigned int set_csd_timeout_ms(unsigned int ms)
{
	return set_timeout_ms("csd_timeout_ms", ms);
}

static struct log_reader quiet_from;

int quiet_begin(void)
{
	struct log_record rec;
	static char text[LOG_TEXT_MAX + 1];
	int level = log_console_level();

	while (log_read(&quiet_from, &rec, text))
		;
	log_set_console_level(MIN(level, LOG_WARNING));
	return level;
}

void quiet_end(int level)
{
	log_set_console_level(level);
}

bool logged(const char *a, const char *b, const char *c)
{
	struct log_reader reader = quiet_from;
	struct log_record rec;
	static char text[LOG_TEXT_MAX + 1];

	while (log_read(&reader, &rec, text)) {
		if (strstr(text, a) && (!b || strstr(text, b)) && (!c || strstr(text, c)))
			return true;
	}
	return false;
}
