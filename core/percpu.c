/* SPDX-License-Identifier: BSD-2-Clause */
/* Gives the per-cpu allocator, which may know nothing of core, a lock and a way to fail. */
#include "percpu/percpu.h"

#include "core/cpumask.h"
#include "core/init.h"
#include "core/panic.h"
#include "core/spinlock.h"

static DEFINE_SPINLOCK(percpu_lock);

static unsigned long lock(void) __acquires(&percpu_lock)
{
	return spin_lock_irqsave(&percpu_lock);
}

static void unlock(unsigned long flags) __releases(&percpu_lock)
{
	spin_unlock_irqrestore(&percpu_lock, flags);
}

static int percpu_alloc_init(void)
{
	static const struct percpu_ops ops = {.lock = lock, .unlock = unlock, .die = panic};

	percpu_init(nr_cpu_ids, &ops);
	return 0;
}
/* Behind the row that sets the bases of all cpus. */
INITCALL_LAST(INIT_PERCPU, percpu_alloc_init);
