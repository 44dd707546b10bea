/* SPDX-License-Identifier: BSD-2-Clause */
/* Single calls, and running what arrived. */
#include "ipi/call.h"

#include <errno.h>

#include "arch/riscv/io.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/panic.h"
#include "ipi/call_wait.h"
#include "ipi/internal.h"
#include "ipi/irq_work.h"

DEFINE_PER_CPU(struct ipi_cpu, ipi_cpu) = {.queue = {CALL_QUEUE_CLOSED}};

/* For calls without wait and csd: one per cpu, waited for before it is used again. */
static DEFINE_PER_CPU(call_single_data_t, single_csd);
/* Whom it went to: who waits for it must ring that one. */
static DEFINE_PER_CPU(unsigned int, single_cpu);

/* A csd that is freed may be queued again at once: nothing of it is read after that. */
static inline void run_async(struct ipi_cpu *me, struct call_single_data *csd)
{
	smp_call_func_t func = csd->func;
	void *info = csd->info;

	store_relaxed(&me->last, func);
	/* Release: who takes the csd again sees that func and info have been read. */
	store_release(&csd->locked, CALL_FREE);
	func(info);
}

static inline void run_sync(struct ipi_cpu *me, struct call_single_data *csd)
{
	smp_call_func_t func = csd->func;

	store_relaxed(&me->last, func);
	func(csd->info);
	/* Release: pairs with the waiter's acquire; it sees all that func did. */
	store_release(&csd->locked, CALL_FREE);
}

static __noinline void run_other(struct ipi_cpu *me, struct call_single_data *csd)
{
	switch ((enum call_kind)csd_kind(csd)) {
	case CALL_FREE:
		panic("call: a csd that is free was queued for cpu%u", me->cpu);
	case CALL_ASYNC:
		run_async(me, csd);
		break;
	case CALL_SYNC:
		run_sync(me, csd);
		break;
	case CALL_TIMED:
		store_relaxed(&me->last, csd->func);
		call_timed_run(csd);
		break;
	case CALL_IRQ_WORK:
		irq_work_run_node(&csd->node);
		break;
	}
}

static __noinline __cold void run_traced(struct ipi_cpu *me, struct call_single_data *csd)
{
	const void *func = trace_func(csd);

	trace_record(TRACE_BEGIN, 0, func);
	run_other(me, csd);
	trace_record(TRACE_END, 0, func);
}

/* Behind those that an interrupted run, below us on this stack, has taken but not come to. */
static void append_calls(struct ipi_cpu *me, struct call_node *oldest)
{
	struct call_node **tail = &me->todo;

	while (*tail)
		tail = &(*tail)->next;
	*tail = oldest;
}

/*
 * Oldest first. What is left to do is the cpu's, not this function's: a call that waits with
 * interrupts off runs on with the list, in order, and whoever waits for one of the calls in it is
 * not kept waiting by the call that waits.
 */
static unsigned int run_todo(struct ipi_cpu *me)
{
	bool traced = trace_enabled();
	struct call_node *node;
	unsigned long n = 0;

	for (; (node = me->todo); n++) {
		struct call_single_data *csd = container_of(node, struct call_single_data, node);

		me->todo = node->next;
		if (unlikely(traced))
			run_traced(me, csd);
		else if (likely(csd_kind(csd) == CALL_ASYNC))
			run_async(me, csd);
		else
			run_other(me, csd);
	}
	ipi_count(&me->stats.run, n);
	return n;
}

static __noinline unsigned int run_calls(struct ipi_cpu *me, struct call_node *newest)
{
	struct call_node *oldest = call_queue_reverse(newest);

	if (unlikely(me->todo))
		append_calls(me, oldest);
	else
		me->todo = oldest;
	return run_todo(me);
}

void flush_own_calls(struct ipi_cpu *me)
{
	struct call_node *newest = call_queue_take(&me->queue);

	if (newest)
		run_calls(me, newest);
	else
		run_todo(me);
}

unsigned int flush_call_queue(void)
{
	struct ipi_cpu *me = this_cpu_ptr(&ipi_cpu);
	struct call_node *newest = call_queue_take(&me->queue);

	return newest ? run_calls(me, newest) : 0;
}

/* More than one call, other reasons, work of this cpu's own, or nothing at all. */
static __noinline void interrupt_rest(struct ipi_cpu *me, struct call_node *newest)
{
	unsigned long reasons = atomic_exchange_explicit(&me->reasons, 0, memory_order_acq_rel);

	/* The line is acknowledged: what comes after these exchanges raises it again. */
	if (!newest)
		newest = call_queue_take(&me->queue);
	if (newest)
		run_calls(me, newest);
	if (!irq_work_run_lists(me) && !newest && !reasons)
		ipi_count(&me->stats.spurious, 1);
	if (reasons)
		ipi_handle_reasons(reasons);
}

static __noinline __cold void interrupt_traced(struct ipi_cpu *me)
{
	ipi_count(&me->stats.interrupts, 1);
	trace_record(TRACE_ENTRY, 0, NULL);
	interrupt_rest(me, NULL);
}

void ipi_interrupt(void)
{
	struct ipi_cpu *me = this_cpu_ptr(&ipi_cpu);
	struct call_single_data *csd;
	struct call_node *newest;

	if (unlikely(trace_enabled())) {
		interrupt_traced(me);
		return;
	}
	newest = call_queue_take(&me->queue);
	ipi_count(&me->stats.interrupts, 1);
	/* A single call and nothing else, nearly always. */
	if (unlikely(!newest || call_queue_more(newest) || me->todo ||
		     atomic_load_explicit(&me->reasons, memory_order_relaxed) ||
		     irq_work_pending(me))) {
		interrupt_rest(me, newest);
		return;
	}
	csd = container_of(newest, struct call_single_data, node);
	if (likely(csd_kind(csd) == CALL_SYNC))
		run_sync(me, csd);
	else
		run_other(me, csd);
	ipi_count(&me->stats.run, 1);
}

bool call_queue_has_calls(void)
{
	return call_queue_pending(&this_cpu_ptr(&ipi_cpu)->queue);
}

bool call_queue_has_work(void)
{
	return ipi_has_work(this_cpu_ptr(&ipi_cpu));
}

bool call_queue_poll(unsigned int looks)
{
	struct call_queue *queue = &this_cpu_ptr(&ipi_cpu)->queue;
	bool interrupt = false;

	if (!looks)
		return false;
	if (call_queue_poll_begin(queue)) {
		while (atomic_load_explicit(&queue->head, memory_order_relaxed) ==
		       CALL_QUEUE_POLLING) {
			/* Other interrupts are not in the word: sip tells. */
			interrupt = csr_read(CSR_SIP) & csr_read(CSR_SIE);
			if (interrupt || !looks)
				break;
			looks -= looks != UINT32_MAX;
			cpu_relax_watching(&queue->head, CALL_QUEUE_POLLING);
		}
		if (call_queue_poll_end(queue))
			return interrupt;
	}
	flush_call_queue();
	return true;
}

bool call_queue_polling(unsigned int cpu)
{
	return atomic_load_explicit(&ipi_cpus[cpu]->queue.head, memory_order_relaxed) ==
	       CALL_QUEUE_POLLING;
}

/*
 * The function runs with interrupts off, so that the caller stays on the cpu until it has. Before
 * that it may have been moved: false, and it must try the general way, which is right for any cpu,
 * its own included.
 */
static bool run_here(unsigned int cpu, smp_call_func_t func, void *info)
{
	unsigned long flags = local_irq_save();
	struct ipi_cpu *me = this_cpu_ptr(&ipi_cpu);
	bool here = me->cpu == cpu;

	if (here) {
		func(info);
		ipi_count(&me->stats.local, 1);
	}
	local_irq_restore(flags);
	return here;
}

static __noinline int call_here(unsigned int cpu, smp_call_func_t func, void *info, bool wait)
{
	return run_here(cpu, func, info) ? 0 : smp_call_function_single(cpu, func, info, wait);
}

/* The rare ways of a call are kept out of the common one, whose registers they would cost. */

/* The csd of this cpu, when its last call is over; no handler takes it in between. */
static __noinline int call_without_wait(unsigned int cpu, smp_call_func_t func, void *info)
{
	unsigned long flags = local_irq_save();
	call_single_data_t *csd = this_cpu_ptr(&single_csd);
	int err = 0;

	csd_lock_wait(csd, this_cpu(single_cpu));
	this_cpu(single_cpu) = cpu;
	csd->func = func;
	csd->info = info;
	store_relaxed(&csd->locked, CALL_ASYNC);
	if (!call_submit(cpu, &csd->node)) {
		store_relaxed(&csd->locked, CALL_FREE);
		err = -ENXIO;
	}
	local_irq_restore(flags);
	return err;
}

static __noinline int no_such_cpu(void)
{
	ipi_count(&this_cpu_ptr(&ipi_cpu)->stats.refused, 1);
	return -ENXIO;
}

int smp_call_function_single(unsigned int cpu, smp_call_func_t func, void *info, bool wait)
{
	struct ipi_cpu *me = this_cpu_ptr(&ipi_cpu);
	call_single_data_t csd;

	if (unlikely(!func))
		return -EINVAL;
	if (unlikely(cpu == me->cpu))
		return call_here(cpu, func, info, wait);
	if (unlikely(cpu >= nr_cpu_ids))
		return no_such_cpu();
	if (unlikely(!wait))
		return call_without_wait(cpu, func, info);

	csd.func = func;
	csd.info = info;
	store_relaxed(&csd.locked, CALL_SYNC);
	if (unlikely(!call_submit(cpu, &csd.node)))
		return -ENXIO;
	csd_wait(&csd, cpu, true);
	return 0;
}

/* With a ring, or to a cpu that is not there. */
static __noinline int async_loud(unsigned int cpu, call_single_data_t *csd)
{
	if (call_submit(cpu, &csd->node))
		return 0;
	store_release(&csd->locked, CALL_FREE);
	return -ENXIO;
}

static __noinline int async_rare(unsigned int cpu, call_single_data_t *csd)
{
	void *info;
	smp_call_func_t func = csd->func;

	if (!func)
		return -EINVAL;
	if (cpu >= nr_cpu_ids)
		return no_such_cpu();
	/* Acquire: as below. */
	if (atomic_exchange_explicit(&csd->locked, CALL_ASYNC, memory_order_acquire))
		return -EBUSY;
	/* Another cpu: calls are traced. */
	if (cpu != smp_processor_id())
		return async_loud(cpu, csd);
	/* On this cpu: free while the function runs, as on another. */
	info = csd->info;
	store_release(&csd->locked, CALL_FREE);
	return run_here(cpu, func, info) ? 0 : smp_call_function_single_async(cpu, csd);
}

int smp_call_function_single_async(unsigned int cpu, call_single_data_t *csd)
{
	struct ipi_cpu *me = this_cpu_ptr(&ipi_cpu);

	if (unlikely(cpu >= atomic_load_explicit(&me->short_way, memory_order_relaxed) ||
		     cpu == me->cpu || !csd->func))
		return async_rare(cpu, csd);
	/* Acquire: pairs with the release of the run before, whose reads of the csd are over. */
	if (unlikely(atomic_exchange_explicit(&csd->locked, CALL_ASYNC, memory_order_acquire)))
		return -EBUSY;
	if (unlikely(!call_queue_push_quietly(&me->cpus[cpu]->queue, &csd->node)))
		return async_loud(cpu, csd);
	ipi_count(&me->stats.queued, 1);
	return 0;
}

int smp_call_function_any(const struct cpumask *mask, smp_call_func_t func, void *info, bool wait)
{
	unsigned int self = smp_processor_id(), cpu;
	int node = cpu_to_node(self), err = -ENXIO;

	if (cpumask_test_cpu(self, mask))
		err = smp_call_function_single(self, func, info, wait);
	/* One that goes down between the look and the call refuses: there may be others. */
	for (int far = 0; far < 2 && err == -ENXIO; far++) {
		for_each_cpu_and (cpu, mask, cpu_online_mask) {
			if ((cpu_to_node(cpu) != node) != far)
				continue;
			err = smp_call_function_single(cpu, func, info, wait);
			if (err != -ENXIO)
				return err;
		}
	}
	return err;
}

void smpcfd_online_cpu(void)
{
	struct ipi_cpu *me = this_cpu_ptr(&ipi_cpu);
	bool was_closed;

	/* A reason that came when the hart had stopped would keep everybody from ringing. */
	store_relaxed(&me->reasons, 0);
	/*
	 * The line was cleared before this: device output, the pending bit, before a memory write.
	 * Seen the other way round, the clear would take the ring of the first push with it.
	 */
	io_fence();
	was_closed = call_queue_open(&me->queue);
	ASSERT(was_closed);
}

void smpcfd_dying_cpu(void)
{
	struct ipi_cpu *me = this_cpu_ptr(&ipi_cpu);
	struct call_node *newest;

	ASSERT(irqs_disabled());
	newest = call_queue_close(&me->queue);
	if (newest)
		run_calls(me, newest);
	irq_work_run();
}
