/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel threads: made, bound, parked, stopped. Names and semantics are Linux's. */
#ifndef THREADS_KTHREAD_H
#define THREADS_KTHREAD_H

#include <stdbool.h>

#include "core/compiler.h"
#include "core/err.h"
#include "core/page.h"
#include "threads/sched.h"

/*
 * Makes a thread that runs threadfn(data) after the first wake_up_process, on any cpu, with a stack
 * from memory of node; its name is formatted, and cut to TASK_COMM_LEN. Returns it, or
 * ERR_PTR(-ENOMEM).
 *
 * It ends when threadfn returns, whose result is for kthread_stop, or calls kthread_exit; its
 * memory is freed then. So whoever keeps the pointer either knows that threadfn does not end before
 * kthread_should_stop() is true, or holds a reference (get_task_struct). One that was never woken
 * ends by kthread_stop. Thread context.
 */
struct task_struct *kthread_create_on_node(int (*threadfn)(void *data), void *data, int node,
					   const char *namefmt, ...) __printf(4, 5);
#define kthread_create(threadfn, data, namefmt, ...) \
	kthread_create_on_node(threadfn, data, NUMA_NO_NODE, namefmt, ##__VA_ARGS__)

/*
 * The same, bound to cpu, which need not be online yet, and per-cpu; its stack is on that cpu's
 * node. namefmt has one %u, for the cpu. ERR_PTR(-EINVAL): no such cpu.
 */
struct task_struct *kthread_create_on_cpu(int (*threadfn)(void *data), void *data, unsigned int cpu,
					  const char *namefmt);

/* Makes it and wakes it. */
#define kthread_run(threadfn, data, namefmt, ...)                                                 \
	({                                                                                        \
		struct task_struct *__k = kthread_create(threadfn, data, namefmt, ##__VA_ARGS__); \
		if (!IS_ERR(__k))                                                                 \
			wake_up_process(__k);                                                     \
		__k;                                                                              \
	})

/*
 * Binds a thread that has not run yet to a cpu; -EBUSY, and a report: it has. -EINVAL: no such cpu.
 * Thread context.
 */
int kthread_bind(struct task_struct *k, unsigned int cpu);

/*
 * A per-cpu thread is bound to its cpu anew by kthread_unpark, if it was elsewhere. cpu CPU_ANY: it
 * is none any more. Before it is first woken, or by itself.
 */
void kthread_set_per_cpu(struct task_struct *k, unsigned int cpu);
bool kthread_is_per_cpu(const struct task_struct *k);

/*
 * True if it was made here; the functions below are for such threads only. What it was made with.
 * Any context.
 */
bool is_kthread(const struct task_struct *task);
void *kthread_data(const struct task_struct *k);

/*
 * Of the calling thread, which is made here: whether it shall return soon, or call kthread_parkme
 * soon.
 */
bool kthread_should_stop(void);
bool kthread_should_park(void);

/*
 * Sleeps, TASK_PARKED, as long as the calling thread should park. Thread context. On its return a
 * per-cpu thread is on its cpu, if that is online.
 */
void kthread_parkme(void);

/*
 * Asks a thread to park, wakes it, and waits until it has, and has left its cpu (a wake-up that is
 * still under way then has it look again, within kthread_parkme); one that was never woken parks
 * before threadfn is called. A thread may ask itself; then it does not wait. A wait that lasts is
 * reported, with who waits for whom. 0; -ENOSYS, and a report: it has ended, or ends meanwhile;
 * -EBUSY, and a report: it is asked, or parked, already; -EINTR: another has unparked or stopped it
 * meanwhile. Thread context.
 */
int kthread_park(struct task_struct *k);

/*
 * Takes that back: a thread that is parked goes on, one that was about to park does not. Without a
 * kthread_park before it, nothing. A per-cpu thread that is elsewhere goes back to its cpu. Thread
 * context.
 */
void kthread_unpark(struct task_struct *k);

/*
 * Asks a thread to stop, unparks and wakes it, waits until it ends, and returns its result; -EINTR
 * if it was never woken: threadfn is not called then. Of one that has ended (the caller holds a
 * reference), its result. -EDEADLK, and a report: the calling thread itself. The thread that asks
 * must know that it is not gone (see kthread_create). A wait that lasts is reported. Thread
 * context.
 */
int kthread_stop(struct task_struct *k);

/* kthread_stop, then put_task_struct. */
static inline int kthread_stop_put(struct task_struct *k)
{
	int result = kthread_stop(k);

	put_task_struct(k);
	return result;
}

/* Ends the calling thread, as if threadfn had returned that. Thread context. */
__noreturn void kthread_exit(int result);

#endif
