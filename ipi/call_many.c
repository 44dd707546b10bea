/* SPDX-License-Identifier: BSD-2-Clause */
/* Broadcasts: the same function on many cpus. */
#include <errno.h>

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "core/hotplug.h"
#include "core/init.h"
#include "core/kmalloc.h"
#include "core/panic.h"
#include "core/printk.h"
#include "ipi/call_wait.h"
#include "ipi/internal.h"
#include "ipi/ipi.h"

struct ipi_cpu **ipi_cpus;

int smpcfd_prepare_cpu(unsigned int cpu)
{
	struct call_function_data *cfd = &per_cpu_ptr(&ipi_cpu, cpu)->many;
	int node = cpu_to_node(cpu);

	/* Kept from an earlier life. */
	if (cfd->csd)
		return 0;
	cfd->csd = kzalloc_node(nr_cpu_ids * sizeof(*cfd->csd), node);
	cfd->cpumask = cpumask_alloc(node);
	cfd->cpumask_ipi = cpumask_alloc(node);
	if (cfd->csd && cfd->cpumask && cfd->cpumask_ipi)
		return 0;
	cpumask_free(cfd->cpumask_ipi);
	cpumask_free(cfd->cpumask);
	kfree(cfd->csd);
	*cfd = (struct call_function_data){0};
	return -ENOMEM;
}

int smpcfd_dead_cpu(unsigned int cpu)
{
	struct call_function_data *cfd = &per_cpu_ptr(&ipi_cpu, cpu)->many;

	/*
	 * A broadcast without wait may still be on its way: its csds are not to be touched by the
	 * next life before. One with wait, whose thread has left this cpu, keeps them busy until it
	 * is over.
	 */
	for (unsigned int target = 0; cfd->csd && target < nr_cpu_ids; target++)
		csd_lock_wait(&cfd->csd[target], target);
	return 0;
}

/* What is queued and not rung yet: how many, and which came last. */
struct to_ring {
	unsigned int n, last;
};

/*
 * Rings whom it must, and no longer owes it. Interrupts are off while rings are owed: a handler in
 * between would push quietly and, if it waited, wait for a ring that comes only after it. For the
 * same reason they are paid before this cpu waits for anybody.
 */
static inline void ring_queued(struct call_function_data *cfd, struct to_ring *rings)
{
	if (likely(rings->n == 1))
		ipi_ring_inline(rings->last);
	else if (rings->n)
		ipi_ring_mask(cfd->cpumask_ipi, rings->n);
	rings->n = 0;
}

/* One target; its csd is free. */
static inline enum call_push queue_one(struct ipi_cpu *me, call_single_data_t *csd,
				       unsigned int cpu, smp_call_func_t func, void *info,
				       unsigned int kind)
{
	enum call_push pushed;

	csd->func = func;
	csd->info = info;
	store_relaxed(&csd->locked, kind);
	pushed = call_submit_quietly(me, cpu, &csd->node);
	if (unlikely(pushed == CALL_PUSH_REFUSED))
		store_relaxed(&csd->locked, CALL_FREE);
	return pushed;
}

/*
 * An earlier broadcast without wait has not come to its end there: what is queued so far is rung
 * before the wait. The caller may be on another cpu after it; what it goes on with is still its
 * own, and the cpu that it was on is still the one that it does not call.
 */
static __noinline void wait_for_csd(struct call_function_data *cfd, unsigned int cpu,
				    struct to_ring *rings, unsigned long flags)
{
	ring_queued(cfd, rings);
	cpumask_clear(cfd->cpumask_ipi);
	local_irq_restore(flags);
	csd_lock_wait(&cfd->csd[cpu], cpu);
	local_irq_save();
}

/*
 * Word by word: what is queued and what is to be rung is put together in registers. Interrupts off;
 * flags are what they were before.
 */
static inline unsigned int queue_many(struct ipi_cpu *me, const struct cpumask *mask,
				      smp_call_func_t func, void *info, unsigned int kind,
				      smp_cond_func_t cond, unsigned long flags)
{
	struct call_function_data *cfd = &me->many;
	struct to_ring rings = {0, 0};
	unsigned int n = 0;

	for (unsigned int word = 0; word < cpumask_words; word++) {
		unsigned long bits =
			__cpumask_word(mask, word) & __cpumask_word(cpu_online_mask, word);
		unsigned long queued = 0;

		__cpumask_set_word(cfd->cpumask_ipi, word, 0);
		if (word == BIT_WORD(me->cpu))
			bits &= ~BIT_MASK(me->cpu);
		for (; bits; bits &= bits - 1) {
			unsigned int cpu = word * BITS_PER_LONG + bit_first(bits);
			enum call_push pushed;

			if (unlikely(cond) && !cond(cpu, info))
				continue;
			/* Acquire: pairs with the release by the target of an earlier broadcast. */
			if (unlikely(atomic_load_explicit(&cfd->csd[cpu].locked,
							  memory_order_acquire)))
				wait_for_csd(cfd, cpu, &rings, flags);
			pushed = queue_one(me, &cfd->csd[cpu], cpu, func, info, kind);
			if (unlikely(pushed == CALL_PUSH_REFUSED))
				continue;
			n++;
			queued |= bits & -bits;
			if (pushed == CALL_PUSHED_RING) {
				__cpumask_set_word(cfd->cpumask_ipi, word,
						   __cpumask_word(cfd->cpumask_ipi, word) |
							   (bits & -bits));
				rings.n++;
				rings.last = cpu;
			}
		}
		__cpumask_set_word(cfd->cpumask, word, queued);
	}
	ring_queued(cfd, &rings);
	return n;
}

static void wait_many(struct call_function_data *cfd)
{
	for (unsigned int word = 0; word < cpumask_words; word++) {
		for (unsigned long bits = __cpumask_word(cfd->cpumask, word); bits;
		     bits &= bits - 1) {
			unsigned int cpu = word * BITS_PER_LONG + bit_first(bits);

			csd_wait(&cfd->csd[cpu], cpu, false);
		}
	}
}

static inline unsigned int run_local(const struct cpumask *mask, unsigned int self,
				     smp_call_func_t func, void *info, unsigned int scf_flags,
				     smp_cond_func_t cond)
{
	if (!(scf_flags & SCF_RUN_LOCAL) || !cpumask_test_cpu(self, mask) ||
	    (cond && !cond(self, info)))
		return 0;
	return !smp_call_function_single(self, func, info, true);
}

/* The data is not there or somebody else's: one by one, each waited for. */
static __noinline unsigned int call_singly(const struct cpumask *mask, smp_call_func_t func,
					   void *info, unsigned int scf_flags, smp_cond_func_t cond,
					   unsigned int self)
{
	unsigned int cpu, n = 0;

	for_each_cpu_and (cpu, mask, cpu_online_mask) {
		if (cpu == self || (cond && !cond(cpu, info)))
			continue;
		n += !smp_call_function_single(cpu, func, info, true);
	}
	return n + run_local(mask, self, func, info, scf_flags, cond);
}

unsigned int smp_call_function_many_cond(const struct cpumask *mask, smp_call_func_t func,
					 void *info, unsigned int scf_flags, smp_cond_func_t cond)
{
	struct call_function_data *cfd;
	unsigned long flags;
	struct ipi_cpu *me;
	unsigned int n;

	if (unlikely(!func))
		return 0;
	/*
	 * The cpu that is passed over, whose data is taken and which runs func directly is this
	 * one, wherever the caller is later.
	 */
	flags = local_irq_save();
	me = this_cpu_ptr(&ipi_cpu);
	cfd = &me->many;
	if (unlikely(!cfd->csd || atomic_load_explicit(&cfd->busy, memory_order_acquire))) {
		local_irq_restore(flags);
		return call_singly(mask, func, info, scf_flags, cond, me->cpu);
	}
	store_relaxed(&cfd->busy, true);
	n = queue_many(me, mask, func, info, CALL_ASYNC + (scf_flags & SCF_WAIT), cond, flags);
	local_irq_restore(flags);
	/* While the others are at it. */
	if (scf_flags & SCF_RUN_LOCAL)
		n += run_local(mask, me->cpu, func, info, scf_flags, cond);
	if (scf_flags & SCF_WAIT)
		wait_many(cfd);
	store_release(&cfd->busy, false);
	return n;
}

unsigned int smp_call_function(smp_call_func_t func, void *info, bool wait)
{
	return smp_call_function_many(cpu_online_mask, func, info, wait);
}

unsigned int on_each_cpu_cond_mask(smp_cond_func_t cond, smp_call_func_t func, void *info,
				   bool wait, const struct cpumask *mask)
{
	return smp_call_function_many_cond(mask, func, info, SCF_RUN_LOCAL | (wait ? SCF_WAIT : 0),
					   cond);
}

unsigned int on_each_cpu_cond(smp_cond_func_t cond, smp_call_func_t func, void *info, bool wait)
{
	return on_each_cpu_cond_mask(cond, func, info, wait, cpu_online_mask);
}

unsigned int on_each_cpu_mask(const struct cpumask *mask, smp_call_func_t func, void *info,
			      bool wait)
{
	return on_each_cpu_cond_mask(NULL, func, info, wait, mask);
}

unsigned int on_each_cpu(smp_call_func_t func, void *info, bool wait)
{
	return on_each_cpu_mask(cpu_online_mask, func, info, wait);
}

void call_function_init(void)
{
	static struct ipi_cpu nobody = {.queue = {CALL_QUEUE_CLOSED}};
	unsigned int cpu;

	ipi_cpus = kzalloc(nr_cpu_ids * sizeof(struct ipi_cpu *));
	if (!ipi_cpus)
		panic("no memory for the call queues of %u cpus", nr_cpu_ids);
	for_each_possible_cpu (cpu) {
		ipi_cpus[cpu] = percpu_base[cpu] ? per_cpu_ptr(&ipi_cpu, cpu) : &nobody;
		ipi_cpus[cpu]->cpu = cpu;
		ipi_cpus[cpu]->hartid = cpu_to_hartid(cpu);
		store_relaxed(&ipi_cpus[cpu]->short_way, nr_cpu_ids);
		ipi_cpus[cpu]->cpus = ipi_cpus;
	}
	smpcfd_online_cpu();
}

/* At boot only when all harts run: nobody broadcasts before, and bring-up need not wait for it. */
CPUHP_ROW(CPUHP_SMPCFD_PREPARE, "smpcfd:prepare", smpcfd_prepare_cpu, smpcfd_dead_cpu);

static int open_queue(unsigned int cpu)
{
	(void)cpu;
	smpcfd_online_cpu();
	return 0;
}

static int close_queue(unsigned int cpu)
{
	(void)cpu;
	smpcfd_dying_cpu();
	return 0;
}
CPUHP_ROW(CPUHP_AP_SMPCFD_DYING, "smpcfd:dying", open_queue, close_queue);

static int call_init(void)
{
	call_function_init();
	return 0;
}
/* Before another hart can call, or be called. */
INITCALL_FIRST(INIT_IPI, call_init);
