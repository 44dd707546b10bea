/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop of a per-cpu thread, and who has such threads on which cpus. */
#include "threads/smpboot.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/printk.h"
#include "threads/internal.h"
#include "threads/kthread.h"
#include "threads/mutex.h"

/*
 * Guards the list, each store, and threads_up: so that a registration sees each cpu either before
 * or after it has unparked, or parked, its threads, and no lock of hotplug is needed.
 */
static DEFINE_MUTEX(smpboot_threads_lock);
static LIST_HEAD(hotplug_threads);

/* Its threads are unparked. */
static DEFINE_PER_CPU(bool, threads_up);

static _Atomic unsigned int strays;

/*
 *              first unparked                   park
 *   [ NONE ] -----------------> [ ACTIVE ] -------------> [ PARKED ]
 *               setup               ^------ unparked --------|
 *                                            unpark
 */
enum percpu_status { STATUS_NONE, STATUS_ACTIVE, STATUS_PARKED };

struct percpu_thread {
	struct smp_hotplug_thread *ht;
	unsigned int cpu;
	enum percpu_status status;
};

unsigned int smpboot_strays(void)
{
	return atomic_load_explicit(&strays, memory_order_relaxed);
}

static void run_callback(void (*callback)(unsigned int cpu), unsigned int cpu)
{
	if (callback)
		callback(cpu);
}

/* The first of its life, or the next: unparked on its cpu. */
static void activate(struct percpu_thread *td)
{
	run_callback(td->status == STATUS_NONE ? td->ht->setup : td->ht->unpark, td->cpu);
	td->status = STATUS_ACTIVE;
}

static int percpu_thread_fn(void *data)
{
	struct percpu_thread *td = data;
	struct smp_hotplug_thread *ht = td->ht;

	for (;;) {
		/* Each look below comes after this, so that no wake-up is lost. */
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop()) {
			__set_current_state(TASK_RUNNING);
			if (ht->cleanup && td->status != STATUS_NONE)
				ht->cleanup(td->cpu, cpumask_test_cpu(td->cpu, cpu_online_mask));
			return 0;
		}
		if (kthread_should_park()) {
			__set_current_state(TASK_RUNNING);
			if (td->status == STATUS_ACTIVE) {
				run_callback(ht->park, td->cpu);
				td->status = STATUS_PARKED;
			}
			kthread_parkme();
			continue;
		}
		preempt_disable();
		if (unlikely(smp_processor_id() != td->cpu)) {
			pr_err("thread %s: runs on cpu%u, waits there to be parked or stopped",
			       current->comm, smp_processor_id());
			atomic_fetch_add_explicit(&strays, 1, memory_order_relaxed);
			preempt_enable();
			schedule();
			continue;
		}
		if (td->status != STATUS_ACTIVE) {
			__set_current_state(TASK_RUNNING);
			preempt_enable();
			activate(td);
			continue;
		}
		if (ht->thread_should_run(td->cpu)) {
			__set_current_state(TASK_RUNNING);
			preempt_enable();
			ht->thread_fn(td->cpu);
		} else {
			preempt_enable_no_resched();
			schedule();
		}
	}
}

/* Without one yet, makes the thread of that cpu, as parked. */
static int create_thread(struct smp_hotplug_thread *ht, unsigned int cpu)
{
	struct percpu_thread *td;
	struct task_struct *task;

	if (*per_cpu_ptr(ht->store, cpu))
		return 0;
	td = kmalloc_node(sizeof(*td), cpu_to_node(cpu));
	if (!td)
		return -ENOMEM;
	*td = (struct percpu_thread){.ht = ht, .cpu = cpu};
	task = kthread_create_on_cpu(percpu_thread_fn, td, cpu, ht->thread_comm);
	if (IS_ERR(task)) {
		kfree(td);
		return (int)PTR_ERR(task);
	}
	kthread_park(task);
	*per_cpu_ptr(ht->store, cpu) = get_task_struct(task);
	run_callback(ht->create, cpu);
	return 0;
}

static void destroy_thread(struct smp_hotplug_thread *ht, unsigned int cpu)
{
	struct task_struct *task = *per_cpu_ptr(ht->store, cpu);
	struct percpu_thread *td;

	if (!task)
		return;
	td = kthread_data(task);
	kthread_stop_put(task);
	kfree(td);
	*per_cpu_ptr(ht->store, cpu) = NULL;
}

static void destroy_threads(struct smp_hotplug_thread *ht)
{
	unsigned int cpu;

	for_each_populated_cpu (cpu)
		destroy_thread(ht, cpu);
}

static void unpark_thread(struct smp_hotplug_thread *ht, unsigned int cpu)
{
	if (!ht->selfparking)
		kthread_unpark(*per_cpu_ptr(ht->store, cpu));
}

static const char *what_is_missing(const struct smp_hotplug_thread *ht)
{
	if (!ht->thread_comm)
		return "thread_comm";
	if (!strstr(ht->thread_comm, "%u"))
		return "%u in thread_comm";
	if (!ht->store)
		return "store";
	if (!ht->thread_should_run)
		return "thread_should_run";
	return ht->thread_fn ? NULL : "thread_fn";
}

static bool is_registered(const struct smp_hotplug_thread *ht)
{
	struct smp_hotplug_thread *at;

	list_for_each_entry (at, &hotplug_threads, list) {
		if (at == ht)
			return true;
	}
	return false;
}

static int register_locked(struct smp_hotplug_thread *ht)
{
	unsigned int cpu;
	int err;

	if (is_registered(ht)) {
		pr_warn("smpboot: %s is registered already", ht->thread_comm);
		return -EEXIST;
	}
	for_each_populated_cpu (cpu) {
		if (!per_cpu(threads_up, cpu))
			continue;
		err = create_thread(ht, cpu);
		if (err) {
			destroy_threads(ht);
			return err;
		}
		unpark_thread(ht, cpu);
	}
	list_add_tail(&ht->list, &hotplug_threads);
	return 0;
}

int smpboot_register_percpu_thread(struct smp_hotplug_thread *ht)
{
	const char *missing = what_is_missing(ht);
	int err;

	if (missing) {
		pr_warn("smpboot: %s cannot be registered without %s",
			ht->thread_comm ? ht->thread_comm : "a descriptor", missing);
		return -EINVAL;
	}
	mutex_lock(&smpboot_threads_lock);
	err = register_locked(ht);
	mutex_unlock(&smpboot_threads_lock);
	return err;
}

int smpboot_unregister_percpu_thread(struct smp_hotplug_thread *ht)
{
	bool registered;

	mutex_lock(&smpboot_threads_lock);
	registered = is_registered(ht);
	if (registered) {
		list_del_init(&ht->list);
		destroy_threads(ht);
	} else {
		pr_warn("smpboot: %s is not registered",
			ht->thread_comm ? ht->thread_comm : "a descriptor");
	}
	mutex_unlock(&smpboot_threads_lock);
	return registered ? 0 : -ENOENT;
}

/* Those that there are not yet. */
static int create_threads(unsigned int cpu)
{
	struct smp_hotplug_thread *ht;
	int err;

	list_for_each_entry (ht, &hotplug_threads, list) {
		err = create_thread(ht, cpu);
		if (err)
			return err;
	}
	return 0;
}

int smpboot_create_threads(unsigned int cpu)
{
	int err;

	mutex_lock(&smpboot_threads_lock);
	err = create_threads(cpu);
	mutex_unlock(&smpboot_threads_lock);
	return err;
}

int smpboot_unpark_threads(unsigned int cpu)
{
	struct smp_hotplug_thread *ht;
	int err;

	mutex_lock(&smpboot_threads_lock);
	/* Who has registered since smpboot_create_threads. */
	err = create_threads(cpu);
	if (!err) {
		list_for_each_entry (ht, &hotplug_threads, list)
			unpark_thread(ht, cpu);
		per_cpu(threads_up, cpu) = true;
	}
	mutex_unlock(&smpboot_threads_lock);
	return err;
}

static int park_threads(unsigned int cpu)
{
	struct smp_hotplug_thread *ht;
	int err;

	list_for_each_entry_reverse (ht, &hotplug_threads, list) {
		if (ht->selfparking)
			continue;
		err = kthread_park(*per_cpu_ptr(ht->store, cpu));
		if (!err)
			continue;
		list_for_each_entry_continue(ht, &hotplug_threads, list) unpark_thread(ht, cpu);
		return err;
	}
	return 0;
}

int smpboot_park_threads(unsigned int cpu)
{
	int err;

	mutex_lock(&smpboot_threads_lock);
	err = park_threads(cpu);
	if (!err)
		per_cpu(threads_up, cpu) = false;
	mutex_unlock(&smpboot_threads_lock);
	return err;
}

void smpboot_init(void)
{
	unsigned int cpu;

	for_each_online_cpu (cpu)
		per_cpu(threads_up, cpu) = true;
}
