/* SPDX-License-Identifier: BSD-2-Clause */
/* A call whose waiter may go before it has run. */
#include <errno.h>

#include "core/kmalloc.h"
#include "core/printk.h"
#include "core/time.h"
#include "ipi/call_wait.h"
#include "ipi/internal.h"

/*
 * The csd is not on the caller's stack: whoever is last frees it.
 *
 *               target has run it
 *   [ WAITED ] -------------------> [ DONE ] ----- waiter sees csd free, frees the memory
 *       |
 *       | waiter's deadline
 *       v          target has run it
 *   [ LEFT ] -------------------------> target frees the memory
 *
 * WAITED is left by one exchange on each side.
 */
enum owner { WAITED, DONE, LEFT };

struct timed_call {
	call_single_data_t csd;
	_Atomic int owner; /* enum owner */
};

void call_timed_run(struct call_single_data *csd)
{
	struct timed_call *call = container_of(csd, struct timed_call, csd);

	csd->func(csd->info);
	/*
	 * Acquire and release: the waiter sees what func did, or the target sees that the waiter is
	 * through with the memory.
	 */
	if (atomic_exchange_explicit(&call->owner, DONE, memory_order_acq_rel) == LEFT) {
		kfree(call);
		return;
	}
	store_release(&csd->locked, CALL_FREE);
}

int smp_call_function_single_timeout(unsigned int cpu, smp_call_func_t func, void *info,
				     uint64_t timeout_us)
{
	struct timed_call *call;

	if (!func)
		return -EINVAL;
	if (cpu == smp_processor_id() || cpu >= nr_cpu_ids)
		return smp_call_function_single(cpu, func, info, true);
	call = kmalloc(sizeof(*call));
	if (!call)
		return -ENOMEM;
	call->csd = (struct call_single_data){.func = func, .info = info, .locked = CALL_TIMED};
	atomic_init(&call->owner, WAITED);
	if (!call_submit(cpu, &call->csd.node)) {
		kfree(call);
		return -ENXIO;
	}
	if (!csd_lock_wait_until(
		    &call->csd, cpu,
		    time_now() + ns_to_ticks(MIN(timeout_us, (uint64_t)INT64_MAX / 1000) * 1000))) {
		/* In the last moment it may have run: then it is done all the same. */
		if (atomic_exchange_explicit(&call->owner, LEFT, memory_order_acq_rel) == WAITED) {
			ipi_count(&this_cpu_ptr(&ipi_cpu)->stats.timeouts, 1);
			return -ETIMEDOUT;
		}
		csd_lock_wait(&call->csd, cpu);
	}
	kfree(call);
	return 0;
}
