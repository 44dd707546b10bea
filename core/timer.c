/* SPDX-License-Identifier: BSD-2-Clause */
/* A heap of timers for each hart; its compare register is set to the earliest. */
#include "core/timer.h"

#include <errno.h>
#include <stddef.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/hotplug.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/spinlock.h"
#include "core/symbols.h"
#include "core/time.h"
#include "core/timer_heap.h"

#define COMPARE_NONE	UINT64_MAX
#define COMPARE_UNKNOWN 0 /* the register may hold anything */

/*
 * Timers of one cpu. Others take the lock, too: to arm and to delete. That a cpu is online is asked
 * with its lock held: it leaves the mask before it hands its timers over under the lock, so who was
 * in time is handed over, and who comes later sees it gone.
 *
 * A timer changes cpus only with both locks held. The lower cpu's is taken first.
 */
struct timer_base {
	spinlock_t lock;
	struct timer_list *root; /* the earliest, without siblings */
	_Atomic unsigned int nr;
	/* What the register was set for, or one of the above; written by the cpu itself. */
	uint64_t compare;
	/* Whose function runs now; written by the cpu itself. It may have been freed meanwhile. */
	_Atomic(struct timer_list *) running;
} __cacheline_aligned;

static DEFINE_PER_CPU(struct timer_base, timer_base) = {.lock = SPINLOCK_INIT("timers")};

void (*timer_kick_cpu)(unsigned int cpu);

static void enqueue(struct timer_base *base, struct timer_list *timer, uint64_t expires)
{
	timer->expires = MAX(expires, 1UL);
	base->root = timer_heap_insert(base->root, timer);
	store_relaxed(&base->nr, base->nr + 1);
	store_relaxed(&timer->pending, 1);
}

/* Not yet idle, for who looks without the lock: it may only change its time or place. */
static void dequeue(struct timer_base *base, struct timer_list *timer)
{
	base->root = timer_heap_remove(base->root, timer);
	store_relaxed(&base->nr, base->nr - 1);
}

static void make_idle(struct timer_base *base, struct timer_list *timer)
{
	dequeue(base, timer);
	store_relaxed(&timer->pending, 0);
}

static uint64_t earliest(const struct timer_base *base)
{
	return base->root ? base->root->expires : COMPARE_NONE;
}

/*
 * After a change: the register follows the earliest timer. Another hart sets its own, and need not
 * be told when the earliest is gone: one interrupt too many does no harm, and the next timer is not
 * missed.
 */
static void follow(struct timer_base *base, unsigned int cpu)
{
	uint64_t when = earliest(base);

	if (cpu != smp_processor_id()) {
		if (when < base->compare || (base->compare == COMPARE_UNKNOWN && base->root))
			timer_kick_cpu(cpu);
	} else if (when != base->compare) {
		base->compare = when;
		timer_compare_set(when);
	}
}

static struct timer_base *base_of(unsigned int cpu)
{
	return per_cpu_ptr(&timer_base, cpu);
}

/* Interrupts are off: the locks' own forms need not see to that. Sparse counts the two as one. */
static void lock_pair(unsigned int a, unsigned int b) __acquires(&timer_base)
{
	spin_lock(&base_of(MIN(a, b))->lock);
	if (a != b) {
		spin_lock(&base_of(MAX(a, b))->lock);
		__release(&timer_base);
	}
}

static void unlock_pair(unsigned int a, unsigned int b) __releases(&timer_base)
{
	if (a != b) {
		__acquire(&timer_base);
		spin_unlock(&base_of(MAX(a, b))->lock);
	}
	spin_unlock(&base_of(MIN(a, b))->lock);
}

static unsigned int cpu_of(const struct timer_list *timer)
{
	return atomic_load_explicit(&timer->cpu, memory_order_relaxed);
}

/* The base of a timer, known only with its lock held, and the one it goes to. Interrupts off. */
static unsigned int lock_with_target(const struct timer_list *timer, unsigned int to)
	__acquires(&timer_base)
{
	for (;;) {
		unsigned int from = cpu_of(timer);

		lock_pair(from, to);
		if (likely(cpu_of(timer) == from))
			return from;
		unlock_pair(from, to);
	}
}

/* The same for the base of a timer alone. */
static struct timer_base *lock_base(const struct timer_list *timer) __acquires(&timer_base)
{
	for (;;) {
		unsigned int cpu = cpu_of(timer);
		struct timer_base *base = base_of(cpu);

		spin_lock(&base->lock);
		if (likely(cpu_of(timer) == cpu))
			return base;
		spin_unlock(&base->lock);
	}
}

static bool runs_on(const struct timer_base *base, const struct timer_list *timer)
{
	/* Acquire: pairs with the release in timer_interrupt; what the function did is seen. */
	return atomic_load_explicit(&base->running, memory_order_acquire) == timer;
}

static bool is_online(unsigned int cpu)
{
	return cpumask_test_cpu(cpu, cpu_online_mask);
}

/* An online cpu, near if there is one. It may go down the next moment: then ask again. */
static unsigned int nearest_online(unsigned int cpu)
{
	unsigned int other, any = cpu;

	for_each_online_cpu (other) {
		if (cpu_to_node(other) == cpu_to_node(cpu))
			return other;
		any = other;
	}
	return any;
}

void timer_setup(struct timer_list *timer, void (*fn)(struct timer_list *timer))
{
	timer->function = fn;
	/* Whose it is does not matter before it is armed. */
	store_relaxed(&timer->cpu, smp_processor_id());
	store_relaxed(&timer->pending, 0);
	timer->hopped = false;
}

bool timer_armed_here(const struct timer_list *timer)
{
	return timer_pending(timer) && cpu_of(timer) == smp_processor_id();
}

bool mod_timer(struct timer_list *timer, uint64_t expires)
{
	unsigned long flags = local_irq_save();
	unsigned int to = smp_processor_id(), from;
	bool was_pending;

	for (;;) {
		from = lock_with_target(timer, to);
		if (likely(is_online(to)))
			break;
		unlock_pair(from, to);
		to = nearest_online(to);
	}
	was_pending = timer_pending(timer);
	if (was_pending)
		dequeue(base_of(from), timer);
	if (from != to && unlikely(runs_on(base_of(from), timer))) {
		enqueue(base_of(from), timer, expires);
	} else {
		store_relaxed(&timer->cpu, to);
		enqueue(base_of(to), timer, expires);
		follow(base_of(to), to);
	}
	if (from != to)
		follow(base_of(from), from);
	unlock_pair(from, to);
	local_irq_restore(flags);
	return was_pending;
}

int add_timer_on(struct timer_list *timer, unsigned int cpu)
{
	unsigned long flags;
	unsigned int from;
	int err = 0;

	if (cpu >= nr_cpu_ids || !is_online(cpu))
		return -ENXIO;
	flags = local_irq_save();
	from = lock_with_target(timer, cpu);
	if (!is_online(cpu)) {
		err = -ENXIO;
	} else if (timer_pending(timer)) {
		err = -EBUSY;
	} else {
		if (from != cpu && runs_on(base_of(from), timer))
			timer->hopped = true;
		store_relaxed(&timer->cpu, cpu);
		enqueue(base_of(cpu), timer, timer->expires);
		follow(base_of(cpu), cpu);
	}
	unlock_pair(from, cpu);
	local_irq_restore(flags);
	return err;
}

bool timer_delete(struct timer_list *timer)
{
	struct timer_base *base;
	unsigned long flags;
	bool was_pending;

	if (!timer_pending(timer))
		return false;
	flags = local_irq_save();
	base = lock_base(timer);
	was_pending = timer_pending(timer);
	if (was_pending) {
		make_idle(base, timer);
		follow(base, cpu_of(timer));
	}
	spin_unlock(&base->lock);
	local_irq_restore(flags);
	return was_pending;
}

static __cold void report(const struct timer_list *timer, const char *what, unsigned int cpu)
{
	char name[SYMBOL_TEXT_MAX];

	symbol_lookup((unsigned long)timer->function, name, sizeof(name));
	pr_err("timer %p (%s): %s cpu%u", (const void *)timer, name, what, cpu);
}

/* Deletes it; where its function runs, or nr_cpu_ids; and whether that is who asks. */
static unsigned int delete_and_look(struct timer_list *timer, int *was_pending, bool *own)
{
	unsigned long flags = local_irq_save();
	struct timer_base *base = lock_base(timer);
	unsigned int cpu = cpu_of(timer);

	if (timer_pending(timer)) {
		make_idle(base, timer);
		follow(base, cpu);
		*was_pending = 1;
	}
	if (!runs_on(base, timer))
		cpu = nr_cpu_ids;
	/* One that hops may still run anywhere that it was sent from. */
	for (unsigned int i = 0; timer->hopped && cpu == nr_cpu_ids && i < nr_cpu_ids; i++) {
		if (percpu_base[i] && runs_on(base_of(i), timer))
			cpu = i;
	}
	*own = cpu == smp_processor_id();
	spin_unlock(&base->lock);
	local_irq_restore(flags);
	return cpu;
}

int timer_delete_sync(struct timer_list *timer)
{
	uint64_t deadline = 0;
	int was_pending = 0;
	unsigned int cpu;
	bool own;

	/* Its function may arm it again until it returns. */
	while ((cpu = delete_and_look(timer, &was_pending, &own)) < nr_cpu_ids) {
		if (own) {
			report(timer, "would wait for itself in timer_delete_sync on", cpu);
			return -EDEADLK;
		}
		if (!deadline)
			deadline = deadline_ms(TIMER_SYNC_MS);
		while (runs_on(base_of(cpu), timer)) {
			if (time_now() > deadline) {
				report(timer, "its function still runs, waited 5 s for", cpu);
				return -ETIMEDOUT;
			}
			cpu_relax();
		}
	}
	return was_pending;
}

void timers_reprogram(void)
{
	struct timer_base *base = this_cpu_ptr(&timer_base);

	spin_lock(&base->lock);
	base->compare = COMPARE_UNKNOWN;
	follow(base, smp_processor_id());
	spin_unlock(&base->lock);
}

/* Functions in one interrupt: others, of the same level, get their turn between two. */
#define TIMER_BATCH 32

void timer_interrupt(void)
{
	struct timer_base *base = this_cpu_ptr(&timer_base);
	uint64_t now = time_now();

	spin_lock(&base->lock);
	/* Setting it, for whatever time, is what ends the interrupt. */
	base->compare = COMPARE_UNKNOWN;
	for (unsigned int n = 0; n < TIMER_BATCH && base->root && base->root->expires <= now; n++) {
		struct timer_list *timer = base->root;
		void (*function)(struct timer_list *timer) = timer->function;

		make_idle(base, timer);
		store_relaxed(&base->running, timer);
		spin_unlock(&base->lock);
		function(timer);
		spin_lock(&base->lock);
		/* Release: pairs with runs_on(). */
		store_release(&base->running, NULL);
	}
	follow(base, smp_processor_id());
	spin_unlock(&base->lock);
}

/* All timers of one base go to another. Both are locked. */
static void move_all(struct timer_base *from, struct timer_base *to, unsigned int to_cpu)
{
	struct timer_list *list = from->root, *timer;

	while ((timer = timer_heap_take_any(&list))) {
		store_relaxed(&timer->cpu, to_cpu);
		enqueue(to, timer, timer->expires);
	}
	from->root = NULL;
	store_relaxed(&from->nr, 0);
}

int timers_dying_cpu(unsigned int cpu)
{
	struct timer_base *base = base_of(cpu);
	unsigned int to;

	ASSERT(irqs_disabled() && !is_online(cpu) && runs_on(base, NULL));
	for (;;) {
		to = nearest_online(cpu);
		lock_pair(cpu, to);
		if (is_online(to))
			break;
		unlock_pair(cpu, to);
	}
	move_all(base, base_of(to), to);
	follow(base_of(to), to);
	follow(base, cpu);
	unlock_pair(cpu, to);
	return 0;
}
CPUHP_ROW(CPUHP_AP_TIMERS_DYING, "timers:dying", NULL, timers_dying_cpu);

uint64_t timers_next(void)
{
	return this_cpu(timer_base).compare;
}

unsigned int timers_pending_on(unsigned int cpu)
{
	/* One word, and old when it arrives, whether the lock is taken or not. */
	return atomic_load_explicit(&base_of(cpu)->nr, memory_order_relaxed);
}
