/* SPDX-License-Identifier: BSD-2-Clause */
/* Workqueues: who waits for works, one or all, and what they have in common. */
#include <errno.h>
#include <stdio.h>

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/symbols.h"
#include "core/time.h"
#include "threads/wait.h"
#include "threads/workpool.h"

unsigned int work_timeout_ms = 10000;
PARAM_UINT("work_timeout_ms", work_timeout_ms, 1, 1000000,
	   "how long one waits for works before it is reported");

#define SYSTEM_WQ(wq, text, f)                                                            \
	static struct workqueue_struct wq = {.name = (text),                              \
					     .flags = (f),                                \
					     .flush_mutex = MUTEX_INIT((wq).flush_mutex), \
					     .lock = SPINLOCK_INIT("workqueue")}
SYSTEM_WQ(bound_wq, "system", 0);
SYSTEM_WQ(unbound_wq, "system_unbound", WQ_UNBOUND);
struct workqueue_struct *const system_wq = &bound_wq, *const system_unbound_wq = &unbound_wq;

const char *work_func_name(work_func_t func, char *buf)
{
	symbol_lookup((unsigned long)func, buf, SYMBOL_TEXT_MAX);
	return buf;
}

struct workqueue_struct *alloc_workqueue(const char *name, unsigned int flags)
{
	struct workqueue_struct *wq = flags & ~WQ_UNBOUND ? NULL : kzalloc(sizeof(*wq));

	if (!wq)
		return NULL;
	snprintf(wq->name, sizeof(wq->name), "%s", name);
	wq->flags = flags;
	mutex_init(&wq->flush_mutex);
	spin_lock_init(&wq->lock, "workqueue");
	return wq;
}

bool workqueue_get(struct workqueue_struct *wq, unsigned int *color, bool chained)
{
	bool good;

	spin_lock(&wq->lock);
	good = !wq->draining || chained;
	*color = wq->color;
	wq->listed[*color] += good;
	spin_unlock(&wq->lock);
	return good;
}

void workqueue_put(struct workqueue_struct *wq, unsigned int color)
{
	struct completion *flushed = NULL;

	spin_lock(&wq->lock);
	if (!--wq->listed[color] && color != wq->color) {
		flushed = wq->flushed;
		wq->flushed = NULL;
	}
	spin_unlock(&wq->lock);
	/* By now the workqueue may be gone, but who waits is there. */
	if (flushed)
		complete(flushed);
}

static void wait_reporting(struct completion *done, const char *what, const char *name)
{
	uint64_t since = time_now();

	while (!wait_for_completion_timeout(done, ns_to_ticks(work_timeout_ms * 1000000UL)))
		pr_warn("thread %s waits since %lu ms for %s %s", current->comm,
			ticks_to_ns(time_now() - since) / 1000000, what, name);
}

/*
 * Waits until the listing of that time is over. The pool's lock is held, interrupts were flags
 * before; neither afterwards.
 */
static void wait_for_listing(struct work_pool *pool, uint64_t seq, work_func_t func,
			     unsigned long flags) __releases(&pool->lock)
{
	struct flusher flusher = {.seq = seq};
	char name[SYMBOL_TEXT_MAX];

	init_completion(&flusher.done);
	list_add_tail(&flusher.entry, &pool->flushers);
	spin_unlock(&pool->lock);
	local_irq_restore(flags);
	wait_reporting(&flusher.done, "work", work_func_name(func, name));
}

static bool waits_for_itself(const struct worker *runner, const char *what)
{
	char name[SYMBOL_TEXT_MAX];

	if (!runner || runner->task != current)
		return false;
	pr_err("work %s: %s of itself does not wait", work_func_name(runner->func, name), what);
	return true;
}

bool wait_for_work(struct work_struct *work, bool queued, const char *what)
{
	unsigned long flags = local_irq_save();
	struct work_pool *pool = lock_pool_of(work);
	struct worker *runner;

	runner = pool_runner(pool, work);
	if (queued && pool_lists(pool, work)) {
		wait_for_listing(pool, work->seq, work->func, flags);
		return true;
	}
	if (!runner || waits_for_itself(runner, what)) {
		spin_unlock(&pool->lock);
		local_irq_restore(flags);
		return false;
	}
	wait_for_listing(pool, runner->seq, runner->func, flags);
	return true;
}

bool flush_work(struct work_struct *work)
{
	might_sleep();
	return wait_for_work(work, true, "flush_work");
}

void flush_workqueue(struct workqueue_struct *wq)
{
	struct completion flushed;
	unsigned long flags;
	bool none;

	might_sleep();
	if (runs_work_of(wq)) {
		pr_err("workqueue %s: flushed by one of its works, does not wait", wq->name);
		return;
	}
	init_completion(&flushed);
	mutex_lock(&wq->flush_mutex);
	flags = spin_lock_irqsave(&wq->lock);
	none = !wq->listed[wq->color];
	wq->color = !wq->color;
	wq->flushed = none ? NULL : &flushed;
	spin_unlock_irqrestore(&wq->lock, flags);
	if (!none)
		wait_reporting(&flushed, "the works of workqueue", wq->name);
	mutex_unlock(&wq->flush_mutex);
}

/* True if nothing is queued there. */
static bool is_empty(struct workqueue_struct *wq, int drains)
{
	unsigned long flags = spin_lock_irqsave(&wq->lock);
	bool empty = !wq->listed[0] && !wq->listed[1];

	wq->draining += (unsigned int)drains;
	spin_unlock_irqrestore(&wq->lock, flags);
	return empty;
}

void drain_workqueue(struct workqueue_struct *wq)
{
	if (runs_work_of(wq)) {
		pr_err("workqueue %s: drained by one of its works, does not wait", wq->name);
		return;
	}
	is_empty(wq, 1);
	for (unsigned int flushes = 1;; flushes++) {
		flush_workqueue(wq);
		if (is_empty(wq, 0))
			break;
		if (flushes == 10 || flushes % 1000 == 0)
			pr_warn("workqueue %s: not drained after %u flushes", wq->name, flushes);
	}
	is_empty(wq, -1);
}

int destroy_workqueue(struct workqueue_struct *wq)
{
	if (wq == system_wq || wq == system_unbound_wq) {
		pr_err("workqueue %s is the system's: it is not destroyed", wq->name);
		return -EINVAL;
	}
	drain_workqueue(wq);
	kfree(wq);
	return 0;
}

struct call_on_cpu {
	struct work_struct work;
	int (*func)(void *par);
	void *par;
	unsigned int cpu;
	int result;
};

static void call_here(struct work_struct *work)
{
	struct call_on_cpu *call = container_of(work, struct call_on_cpu, work);

	if (smp_processor_id() == call->cpu)
		call->result = call->func(call->par);
}

int smp_call_on_cpu(unsigned int cpu, int (*func)(void *par), void *par)
{
	struct call_on_cpu call = {.func = func, .par = par, .cpu = cpu, .result = -ENXIO};

	if (cpu >= nr_cpu_ids || !cpumask_test_cpu(cpu, cpu_online_mask))
		return -ENXIO;
	INIT_WORK(&call.work, call_here);
	queue_work_on(cpu, system_wq, &call.work);
	flush_work(&call.work);
	return call.result;
}
