/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools: works that are listed, and how many workers come for them. */
#include "threads/workpool.h"

#include <errno.h>

#include "core/cpu.h"
#include "core/hotplug.h"
#include "core/init.h"
#include "core/time.h"

DEFINE_PER_CPU(struct work_pool, work_pool);
struct work_pool unbound_pool;

void pool_leave_idle(struct work_pool *pool, struct worker *worker)
{
	list_del_init(&worker->entry);
	pool->nr_idle--;
}

void pool_one_more(struct work_pool *pool)
{
	struct worker *worker;

	if (list_empty(&pool->idle)) {
		worker_wanted(pool);
		return;
	}
	worker = list_first_entry(&pool->idle, struct worker, entry);
	pool_leave_idle(pool, worker);
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
struct work_struct *pool_next(struct work_pool *pool)
{
	struct work_struct *work;

	list_for_each_entry (work, &pool->works, entry) {
		if (!pool_runner(pool, work))
			return work;
	}
	return NULL;
}

/*
 * There is a work that nobody runs: it is the next one's of a worker that comes, or one comes for
 * it, or the timer looks.
 */
void pool_see_to_it(struct work_pool *pool)
{
	bool at_once = pool->cpu == CPU_ANY
			       ? !list_empty(&pool->idle) || pool->nr_workers < num_online_cpus()
			       : pool->nr_workers == pool->nr_idle;

	if (worker_comes(pool))
		return;
	if (at_once)
		pool_one_more(pool);
	else if (!timer_pending(&pool->stuck))
		watch(pool);
}

/*
 * A timer: when no work was begun since it looked last, those that have been begun sleep, or take
 * their time.
 */
static void look_if_stuck(struct timer_list *timer)
{
	struct work_pool *pool = container_of(timer, struct work_pool, stuck);
	unsigned long flags = spin_lock_irqsave(&pool->lock);

	if (pool_next(pool)) {
		if (pool->taken == pool->taken_then && !worker_comes(pool))
			pool_one_more(pool);
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
	pool_see_to_it(pool);
}

void pool_end_listing(struct work_pool *pool, uint64_t seq)
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
	pool_end_listing(pool, work->seq);
	workqueue_put(work->wq, work->color);
}

/*
 * Acquire: pairs with the release in pool_add. Its pool changes only where it is not listed, under
 * the new pool's lock.
 */
bool pool_lists(struct work_pool *pool, struct work_struct *work)
{
	return atomic_load_explicit(&work->state, memory_order_acquire) & WORK_LISTED &&
	       atomic_load_explicit(&work->pool, memory_order_relaxed) == pool;
}

struct work_pool *lock_pool_of(struct work_struct *work) __acquires(&unbound_pool.lock)
{
	for (;;) {
		struct work_pool *pool = atomic_load_explicit(&work->pool, memory_order_acquire);
		struct work_pool *locked = pool ? pool : &unbound_pool;

		spin_lock(&locked->lock);
		if (atomic_load_explicit(&work->pool, memory_order_relaxed) == pool)
			return locked;
		spin_unlock(&locked->lock);
	}
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
	/* Those of an earlier life may be about to leave, but for one. */
	return workqueue_workers(cpu) || worker_make(per_cpu_ptr(&work_pool, cpu)) ? 0 : -ENOMEM;
}
CPUHP_ROW(CPUHP_WORKQUEUE_PREP, "workqueue:prepare", prepare_pool, NULL);

/*
 * A cpu that goes down takes no more works. Those that it has stay in its pool, with its workers:
 * as threads that lose their cpu they go on elsewhere, so that no work changes hands, and one that
 * sleeps, maybe for just this cpu to be down, keeps nobody waiting. Idle workers sleep on.
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
	for_each_populated_cpu (cpu)
		init_pool(per_cpu_ptr(&work_pool, cpu), cpu);
	return 0;
}
INITCALL(INIT_LATE, pools_init);
