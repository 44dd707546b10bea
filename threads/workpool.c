/* SPDX-License-Identifier: BSD-2-Clause */
/* Workers: who runs works, how many they are, and where. */
#include "threads/workpool.h"

#include <errno.h>

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "core/hotplug.h"
#include "core/init.h"
#include "core/kmalloc.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/symbols.h"
#include "core/time.h"
#include "threads/kthread.h"
#include "threads/wait.h"

/* So long one worker more than needed sleeps before it leaves. */
#define WORKER_IDLE_S 5
/* After this, making a worker is tried again. */
#define RETRY_MS 100

static DEFINE_PER_CPU(struct work_pool, work_pool);
struct work_pool unbound_pool;

/* Makes workers, as those who see that one is wanting may not sleep. */
static struct task_struct *maker;
static _Atomic unsigned int maker_asked;

static void want_worker(struct work_pool *pool)
{
	if (pool->nr_workers >= WORKERS_MAX)
		return;
	pool->wants_worker = true;
	atomic_store_explicit(&maker_asked, 1, memory_order_relaxed);
	if (maker)
		wake_up_process(maker);
}

static void leave_idle(struct work_pool *pool, struct worker *worker)
{
	list_del_init(&worker->entry);
	pool->nr_idle--;
}

static void one_more(struct work_pool *pool)
{
	struct worker *worker;

	if (list_empty(&pool->idle)) {
		want_worker(pool);
		return;
	}
	worker = list_first_entry(&pool->idle, struct worker, entry);
	leave_idle(pool, worker);
	wake_up_process(worker->task);
}

static bool worker_comes(const struct work_pool *pool)
{
	return pool->wants_worker || pool->nr_workers > pool->nr_idle + pool->nr_busy;
}

static void watch(struct work_pool *pool)
{
	pool->taken_then = pool->taken;
	mod_timer(&pool->stuck, time_now() + ns_to_ticks(WORK_STUCK_MS * 1000000UL));
}

struct worker *pool_runner(struct work_pool *pool, struct work_struct *work)
{
	struct worker *worker;

	list_for_each_entry (worker, &pool->busy, entry) {
		/* Its memory may have become that of another work meanwhile. */
		if (worker->work == work && worker->func == work->func)
			return worker;
	}
	return NULL;
}

/* The oldest that does not run: the others wait until it has. */
static struct work_struct *next_work(struct work_pool *pool)
{
	struct work_struct *work;

	list_for_each_entry (work, &pool->works, entry) {
		if (!pool_runner(pool, work))
			return work;
	}
	return NULL;
}

/* There is a work that nobody runs: it is the next one's of a worker that comes, or one comes for it, or the timer looks. */
static void see_to_it(struct work_pool *pool)
{
	bool at_once = pool->cpu == CPU_ANY
			       ? !list_empty(&pool->idle) || pool->nr_workers < num_online_cpus()
			       : pool->nr_workers == pool->nr_idle;

	if (worker_comes(pool))
		return;
	if (at_once)
		one_more(pool);
	else if (!timer_pending(&pool->stuck))
		watch(pool);
}

/* A timer: when no work was begun since it looked last, those that have been begun sleep, or take their time. */
static void look_if_stuck(struct timer_list *timer)
{
	struct work_pool *pool = container_of(timer, struct work_pool, stuck);
	unsigned long flags = spin_lock_irqsave(&pool->lock);

	if (next_work(pool)) {
		if (pool->taken == pool->taken_then && !worker_comes(pool))
			one_more(pool);
		watch(pool);
	}
	spin_unlock_irqrestore(&pool->lock, flags);
}

void pool_add(struct work_pool *pool, struct work_struct *work)
{
	work->seq = ++pool->seq;
	store_relaxed(&work->pool, pool);
	list_add_tail(&work->entry, &pool->works);
	/* Release: who sees it listed sees where. */
	atomic_fetch_or_explicit(&work->state, WORK_LISTED, memory_order_release);
	see_to_it(pool);
}

static void end_listing(struct work_pool *pool, uint64_t seq)
{
	struct flusher *flusher, *n;

	list_for_each_entry_safe (flusher, n, &pool->flushers, entry) {
		if (flusher->seq == seq) {
			list_del_init(&flusher->entry);
			complete(&flusher->done);
		}
	}
}

void pool_remove(struct work_pool *pool, struct work_struct *work)
{
	list_del_init(&work->entry);
	atomic_fetch_and_explicit(&work->state, ~WORK_LISTED, memory_order_relaxed);
	end_listing(pool, work->seq);
	workqueue_put(work->wq, work->color);
}

/* Acquire: pairs with the release in pool_add. Its pool changes only where it is not listed, under the new pool's lock. */
bool pool_lists(struct work_pool *pool, struct work_struct *work)
{
	return atomic_load_explicit(&work->state, memory_order_acquire) & WORK_LISTED &&
	       atomic_load_explicit(&work->pool, memory_order_relaxed) == pool;
}

struct work_pool *pool_of(unsigned int cpu)
{
	struct work_pool *pool;

	if (cpu >= nr_cpu_ids || !percpu_base[cpu])
		cpu = smp_processor_id();
	pool = per_cpu_ptr(&work_pool, cpu);
	if (likely(pool_is_open(pool)))
		return pool;
	for_each_online_cpu (cpu) {
		pool = per_cpu_ptr(&work_pool, cpu);
		if (pool_is_open(pool))
			return pool;
	}
	return &unbound_pool;
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

	for_each_possible_cpu (cpu)
		runs |= percpu_base[cpu] && runs_here(per_cpu_ptr(&work_pool, cpu), wq);
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
	if (next_work(pool))
		see_to_it(pool);
	/* Acquire: what was done before each queueing, also those that found it pending, is seen by func. */
	atomic_fetch_and_explicit(&work->state, ~(WORK_PENDING | WORK_LISTED),
				  memory_order_acq_rel);
	spin_unlock_irqrestore(&pool->lock, flags);

	worker->func(work);
	if (unlikely(current->head.preempt_count || irqs_disabled()))
		work_misbehaved(worker);

	spin_lock_irqsave(&pool->lock);
	list_del_init(&worker->entry);
	pool->nr_busy--;
	end_listing(pool, worker->seq);
	workqueue_put(worker->wq, worker->color);
}

/* Sleeps until there may be work; false: it is too much, and leaves. The lock is held. */
static bool rest(struct worker *worker, unsigned long flags)
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
		leave_idle(pool, worker);
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

	do {
		if (pool->cpu != CPU_ANY)
			go_home(pool);
		flags = spin_lock_irqsave(&pool->lock);
		work = next_work(pool);
		if (work) {
			run_work(worker, work, flags);
			spin_unlock_irqrestore(&pool->lock, flags);
		}
	} while (work || rest(worker, flags));
	kfree(worker);
	return 0;
}

/* It first runs when there is a work for it. False: no memory. */
static bool make_worker(struct work_pool *pool)
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
	if (next_work(pool))
		one_more(pool);
	spin_unlock_irqrestore(&pool->lock, flags);
	return true;
}

static bool serve(struct work_pool *pool)
{
	unsigned long flags = spin_lock_irqsave(&pool->lock);
	bool wants = pool->wants_worker;

	spin_unlock_irqrestore(&pool->lock, flags);
	return !wants || make_worker(pool);
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
		for_each_possible_cpu (cpu)
			good &= !percpu_base[cpu] || serve(per_cpu_ptr(&work_pool, cpu));
		if (!good)
			pr_warn("workqueue: no memory for one more worker");
	}
	return 0;
}

unsigned int workqueue_workers(unsigned int cpu)
{
	struct work_pool *pool = &unbound_pool;
	unsigned long flags;
	unsigned int n;

	if (cpu < nr_cpu_ids)
		pool = per_cpu_ptr(&work_pool, cpu);
	flags = spin_lock_irqsave(&pool->lock);
	n = pool->nr_workers;
	spin_unlock_irqrestore(&pool->lock, flags);
	return n;
}

static void set_open(struct work_pool *pool, bool open)
{
	unsigned long flags = spin_lock_irqsave(&pool->lock);

	atomic_store_explicit(&pool->open, open, memory_order_relaxed);
	spin_unlock_irqrestore(&pool->lock, flags);
}

/* Kept from life to life. */
static int prepare_pool(unsigned int cpu)
{
	struct work_pool *pool = per_cpu_ptr(&work_pool, cpu);

	return pool->nr_workers || make_worker(pool) ? 0 : -ENOMEM;
}
CPUHP_ROW(CPUHP_WORKQUEUE_PREP, "workqueue:prepare", prepare_pool, NULL);

/*
 * A cpu that goes down takes no more works. Those that it has stay in its pool, with its workers: as threads that lose their cpu they go on
 * elsewhere, so that no work changes hands, and one that sleeps, maybe for just this cpu to be down, keeps nobody
 * waiting. Idle workers sleep on.
 */
static int open_pool(unsigned int cpu)
{
	set_open(per_cpu_ptr(&work_pool, cpu), true);
	return 0;
}

static int close_pool(unsigned int cpu)
{
	set_open(per_cpu_ptr(&work_pool, cpu), false);
	return 0;
}
CPUHP_ROW(CPUHP_AP_WORKQUEUE_ONLINE, "workqueue:online", open_pool, close_pool);

static void init_pool(struct work_pool *pool, unsigned int cpu)
{
	spin_lock_init(&pool->lock, "work pool");
	pool->cpu = cpu;
	INIT_LIST_HEAD(&pool->works);
	INIT_LIST_HEAD(&pool->idle);
	INIT_LIST_HEAD(&pool->busy);
	INIT_LIST_HEAD(&pool->flushers);
	timer_setup(&pool->stuck, look_if_stuck);
}

/* From here on works can be queued. */
static int pools_init(void)
{
	unsigned int cpu;

	init_pool(&unbound_pool, CPU_ANY);
	atomic_store_explicit(&unbound_pool.open, true, memory_order_relaxed);
	for_each_possible_cpu (cpu) {
		if (percpu_base[cpu])
			init_pool(per_cpu_ptr(&work_pool, cpu), cpu);
	}
	return 0;
}
INITCALL(INIT_LATE, pools_init);

static int maker_init(void)
{
	struct task_struct *task = kthread_create(maker_main, NULL, "kworkers");

	if (IS_ERR(task))
		return (int)PTR_ERR(task);
	maker = task;
	make_worker(&unbound_pool);
	wake_up_process(task);
	return 0;
}
INITCALL(INIT_THREADS, maker_init);
