/* SPDX-License-Identifier: BSD-2-Clause */
/* Works that tell where and when they ran, and can be held. */
#include "tests/kernel/works.h"

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "threads/sched.h"

_Atomic unsigned int works_wrong, works_order;

static void probe_runs(struct work_struct *work)
{
	struct probe *probe = probe_of(work);

	expect(!atomic_fetch_add(&probe->inside, 1));
	expect(!irqs_disabled() && !current->head.preempt_count);
	atomic_store(&probe->cpu, smp_processor_id());
	atomic_store(&probe->at, time_now());
	atomic_store(&probe->order, atomic_fetch_add(&works_order, 1));
	if (probe->in)
		complete(probe->in);
	if (probe->out)
		wait_for_completion(probe->out);
	if (probe->again && probe->again--)
		queue_work(probe->wq, work);
	atomic_fetch_add(&probe->runs, 1);
	atomic_fetch_sub(&probe->inside, 1);
}

void probe_init(struct probe *probe)
{
	*probe = (struct probe){.wq = system_wq};
	INIT_DELAYED_WORK(&probe->dwork, probe_runs);
}

bool block(struct blocker *b, struct workqueue_struct *wq, unsigned int cpu)
{
	probe_init(&b->probe);
	init_completion(&b->in);
	init_completion(&b->out);
	b->probe.in = &b->in;
	b->probe.out = &b->out;
	return queue_work_on(cpu, wq, WORK(&b->probe)) &&
	       wait_for_completion_timeout(&b->in, 5 * timebase_hz);
}

void unblock(struct blocker *b)
{
	complete(&b->out);
	flush_work(WORK(&b->probe));
}
