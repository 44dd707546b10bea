/* SPDX-License-Identifier: BSD-2-Clause */
/* Single calls, and running what arrived. */
#include "ipi/call.h"

#include <errno.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/panic.h"
#include "ipi/call_stats.h"
#include "ipi/call_wait.h"
#include "ipi/internal.h"
#include "ipi/ipi.h"
#include "ipi/irq_work.h"

DEFINE_PER_CPU(struct call_queue, call_queue) = {CALL_QUEUE_CLOSED};
DEFINE_PER_CPU(struct call_stats, call_stats);
DEFINE_PER_CPU(struct call_running, call_running);

/* For calls without wait, whose caller brings no csd: one per cpu, waited for before it is used again. */
static DEFINE_PER_CPU(call_single_data_t, single_csd);

enum call_push call_submit_quietly(unsigned int cpu, struct call_node *node)
{
	enum call_push pushed = call_queue_push(per_cpu_ptr(&call_queue, cpu), node);

	if (likely(pushed != CALL_PUSH_REFUSED))
		call_count(queued, 1);
	else
		call_count(refused, 1);
	return pushed;
}

bool call_submit(unsigned int cpu, struct call_node *node)
{
	enum call_push pushed = call_submit_quietly(cpu, node);

	if (pushed == CALL_PUSHED_RING)
		ipi_ring(cpu);
	return pushed != CALL_PUSH_REFUSED;
}

/* Oldest first. A csd that is freed may be queued again at once: nothing of it is read after that. */
static unsigned int run_calls(struct call_node *node)
{
	struct call_running *running = this_cpu_ptr(&call_running);
	unsigned int n = 0;

	while (node) {
		struct call_single_data *csd = container_of(node, struct call_single_data, node);
		smp_call_func_t func = csd->func;
		void *info = csd->info;

		node = node->next;
		n++;
		running->func = func;
		switch (csd->kind) {
		case CALL_ASYNC:
			/* Release: who takes the csd again sees that func and info have been read. */
			atomic_store_explicit(&csd->locked, 0, memory_order_release);
			func(info);
			break;
		case CALL_SYNC:
			func(info);
			/* Release: pairs with the waiter's acquire; it sees all that func did. */
			atomic_store_explicit(&csd->locked, 0, memory_order_release);
			break;
		case CALL_TIMED:
			call_timed_run(csd);
			break;
		case CALL_IRQ_WORK:
			irq_work_run_node(&csd->node);
			break;
		}
	}
	return n;
}

static unsigned int run_all(struct call_node *newest)
{
	struct call_running *running;
	unsigned int n;

	if (!newest)
		return 0;
	running = this_cpu_ptr(&call_running);
	running->now = true;
	n = run_calls(newest->next ? call_queue_reverse(newest) : newest);
	running->now = false;
	call_count(run, n);
	return n;
}

unsigned int flush_call_queue(void)
{
	return run_all(call_queue_take(this_cpu_ptr(&call_queue)));
}

bool call_queue_has_work(void)
{
	return call_queue_pending(this_cpu_ptr(&call_queue));
}

void call_queue_poll(void)
{
	struct call_queue *queue = this_cpu_ptr(&call_queue);

	if (call_queue_poll_begin(queue)) {
		/* Other interrupts are not in the word: sip tells. */
		while (atomic_load_explicit(&queue->head, memory_order_relaxed) == CALL_QUEUE_POLLING &&
		       !(csr_read(CSR_SIP) & csr_read(CSR_SIE)))
			cpu_relax();
		if (call_queue_poll_end(queue))
			return;
	}
	flush_call_queue();
}

static int call_here(smp_call_func_t func, void *info)
{
	unsigned long flags = local_irq_save();

	func(info);
	local_irq_restore(flags);
	call_count(local, 1);
	return 0;
}

/* The csd that belongs to this cpu, when its last call is over; interrupts off, so that no handler takes it in between. */
static int call_without_wait(unsigned int cpu, smp_call_func_t func, void *info)
{
	unsigned long flags = local_irq_save();
	call_single_data_t *csd = this_cpu_ptr(&single_csd);
	int err = 0;

	csd_lock_wait(csd, cpu);
	csd->func = func;
	csd->info = info;
	atomic_store_explicit(&csd->locked, 1, memory_order_relaxed);
	if (!call_submit(cpu, &csd->node)) {
		atomic_store_explicit(&csd->locked, 0, memory_order_relaxed);
		err = -ENXIO;
	}
	local_irq_restore(flags);
	return err;
}

int smp_call_function_single(unsigned int cpu, smp_call_func_t func, void *info, bool wait)
{
	call_single_data_t csd;

	if (unlikely(!func))
		return -EINVAL;
	if (cpu == smp_processor_id())
		return call_here(func, info);
	if (unlikely(cpu >= nr_cpu_ids)) {
		call_count(refused, 1);
		return -ENXIO;
	}
	if (!wait)
		return call_without_wait(cpu, func, info);

	csd.func = func;
	csd.info = info;
	csd.kind = CALL_SYNC;
	atomic_init(&csd.locked, 1);
	if (unlikely(!call_submit(cpu, &csd.node)))
		return -ENXIO;
	csd_lock_wait(&csd, cpu);
	return 0;
}

int smp_call_function_single_async(unsigned int cpu, call_single_data_t *csd)
{
	if (unlikely(!csd->func))
		return -EINVAL;
	/* Acquire: pairs with the release of the run before, whose reads of the csd are over. */
	if (unlikely(atomic_exchange_explicit(&csd->locked, 1, memory_order_acquire)))
		return -EBUSY;
	if (unlikely(cpu == smp_processor_id())) {
		atomic_store_explicit(&csd->locked, 0, memory_order_release);
		return call_here(csd->func, csd->info);
	}
	if (likely(cpu < nr_cpu_ids) && likely(call_submit(cpu, &csd->node)))
		return 0;
	if (cpu >= nr_cpu_ids)
		call_count(refused, 1);
	atomic_store_explicit(&csd->locked, 0, memory_order_release);
	return -ENXIO;
}

int smp_call_function_any(const struct cpumask *mask, smp_call_func_t func, void *info, bool wait)
{
	unsigned int self = smp_processor_id(), cpu, any = nr_cpu_ids;
	int node = cpu_to_node(self);

	if (cpumask_test_cpu(self, mask))
		return smp_call_function_single(self, func, info, wait);
	for_each_cpu_and (cpu, mask, cpu_online_mask) {
		if (cpu_to_node(cpu) == node)
			return smp_call_function_single(cpu, func, info, wait);
		if (any == nr_cpu_ids)
			any = cpu;
	}
	return smp_call_function_single(any, func, info, wait);
}

void smpcfd_online_cpu(void)
{
	bool was_closed = call_queue_open(this_cpu_ptr(&call_queue));

	ASSERT(was_closed);
}

void smpcfd_dying_cpu(void)
{
	ASSERT(irqs_disabled());
	run_all(call_queue_close(this_cpu_ptr(&call_queue)));
	irq_work_run();
}
