/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls: run a function on another cpu. Names and semantics are Linux's, but where a contract says
 * more.
 */
#ifndef IPI_CALL_H
#define IPI_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/cpumask.h"
#include "ipi/call_queue.h"

typedef void (*smp_call_func_t)(void *info);
typedef bool (*smp_cond_func_t)(unsigned int cpu, void *info);

enum call_kind {
	CALL_FREE,     /* not in flight */
	CALL_ASYNC,    /* freed before the function runs, which may queue it again */
	CALL_SYNC,     /* freed after the function has run: somebody waits for that */
	CALL_TIMED,    /* as SYNC, but its waiter may have gone: see call_timeout.c */
	CALL_IRQ_WORK, /* an irq_work, which has flags of its own: see irq_work.h */
};

/*
 * One call in the making. locked is its kind from the moment it is handed over until its function
 * may be called again with it:
 *
 *               submit: exchange              target, before an async function, after a sync one
 *   [ CALL_FREE ] ----------------> [ kind ] ----------------------------------------------------> [ CALL_FREE ]
 *
 * func and info may be written only while it is free.
 */
struct call_single_data {
	struct call_node node;
	_Atomic uint64_t locked; /* enum call_kind */
	smp_call_func_t func;
	void *info;
};
typedef struct call_single_data call_single_data_t;

#define CSD_INIT(f, i)	    {.func = (f), .info = (i)}
#define INIT_CSD(csd, f, i) (*(csd) = (struct call_single_data)CSD_INIT(f, i))

/*
 * All calls below: the function runs with interrupts off, on the stack of whatever the target does;
 * it must not sleep. Calls of one caller to one target run in the order in which they were made, as
 * long as the caller stays on one cpu. A call that was accepted runs exactly once, also if its
 * target goes down meanwhile; one that was refused never runs. On the calling cpu itself the
 * function is called directly, interrupts off. A caller that may be preempted may be moved to
 * another cpu at any moment: "the calling cpu" is the one on which it was at some moment during the
 * call.
 *
 * Callers may be in any context, interrupt handlers and interrupts off included: who waits with
 * interrupts off runs the calls that others make to it, so two that call each other both finish.
 * Such nesting is bounded (CALL_NESTING_MAX); a wait past its deadline is reported (see
 * call_wait.h).
 *
 * Errors: -ENXIO cpu is not online, or no such cpu; -EINVAL func is NULL; -EBUSY csd is in flight.
 */
#define CALL_NESTING_MAX 8

/* Runs func(info) on cpu; with wait, returns when it has run. 0, -ENXIO, -EINVAL. */
int smp_call_function_single(unsigned int cpu, smp_call_func_t func, void *info, bool wait);

/*
 * The same with the caller's own csd, which must stay until it is free again; never waits. 0,
 * -ENXIO, -EINVAL, -EBUSY. After -ENXIO the csd is free.
 */
int smp_call_function_single_async(unsigned int cpu, call_single_data_t *csd);

/*
 * As smp_call_function_single with wait, but gives up after timeout_us: -ETIMEDOUT, after a report.
 * The call was accepted and still runs exactly once when the target comes to it: info must stay
 * valid until then. -ENOMEM: nothing was queued.
 */
int smp_call_function_single_timeout(unsigned int cpu, smp_call_func_t func, void *info,
				     uint64_t timeout_us);

/*
 * Runs it on one cpu of the mask: this one, else one of this memory node, else the first that is
 * online. -ENXIO if none is.
 */
int smp_call_function_any(const struct cpumask *mask, smp_call_func_t func, void *info, bool wait);

#define SCF_WAIT      (1U << 0)
#define SCF_RUN_LOCAL (1U << 1)

/*
 * Runs it on every online cpu of the mask but this one, this one too with SCF_RUN_LOCAL; where cond
 * is not NULL, only where cond(cpu, info), called here, is true. Cpus that are not online are
 * passed over. Returns on how many it runs or has run. func NULL: 0. One ring for each window of
 * the back end, only for cpus that need one. A caller that interrupts, or preempts, another such
 * call on the same cpu goes target by target.
 */
unsigned int smp_call_function_many_cond(const struct cpumask *mask, smp_call_func_t func,
					 void *info, unsigned int scf_flags, smp_cond_func_t cond);

static inline unsigned int smp_call_function_many(const struct cpumask *mask, smp_call_func_t func,
						  void *info, bool wait)
{
	return smp_call_function_many_cond(mask, func, info, wait ? SCF_WAIT : 0, NULL);
}

/* On all other online cpus. */
unsigned int smp_call_function(smp_call_func_t func, void *info, bool wait);

/* On all online cpus, on those of a mask, on those where cond is true: this one included. */
unsigned int on_each_cpu(smp_call_func_t func, void *info, bool wait);
unsigned int on_each_cpu_mask(const struct cpumask *mask, smp_call_func_t func, void *info,
			      bool wait);
unsigned int on_each_cpu_cond(smp_cond_func_t cond, smp_call_func_t func, void *info, bool wait);
unsigned int on_each_cpu_cond_mask(smp_cond_func_t cond, smp_call_func_t func, void *info,
				   bool wait, const struct cpumask *mask);

/* Boot: a closed queue for every possible cpu, open for this one. */
void call_function_init(void);

/*
 * A cpu's life, as in Linux. prepare: memory for its own broadcasts, on its node; control hart,
 * before each start; 0 or -ENOMEM. dying: on the cpu itself, interrupts off, out of the online
 * mask: closes its queue, runs what was queued, then irq_work. dead: control hart, after it has
 * stopped; keeps the memory for the next life, after no call made from it is in flight any more.
 * online: on the cpu itself, interrupts off, before it joins the online mask.
 */
int smpcfd_prepare_cpu(unsigned int cpu);
void smpcfd_dying_cpu(void);
int smpcfd_dead_cpu(unsigned int cpu);
void smpcfd_online_cpu(void);

/*
 * Runs what is queued for this cpu. From the IPI handler, from idle and from waiters, interrupts
 * off. Returns how many ran.
 */
unsigned int flush_call_queue(void);

/*
 * Watches the queue for so many looks (UINT32_MAX: without end), so that calls need no ring, and
 * runs what comes. False if nothing came; an interrupt that is pending ends it early, and counts as
 * something. Interrupts off.
 */
bool call_queue_poll(unsigned int looks);

/* True while that cpu watches its queue, for benchmarks that want it asleep. Any context. */
bool call_queue_polling(unsigned int cpu);

/*
 * True if a call is queued for this cpu, for who waits with interrupts off for anything but a call.
 * Interrupts off.
 */
bool call_queue_has_calls(void);

/* True if something is queued for this cpu, so that idle must not sleep. Interrupts off. */
bool call_queue_has_work(void);

#endif
