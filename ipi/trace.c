/* SPDX-License-Identifier: BSD-2-Clause */
/* The rings of trace points. */
#include "ipi/trace.h"

#include <errno.h>
#include <stdatomic.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/time.h"
#include "ipi/call.h"
#include "ipi/irq_work.h"
#include "ipi/internal.h"

/* Written by its own hart only, interrupts off. */
struct trace_ring {
	_Atomic unsigned long next; /* counts all, the ring holds the last TRACE_RING */
	struct trace_record records[TRACE_RING];
};

bool trace_on __section(".sdata");

static DEFINE_PER_CPU(struct trace_ring *, trace_ring);

static struct trace_ring *ring_of(unsigned int cpu)
{
	return percpu_base[cpu] ? per_cpu(trace_ring, cpu) : NULL;
}

__cold void trace_record(enum trace_event event, unsigned int target, const void *func)
{
	unsigned long flags = local_irq_save();
	struct trace_ring *ring = this_cpu(trace_ring);

	if (ring) {
		ring->records[ring->next % TRACE_RING] = (struct trace_record){
			.time = deterministic ? rdinstret() : rdtime(),
			.cpu = smp_processor_id(),
			.event = event,
			.target = target,
			.func = func,
		};
		atomic_store_explicit(&ring->next, ring->next + 1, memory_order_relaxed);
	}
	local_irq_restore(flags);
}

const void *trace_func(const struct call_single_data *csd)
{
	if (csd_kind(csd) == CALL_IRQ_WORK)
		return (const void *)container_of(csd, const struct irq_work, csd)->func;
	return (const void *)csd->func;
}

__cold void trace_queue(unsigned int target, const struct call_node *node)
{
	trace_record(TRACE_QUEUE, target,
		     trace_func(container_of(node, const struct call_single_data, node)));
}

static void nothing(void *info)
{
	(void)info;
}

/*
 * When all have run a function, nobody is in the middle of a record that began before; the call
 * orders the rings for them, too.
 */
static void set(bool on)
{
	unsigned int cpu;

	trace_on = on;
	/* The shortest way of a call has no instruction to spare for a look at trace_on. */
	for_each_possible_cpu (cpu)
		store_relaxed(&ipi_cpus[cpu]->short_way, on ? 0 : nr_cpu_ids);
	on_each_cpu(nothing, NULL, true);
}

static int allocate(unsigned int cpu)
{
	if (!percpu_base[cpu] || per_cpu(trace_ring, cpu))
		return 0;
	per_cpu(trace_ring, cpu) = kzalloc_node(sizeof(struct trace_ring), cpu_to_node(cpu));
	return per_cpu(trace_ring, cpu) ? 0 : -ENOMEM;
}

int trace_switch(bool on)
{
	unsigned int cpu;

	if (!on) {
		set(false);
		return 0;
	}
	if (trace_on)
		set(false);
	for_each_possible_cpu (cpu) {
		int err = allocate(cpu);

		if (err)
			return err;
		if (ring_of(cpu))
			atomic_store_explicit(&ring_of(cpu)->next, 0, memory_order_relaxed);
	}
	set(true);
	return 0;
}

static unsigned long held(const struct trace_ring *ring)
{
	return MIN(atomic_load_explicit(&ring->next, memory_order_relaxed),
		   (unsigned long)TRACE_RING);
}

/* The oldest event at or behind each hart's place; its place moves on. NULL at the end. */
static const struct trace_record *take_oldest(unsigned long *places)
{
	const struct trace_record *oldest = NULL;
	unsigned int cpu;

	for_each_possible_cpu (cpu) {
		struct trace_ring *ring = ring_of(cpu);
		const struct trace_record *record;

		if (!ring || places[cpu] == atomic_load_explicit(&ring->next, memory_order_relaxed))
			continue;
		record = &ring->records[places[cpu] % TRACE_RING];
		if (!oldest || record->time < oldest->time)
			oldest = record;
	}
	if (oldest)
		places[oldest->cpu]++;
	return oldest;
}

unsigned int trace_for_each(unsigned int n, void (*each)(const struct trace_record *record))
{
	unsigned long *places = kzalloc(nr_cpu_ids * sizeof(*places));
	unsigned int cpu, total = 0, told = 0;
	bool was_on = trace_on;

	if (!places)
		return 0;
	set(false);
	for_each_possible_cpu (cpu) {
		struct trace_ring *ring = ring_of(cpu);

		if (!ring)
			continue;
		total += (unsigned int)held(ring);
		places[cpu] = atomic_load_explicit(&ring->next, memory_order_relaxed) - held(ring);
	}
	for (unsigned int i = 0; i < total; i++) {
		struct trace_record record = *take_oldest(places);

		if (n && i + n < total)
			continue;
		if (!deterministic)
			record.time = ticks_to_ns(record.time);
		each(&record);
		told++;
	}
	kfree(places);
	if (was_on)
		set(true);
	return told;
}

const char *trace_event_name(enum trace_event event)
{
	static const char *const names[TRACE_EVENTS] = {
		[TRACE_SEND] = "send",	 [TRACE_QUEUE] = "queue", [TRACE_ENTRY] = "entry",
		[TRACE_BEGIN] = "begin", [TRACE_END] = "end",
	};

	return names[event];
}
