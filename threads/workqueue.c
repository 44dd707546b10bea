/* SPDX-License-Identifier: BSD-2-Clause */
/* Works: what is queued, now or later, and taken back. */
#include "threads/workqueue.h"

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/symbols.h"
#include "core/time.h"
#include "threads/wait.h"
#include "threads/workpool.h"

/* Those who wait for another's cancel to be over. */
static DECLARE_WAIT_QUEUE_HEAD(cancels);

void work_init(struct work_struct *work, work_func_t func)
{
	*work = (struct work_struct){.func = func};
	INIT_LIST_HEAD(&work->entry);
}

bool work_pending(const struct work_struct *work)
{
	return atomic_load_explicit(&work->state, memory_order_relaxed) & WORK_PENDING;
}

/*
 * The pool for a work that is pending, and not listed, locked: where it runs, if it does, so that
 * it does not run twice at once.
 */
static struct work_pool *lock_new_pool(unsigned int cpu, const struct workqueue_struct *wq,
				       struct work_struct *work) __acquires(&unbound_pool.lock)
{
	struct work_pool *pool = lock_pool_of(work);

	while (!pool_runner(pool, work)) {
		spin_unlock(&pool->lock);
		pool = wq->flags & WQ_UNBOUND ? &unbound_pool : pool_of(cpu);
		spin_lock(&pool->lock);
		if (pool_is_open(pool))
			break;
	}
	return pool;
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
		work_func_name(work->func, name));
	give_pending_back(work);
	return false;
}

/*
 * Lists a work that the caller has made pending, and that is not touched afterwards. Interrupts
 * off.
 */
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
	bool listed = pool_lists(pool, work);

	if (listed)
		pool_remove(pool, work);
	spin_unlock(&pool->lock);
	return listed;
}

static __cold __noreturn void cannot_grab(const struct work_struct *work)
{
	char name[SYMBOL_TEXT_MAX];

	panic("work %s is pending, and nobody queues it: a delayed one, cancelled as if not?",
	      work_func_name(work->func, name));
}

/* Looks between two of the clock. */
#define LOOKS 64

enum grabbed { GRABBED_IDLE, GRABBED_PENDING, GRAB_CANCELING };

/*
 * Makes it pending by the caller, whatever it was, so that nobody else lists it; dwork: with a
 * timer. Where it is neither on a list nor at its timer but pending, somebody is about to put it
 * there, interrupts off. Interrupts off at the call, and on the return.
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

/*
 * Takes it from its timer and lists it. False: it may be just where its timer, or who queues it, is
 * about to list it.
 */
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
