/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads that can be asked to park and to stop, and whoever asks knows when they have. */
#include <errno.h>
#include <stdio.h>

#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/time.h"
#include "threads/kthread.h"
#include "threads/wait.h"

/*
 * What a thread is asked, and what it has answered:
 *
 *           kthread_park                  the thread itself
 *   [ 0 ] ----------------> [ SHOULD_PARK ] ----------------> [ SHOULD_PARK, PARKED ] -+
 *    ^ | ^-- kthread_unpark ---|                                 |  ^   ^--------------+ woken
 *    | +---- kthread_park, of one that has not STARTED ----------|--+
 *    +------ kthread_unpark -------------------------------------+
 *
 * SHOULD_STOP is set once, unparks, and keeps it from parking; ENDED is the last, with the result.
 */
#define SHOULD_PARK 1U
#define PARKED	    2U
#define SHOULD_STOP 4U
#define ENDED	    8U
#define PER_CPU	    16U
#define STARTED	    32U /* it has been woken: from then on it answers itself */

struct kthread {
	struct task_struct task; /* first: a thread whose fn is kthread_main is one of these */
	_Atomic unsigned int flags;
	unsigned int cpu; /* of a per-cpu thread */
	int (*threadfn)(void *data);
	void *data;
	int result;
	wait_queue_head_t changed; /* flags: for those who wait for PARKED or ENDED */
};

static void kthread_main(void *data);

bool is_kthread(const struct task_struct *task)
{
	return task->fn == kthread_main;
}

static struct kthread *to_kthread(const struct task_struct *task)
{
	if (unlikely(!is_kthread(task)))
		panic("thread %s was not made by kthread_create", task->comm);
	return (struct kthread *)task;
}

/* Acquire: pairs with the release of who sets a bit, or clears it. */
static unsigned int flags_of(struct kthread *k)
{
	return atomic_load_explicit(&k->flags, memory_order_acquire);
}

static bool should_be_parked(unsigned int flags)
{
	return (flags & (SHOULD_PARK | SHOULD_STOP)) == SHOULD_PARK;
}

bool kthread_should_stop(void)
{
	return flags_of(to_kthread(current)) & SHOULD_STOP;
}

bool kthread_should_park(void)
{
	return flags_of(to_kthread(current)) & SHOULD_PARK;
}

bool kthread_is_per_cpu(const struct task_struct *k)
{
	return is_kthread(k) && flags_of(to_kthread(k)) & PER_CPU;
}

void *kthread_data(const struct task_struct *k)
{
	return to_kthread(k)->data;
}

/* Answers that it is parked, if it shall be. True if that is new. */
static bool answer_parked(struct kthread *k)
{
	unsigned int flags = flags_of(k);

	while (should_be_parked(flags) && !(flags & PARKED)) {
		/*
		 * Release: pairs with flags_of in kthread_park; what the thread did before is seen
		 * there.
		 */
		if (cas_acq_rel(&k->flags, &flags, flags | PARKED))
			return true;
	}
	return false;
}

void kthread_parkme(void)
{
	struct kthread *k = to_kthread(current);

	might_sleep();
	for (;;) {
		unsigned int flags;

		set_current_state(TASK_PARKED);
		flags = flags_of(k);
		if (!should_be_parked(flags))
			break;
		/*
		 * Nobody runs here between the answer and the sleep: for who asks on this cpu it
		 * sleeps by then.
		 */
		local_irq_disable();
		if (flags & PARKED) {
			/* Woken without cause, or answered by who asked. */
			schedule();
		} else if (answer_parked(k)) {
			wake_up(&k->changed);
			schedule();
		}
		local_irq_enable();
	}
	__set_current_state(TASK_RUNNING);
}

void kthread_exit(int result)
{
	struct kthread *k = to_kthread(current);

	might_sleep();
	k->result = result;
	/* Release: pairs with flags_of of who reads the result. */
	atomic_fetch_or_explicit(&k->flags, ENDED, memory_order_release);
	wake_up_all(&k->changed);
	task_exit();
}

static void kthread_main(void *data)
{
	struct kthread *k = data;

	atomic_fetch_or_explicit(&k->flags, STARTED, memory_order_acq_rel);
	if (kthread_should_stop())
		kthread_exit(-EINTR);
	kthread_parkme();
	kthread_exit(k->threadfn(k->data));
}

static void kthread_release(struct task_struct *task)
{
	kfree(to_kthread(task));
}

static struct task_struct *create(int (*threadfn)(void *data), void *data, int node,
				  const char *comm)
{
	struct kthread *k = kzalloc_node(sizeof(*k), node);
	int err;

	might_sleep();
	if (!k)
		return ERR_PTR(-ENOMEM);
	k->threadfn = threadfn;
	k->data = data;
	init_waitqueue_head(&k->changed);
	err = task_init(&k->task, kthread_main, k, node, kthread_release, comm);
	if (err) {
		kfree(k);
		return ERR_PTR(err);
	}
	/* The reference that the thread has on itself stays until it ends; its maker has none. */
	put_task_struct(&k->task);
	return &k->task;
}

struct task_struct *kthread_create_on_node(int (*threadfn)(void *data), void *data, int node,
					   const char *namefmt, ...)
{
	char comm[TASK_COMM_LEN];
	va_list args;

	va_start(args, namefmt);
	vsnprintf(comm, sizeof(comm), namefmt, args);
	va_end(args);
	return create(threadfn, data, node, comm);
}

struct task_struct *kthread_create_on_cpu(int (*threadfn)(void *data), void *data, unsigned int cpu,
					  const char *namefmt)
{
	char comm[TASK_COMM_LEN];
	struct task_struct *k;

	if (cpu >= nr_cpu_ids)
		return ERR_PTR(-EINVAL);
	snprintf(comm, sizeof(comm), namefmt, cpu);
	k = create(threadfn, data, cpu_to_node(cpu), comm);
	if (!IS_ERR(k)) {
		task_bind(k, cpu);
		kthread_set_per_cpu(k, cpu);
	}
	return k;
}

static bool is_new(const struct task_struct *task)
{
	return atomic_load_explicit(&task->state, memory_order_relaxed) == TASK_NEW;
}

int kthread_bind(struct task_struct *task, unsigned int cpu)
{
	if (cpu >= nr_cpu_ids)
		return -EINVAL;
	if (!is_new(task)) {
		pr_warn("thread %s: too late to bind it to cpu%u, it has run", task->comm, cpu);
		return -EBUSY;
	}
	task_bind(task, cpu);
	return 0;
}

void kthread_set_per_cpu(struct task_struct *task, unsigned int cpu)
{
	struct kthread *k = to_kthread(task);

	k->cpu = cpu;
	if (cpu == CPU_ANY)
		atomic_fetch_and_explicit(&k->flags, ~PER_CPU, memory_order_release);
	else
		atomic_fetch_or_explicit(&k->flags, PER_CPU, memory_order_release);
}

/*
 * Waits until cond is true of the flags, which are then those it was true of; the hung-thread check
 * reports who waits for whom if that lasts.
 */
static unsigned int wait_for_flags(struct kthread *k, const char *what,
				   bool (*cond)(unsigned int flags))
{
	struct task_struct *me = current;
	unsigned int flags;

	store_relaxed(&me->waits_on, &k->task);
	store_relaxed(&me->waits_for, what);
	wait_event(k->changed, cond(flags = flags_of(k)));
	store_relaxed(&me->waits_for, NULL);
	/* Release: it may be freed afterwards. */
	store_release(&me->waits_on, NULL);
	return flags;
}

static bool park_answered(unsigned int flags)
{
	return flags & (PARKED | ENDED) || !(flags & SHOULD_PARK);
}

static bool has_ended(unsigned int flags)
{
	return flags & ENDED;
}

/*
 * Waits until a thread that has answered has left its cpu: a few instructions later, and again
 * after a late wake-up. False if it is unparked meanwhile. A wait that lasts is reported, once.
 */
static bool wait_until_left(struct kthread *k)
{
	uint64_t deadline = 0;

	/* Acquire: pairs with the release when its context was saved. */
	while (atomic_load_explicit(&k->task.home, memory_order_acquire) & TASK_ON_RQ) {
		if (!(flags_of(k) & PARKED))
			return false;
		if (!deadline)
			deadline = deadline_ms(SCHED_INACTIVE_S * 1000UL);
		if (time_now() >= deadline) {
			pr_err("thread %s: is parked, but has not left cpu%u for %d s",
			       k->task.comm, task_cpu(&k->task), SCHED_INACTIVE_S);
			deadline = UINT64_MAX;
		}
		usleep(POLL_US);
	}
	return true;
}

/* The flags as they were before; if that is news, with what is asked. */
static unsigned int ask_to_park(struct kthread *k)
{
	unsigned int flags = flags_of(k), asked;

	do {
		if (flags & (ENDED | SHOULD_PARK))
			return flags;
		asked = flags | SHOULD_PARK;
		/* Parked it is then, without ever having run. */
		if (!(flags & (STARTED | SHOULD_STOP)))
			asked |= PARKED;
	} while (!cas_acq_rel(&k->flags, &flags, asked));
	return flags;
}

int kthread_park(struct task_struct *task)
{
	struct kthread *k = to_kthread(task);
	unsigned int flags;

	might_sleep();
	flags = ask_to_park(k);
	if (flags & ENDED) {
		pr_warn("thread %s: cannot park, it has ended", task->comm);
		return -ENOSYS;
	}
	if (flags & SHOULD_PARK) {
		pr_warn("thread %s: asked to park when it %s", task->comm,
			flags & PARKED ? "is parked" : "was asked before");
		return -EBUSY;
	}
	if (task == current)
		return 0;
	if (flags & STARTED)
		wake_up_process(task);
	flags = wait_for_flags(k, "to park", park_answered);
	if (flags & ENDED) {
		pr_warn("thread %s: ended instead of parking", task->comm);
		return -ENOSYS;
	}
	if (!(flags & SHOULD_PARK) || !wait_until_left(k))
		return -EINTR;
	return 0;
}

/* Makes a parked thread's own cpu its home again, if it had to leave that. */
static void go_home(struct kthread *k)
{
	unsigned int home = atomic_load_explicit(&k->task.home, memory_order_acquire);

	while ((home & ~TASK_ON_RQ) != k->cpu) {
		if (!(home & TASK_ON_RQ)) {
			/* Against whoever wakes it, as in the scheduler. */
			cas_acq_rel(&k->task.home, &home, k->cpu);
			continue;
		}
		/*
		 * Somebody's late wake-up has it run for a moment, where it sees that it is still
		 * parked.
		 */
		if (!wait_until_left(k))
			return;
		home = atomic_load_explicit(&k->task.home, memory_order_acquire);
	}
}

void kthread_unpark(struct task_struct *task)
{
	struct kthread *k = to_kthread(task);
	unsigned int flags = flags_of(k);

	if (!(flags & SHOULD_PARK))
		return;
	if ((flags & (PARKED | PER_CPU)) == (PARKED | PER_CPU))
		go_home(k);
	/* Release: what the caller did before is seen by the thread when it goes on. */
	flags = atomic_fetch_and_explicit(&k->flags, ~(SHOULD_PARK | PARKED), memory_order_acq_rel);
	if (flags & PARKED)
		wake_up_state(task, TASK_PARKED | TASK_NEW);
	else
		wake_up_all(&k->changed);
}

int kthread_stop(struct task_struct *task)
{
	struct kthread *k = to_kthread(task);
	int result;

	might_sleep();
	if (task == current) {
		pr_warn("thread %s: cannot wait for its own end", task->comm);
		return -EDEADLK;
	}
	get_task_struct(task);
	atomic_fetch_or_explicit(&k->flags, SHOULD_STOP, memory_order_release);
	kthread_unpark(task);
	wake_up_process(task);
	wait_for_flags(k, "to end", has_ended);
	result = k->result;
	put_task_struct(task);
	return result;
}
