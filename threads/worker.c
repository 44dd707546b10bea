/* SPDX-License-Identifier: BSD-2-Clause */
/* Workers: threads that run works, and who makes them. */
#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "core/init.h"
#include "core/kmalloc.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/symbols.h"
#include "core/time.h"
#include "threads/kthread.h"
#include "threads/wait.h"
#include "threads/workpool.h"

/* So long one worker more than needed sleeps before it leaves. */
#define WORKER_IDLE_S 5
/* After this, making a worker is tried again. */
#define RETRY_MS 100

/* Makes workers, as those who see that one is wanting may not sleep. */
static struct task_struct *maker;
static _Atomic unsigned int maker_asked;

void worker_wanted(struct work_pool *pool)
{
	if (pool->nr_workers >= WORKERS_MAX)
		return;
	pool->wants_worker = true;
	atomic_store_explicit(&maker_asked, 1, memory_order_relaxed);
	if (maker)
		wake_up_process(maker);
}

static bool runs_here(struct work_pool *pool, const struct workqueue_struct *wq)
{
	unsigned long flags = spin_lock_irqsave(&pool->lock);
	struct worker *worker;
	bool runs = false;

	list_for_each_entry (worker, &pool->busy, entry)
		runs |= worker->task == current && worker->wq == wq;
	spin_unlock_irqrestore(&pool->lock, flags);
	return runs;
}

bool runs_work_of(const struct workqueue_struct *wq)
{
	bool runs = runs_here(&unbound_pool, wq);
	unsigned int cpu;

	for_each_populated_cpu (cpu)
		runs |= runs_here(per_cpu_ptr(&work_pool, cpu), wq);
	return runs;
}

/* Where works are bound, back to their cpu, should it have been down. */
static void go_home(const struct work_pool *pool)
{
	if (likely(smp_processor_id() == pool->cpu) || !pool_is_open(pool))
		return;
	current->move_to = pool->cpu;
	yield();
}

static __cold __noreturn void work_misbehaved(const struct worker *worker)
{
	char name[SYMBOL_TEXT_MAX];

	symbol_lookup((unsigned long)worker->func, name, sizeof(name));
	panic("work %s returns with preempt_count %u, interrupts %s", name,
	      current->head.preempt_count, irqs_disabled() ? "off" : "on");
}

/* The lock is held, but while func runs. */
static void run_work(struct worker *worker, struct work_struct *work, unsigned long flags)
	__must_hold(&worker->pool->lock)
{
	struct work_pool *pool = worker->pool;

	worker->work = work;
	worker->func = work->func;
	worker->wq = work->wq;
	worker->color = work->color;
	worker->seq = work->seq;
	list_del_init(&work->entry);
	list_add(&worker->entry, &pool->busy);
	pool->nr_busy++;
	pool->taken++;
	if (pool_next(pool))
		pool_see_to_it(pool);
	/*
	 * Acquire: what was done before each queueing, also those that found it pending, is seen by
	 * func.
	 */
	atomic_fetch_and_explicit(&work->state, ~(WORK_PENDING | WORK_LISTED),
				  memory_order_acq_rel);
	spin_unlock_irqrestore(&pool->lock, flags);

	worker->func(work);
	if (unlikely(current->head.preempt_count || irqs_disabled()))
		work_misbehaved(worker);

	spin_lock_irqsave(&pool->lock);
	list_del_init(&worker->entry);
	pool->nr_busy--;
	pool_end_listing(pool, worker->seq);
	workqueue_put(worker->wq, worker->color);
}

/* Sleeps until there may be work; false: it is too much, and leaves. The lock is held. */
static bool rest(struct worker *worker, unsigned long flags) __releases(&worker->pool->lock)
{
	struct work_pool *pool = worker->pool;
	uint64_t left = 1;
	bool leaves;

	list_add(&worker->entry, &pool->idle);
	pool->nr_idle++;
	/* Within the lock: whoever takes it from the list after this wakes it after this. */
	__set_current_state(TASK_INTERRUPTIBLE);
	leaves = pool->nr_idle > 1;
	spin_unlock_irqrestore(&pool->lock, flags);
	if (leaves)
		left = schedule_timeout(WORKER_IDLE_S * timebase_hz);
	else
		schedule();
	flags = spin_lock_irqsave(&pool->lock);
	__set_current_state(TASK_RUNNING);
	leaves = false;
	if (!list_empty(&worker->entry)) {
		pool_leave_idle(pool, worker);
		leaves = !left && pool->nr_idle;
	}
	pool->nr_workers -= leaves;
	spin_unlock_irqrestore(&pool->lock, flags);
	return !leaves;
}

static int worker_main(void *data)
{
	struct worker *worker = data;
	struct work_pool *pool = worker->pool;
	struct work_struct *work;
	unsigned long flags;

	for (;;) {
		if (pool->cpu != CPU_ANY)
			go_home(pool);
		flags = spin_lock_irqsave(&pool->lock);
		work = pool_next(pool);
		if (work) {
			run_work(worker, work, flags);
			spin_unlock_irqrestore(&pool->lock, flags);
		} else if (!rest(worker, flags)) {
			break;
		}
	}
	kfree(worker);
	return 0;
}

/* It first runs when there is a work for it. False: no memory. */
bool worker_make(struct work_pool *pool)
{
	static _Atomic unsigned int unbound;
	struct worker *worker = kzalloc(sizeof(*worker));
	unsigned long flags;

	if (!worker)
		return false;
	worker->pool = pool;
	if (pool->cpu == CPU_ANY)
		worker->task = kthread_create(worker_main, worker, "kworker/u%u",
					      atomic_fetch_add(&unbound, 1));
	else
		worker->task = kthread_create_on_cpu(worker_main, worker, pool->cpu, "kworker/%u");
	if (IS_ERR(worker->task)) {
		kfree(worker);
		return false;
	}
	flags = spin_lock_irqsave(&pool->lock);
	pool->nr_workers++;
	list_add(&worker->entry, &pool->idle);
	pool->nr_idle++;
	pool->wants_worker = false;
	if (pool_next(pool))
		pool_one_more(pool);
	spin_unlock_irqrestore(&pool->lock, flags);
	return true;
}

static bool serve(struct work_pool *pool)
{
	unsigned long flags = spin_lock_irqsave(&pool->lock);
	bool wants = pool->wants_worker;

	spin_unlock_irqrestore(&pool->lock, flags);
	return !wants || worker_make(pool);
}

static int maker_main(void *data)
{
	(void)data;
	for (bool good = true;;) {
		unsigned int cpu;

		set_current_state(TASK_INTERRUPTIBLE);
		if (!good)
			schedule_timeout(ns_to_ticks(RETRY_MS * 1000000UL));
		else if (!atomic_load_explicit(&maker_asked, memory_order_relaxed))
			schedule();
		__set_current_state(TASK_RUNNING);
		/* Acquire: a pool that wants one from here on asks again. */
		atomic_exchange_explicit(&maker_asked, 0, memory_order_acq_rel);
		good = serve(&unbound_pool);
		for_each_populated_cpu (cpu)
			good &= serve(per_cpu_ptr(&work_pool, cpu));
		if (!good)
			pr_warn("workqueue: no memory for one more worker");
	}
	return 0;
}

static int maker_init(void)
{
	struct task_struct *task = kthread_create(maker_main, NULL, "kworkers");

	if (IS_ERR(task))
		return (int)PTR_ERR(task);
	maker = task;
	worker_make(&unbound_pool);
	wake_up_process(task);
	return 0;
}
INITCALL(INIT_THREADS, maker_init);
