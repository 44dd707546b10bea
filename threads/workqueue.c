/* SPDX-License-Identifier: BSD-2-Clause */
/* Workqueues: what is queued, taken back, and waited for. */
#include "threads/workqueue.h"

#include <errno.h>
#include <stdio.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/panic.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/symbols.h"
#include "core/time.h"
#include "threads/mutex.h"
#include "threads/wait.h"
#include "threads/workpool.h"

static unsigned int work_timeout_ms = 10000;
PARAM_UINT("work_timeout_ms", work_timeout_ms, 1, 1000000,
	   "how long one waits for works before it is reported");

/*
 * A flush gives what is queued from then on the other color, and waits until none of the first is left. One at a time:
 * so the color that it changes to is no work's any more.
 */
struct workqueue_struct {
	char name[24];
	unsigned int flags;
	struct mutex flush_mutex;
	spinlock_t lock; /* guards what follows */
	unsigned int color;
	unsigned int listed[2];	    /* works of each color that are listed, or run */
	struct completion *flushed; /* of who waits for the color that is not color, or NULL */
	unsigned int draining;	    /* how many drain it */
};

#define SYSTEM_WQ(wq, text, f)                                                            \
	static struct workqueue_struct wq = {.name = (text),                              \
					     .flags = (f),                                \
					     .flush_mutex = MUTEX_INIT((wq).flush_mutex), \
					     .lock = SPINLOCK_INIT("workqueue")}
SYSTEM_WQ(bound_wq, "system", 0);
SYSTEM_WQ(unbound_wq, "system_unbound", WQ_UNBOUND);
struct workqueue_struct *const system_wq = &bound_wq, *const system_unbound_wq = &unbound_wq;

/* Those who wait for another's cancel to be over. */
static DECLARE_WAIT_QUEUE_HEAD(cancels);

static const char *func_name(work_func_t func, char *buf)
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

void work_init(struct work_struct *work, work_func_t func)
{
	*work = (struct work_struct){.func = func};
	INIT_LIST_HEAD(&work->entry);
}

bool work_pending(const struct work_struct *work)
{
	return atomic_load_explicit(&work->state, memory_order_relaxed) & WORK_PENDING;
}

/* The pool where it is listed or was last, locked; NULL: it never was. Interrupts off. */
static struct work_pool *lock_pool_of(struct work_struct *work)
{
	struct work_pool *pool;

	for (;;) {
		pool = atomic_load_explicit(&work->pool, memory_order_acquire);
		if (!pool)
			return NULL;
		spin_lock(&pool->lock);
		if (atomic_load_explicit(&work->pool, memory_order_relaxed) == pool)
			return pool;
		spin_unlock(&pool->lock);
	}
}

/* The pool for a work that is pending, and not listed, locked: where it runs, if it does, so that it does not run twice at once. */
static struct work_pool *lock_new_pool(unsigned int cpu, const struct workqueue_struct *wq,
				       struct work_struct *work)
{
	struct work_pool *pool = lock_pool_of(work);

	if (pool) {
		if (pool_runner(pool, work))
			return pool;
		spin_unlock(&pool->lock);
	}
	for (;;) {
		pool = wq->flags & WQ_UNBOUND ? &unbound_pool : pool_of(cpu);
		spin_lock(&pool->lock);
		if (pool_is_open(pool))
			return pool;
		spin_unlock(&pool->lock);
	}
}

static bool workqueue_get(struct workqueue_struct *wq, unsigned int *color, bool chained)
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

static void give_pending_back(struct work_struct *work)
{
	/* Release: pairs with who sets it next, and with who waits for a cancel to be over. */
	atomic_fetch_and_explicit(&work->state, ~(WORK_PENDING | WORK_CANCELING),
				  memory_order_release);
}

static bool refuse(struct workqueue_struct *wq, struct work_struct *work)
{
	char name[SYMBOL_TEXT_MAX];

	pr_warn("workqueue %s is being drained: %s is not queued", wq->name,
		func_name(work->func, name));
	give_pending_back(work);
	return false;
}

/* Lists a work that the caller has made pending, and that is not touched afterwards. Interrupts off. */
static bool list(unsigned int cpu, struct workqueue_struct *wq, struct work_struct *work)
{
	struct work_pool *pool;

	if (unlikely(!workqueue_get(wq, &work->color, false)) &&
	    !(runs_work_of(wq) && workqueue_get(wq, &work->color, true)))
		return refuse(wq, work);
	pool = lock_new_pool(cpu, wq, work);
	work->wq = wq;
	pool_add(pool, work);
	spin_unlock(&pool->lock);
	return true;
}

/* True if it was not yet. In either case what was done before is seen by func. */
static bool set_pending(struct work_struct *work)
{
	return !(atomic_fetch_or_explicit(&work->state, WORK_PENDING, memory_order_acq_rel) &
		 WORK_PENDING);
}

bool queue_work_on(unsigned int cpu, struct workqueue_struct *wq, struct work_struct *work)
{
	unsigned long flags = local_irq_save();
	bool queued = set_pending(work) && list(cpu, wq, work);

	local_irq_restore(flags);
	return queued;
}

static void delay_over(struct timer_list *timer)
{
	struct delayed_work *dwork = container_of(timer, struct delayed_work, timer);

	list(dwork->cpu, dwork->wq, &dwork->work);
}

void delayed_work_init(struct delayed_work *dwork, work_func_t func)
{
	work_init(&dwork->work, func);
	timer_setup(&dwork->timer, delay_over);
	spin_lock_init(&dwork->lock, "delayed work");
}

/* It is pending, by the caller. Interrupts off. */
static bool arm(unsigned int cpu, struct workqueue_struct *wq, struct delayed_work *dwork,
		uint64_t delay)
{
	if (!delay)
		return list(cpu, wq, &dwork->work);
	dwork->cpu = cpu;
	dwork->wq = wq;
	spin_lock(&dwork->lock);
	dwork->timer.expires = time_now() + delay;
	if (cpu >= nr_cpu_ids || add_timer_on(&dwork->timer, cpu))
		mod_timer(&dwork->timer, dwork->timer.expires);
	spin_unlock(&dwork->lock);
	return true;
}

bool queue_delayed_work_on(unsigned int cpu, struct workqueue_struct *wq,
			   struct delayed_work *dwork, uint64_t delay)
{
	unsigned long flags = local_irq_save();
	bool queued = set_pending(&dwork->work) && arm(cpu, wq, dwork, delay);

	local_irq_restore(flags);
	return queued;
}

static bool disarm(struct delayed_work *dwork)
{
	bool armed;

	spin_lock(&dwork->lock);
	armed = timer_delete(&dwork->timer);
	spin_unlock(&dwork->lock);
	return armed;
}

/* Takes it off the list, if it is on one. */
static bool unlist(struct work_struct *work)
{
	struct work_pool *pool = lock_pool_of(work);
	bool listed = pool && pool_lists(pool, work);

	if (listed)
		pool_remove(pool, work);
	if (pool)
		spin_unlock(&pool->lock);
	return listed;
}

static __cold __noreturn void cannot_grab(const struct work_struct *work)
{
	char name[SYMBOL_TEXT_MAX];

	panic("work %s is pending, and nobody queues it; is it a delayed one, cancelled as if it were not?",
	      func_name(work->func, name));
}

/* Looks between two of the clock. */
#define LOOKS 64

enum grabbed { GRABBED_IDLE, GRABBED_PENDING, GRAB_CANCELING };

/*
 * Makes it pending by the caller, whatever it was, so that nobody else lists it; dwork: with a timer. Where it is neither on a list nor
 * at its timer but pending, somebody is about to put it there, interrupts off. Interrupts off at the call, and on the return.
 */
static enum grabbed grab(struct work_struct *work, struct delayed_work *dwork)
{
	uint64_t since = 0;

	for (unsigned int looks = 1;; looks++) {
		if (dwork && disarm(dwork))
			return GRABBED_PENDING;
		if (set_pending(work))
			return GRABBED_IDLE;
		if (unlist(work))
			return GRABBED_PENDING;
		if (atomic_load_explicit(&work->state, memory_order_relaxed) & WORK_CANCELING)
			return GRAB_CANCELING;
		cpu_relax();
		if (looks % LOOKS)
			continue;
		since = since ? since : time_now();
		if (ticks_to_ns(time_now() - since) / 1000000 > work_timeout_ms)
			cannot_grab(work);
	}
}

bool mod_delayed_work_on(unsigned int cpu, struct workqueue_struct *wq, struct delayed_work *dwork,
			 uint64_t delay)
{
	unsigned long flags = local_irq_save();
	enum grabbed was = grab(&dwork->work, dwork);

	if (was != GRAB_CANCELING)
		arm(cpu, wq, dwork, delay);
	local_irq_restore(flags);
	return was == GRABBED_PENDING;
}

static bool cancel(struct work_struct *work, struct delayed_work *dwork)
{
	unsigned long flags = local_irq_save();
	enum grabbed was = grab(work, dwork);

	if (was != GRAB_CANCELING)
		give_pending_back(work);
	local_irq_restore(flags);
	return was == GRABBED_PENDING;
}

bool cancel_work(struct work_struct *work)
{
	return cancel(work, NULL);
}

bool cancel_delayed_work(struct delayed_work *dwork)
{
	return cancel(&dwork->work, dwork);
}

static void wait_reporting(struct completion *done, const char *what, const char *name)
{
	uint64_t since = time_now();

	while (!wait_for_completion_timeout(done, ns_to_ticks(work_timeout_ms * 1000000UL)))
		pr_warn("thread %s waits since %lu ms for %s %s", current->comm,
			ticks_to_ns(time_now() - since) / 1000000, what, name);
}

/* Waits until the listing of that time is over. The pool's lock is held, interrupts were flags before; neither afterwards. */
static void wait_for_listing(struct work_pool *pool, uint64_t seq, work_func_t func,
			     unsigned long flags)
{
	struct flusher flusher = {.seq = seq};
	char name[SYMBOL_TEXT_MAX];

	init_completion(&flusher.done);
	list_add_tail(&flusher.entry, &pool->flushers);
	spin_unlock(&pool->lock);
	local_irq_restore(flags);
	wait_reporting(&flusher.done, "work", func_name(func, name));
}

static bool waits_for_itself(const struct worker *runner, const char *what)
{
	char name[SYMBOL_TEXT_MAX];

	if (!runner || runner->task != current)
		return false;
	pr_err("work %s: %s of itself does not wait", func_name(runner->func, name), what);
	return true;
}

/* Waits until it does not run, or, queued, until that is over. */
static bool wait_for_work(struct work_struct *work, bool queued, const char *what)
{
	unsigned long flags = local_irq_save();
	struct work_pool *pool = lock_pool_of(work);
	struct worker *runner;

	if (!pool) {
		local_irq_restore(flags);
		return false;
	}
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

static bool is_cancelled(const struct work_struct *work)
{
	/* Acquire: pairs with the release of who is through. */
	return !(atomic_load_explicit(&work->state, memory_order_acquire) & WORK_CANCELING);
}

static bool cancel_sync(struct work_struct *work, struct delayed_work *dwork)
{
	enum grabbed was;

	might_sleep();
	for (;;) {
		unsigned long flags = local_irq_save();

		was = grab(work, dwork);
		if (was != GRAB_CANCELING)
			atomic_fetch_or_explicit(&work->state, WORK_CANCELING,
						 memory_order_relaxed);
		local_irq_restore(flags);
		if (was != GRAB_CANCELING)
			break;
		wait_event(cancels, is_cancelled(work));
	}
	wait_for_work(work, false, "cancel_work_sync");
	give_pending_back(work);
	wake_up_all(&cancels);
	return was == GRABBED_PENDING;
}

bool cancel_work_sync(struct work_struct *work)
{
	return cancel_sync(work, NULL);
}

bool cancel_delayed_work_sync(struct delayed_work *dwork)
{
	return cancel_sync(&dwork->work, dwork);
}

bool flush_work(struct work_struct *work)
{
	might_sleep();
	return wait_for_work(work, true, "flush_work");
}

/* Takes it from its timer and lists it. False: it may be just where its timer, or who queues it, is about to list it. */
static bool list_at_once(struct delayed_work *dwork)
{
	unsigned long flags = local_irq_save();
	bool armed = disarm(dwork);

	if (armed)
		list(dwork->cpu, dwork->wq, &dwork->work);
	local_irq_restore(flags);
	return armed ||
	       atomic_load_explicit(&dwork->work.state, memory_order_relaxed) != WORK_PENDING;
}

bool flush_delayed_work(struct delayed_work *dwork)
{
	/* Whoever that is has interrupts off. */
	while (!list_at_once(dwork))
		cpu_relax();
	return flush_work(&dwork->work);
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
