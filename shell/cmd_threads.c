/* SPDX-License-Identifier: BSD-2-Clause */
/* threads, park, unpark: who runs where, and asking one thread to pause. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/console.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/time.h"
#include "shell/shell.h"
#include "threads/completion.h"
#include "threads/kthread.h"
#include "threads/sched.h"

/* What one thread looked like. The pointer is for comparing only. */
struct thread_row {
	const struct task_struct *task;
	char comm[TASK_COMM_LEN];
	const char *state, *class;
	unsigned int cpu;
	bool bound, kthread;
	uint64_t ran, switches;
};

struct thread_list {
	struct thread_row *rows;
	unsigned int n, room;
	uint64_t taken; /* ticks */
};

static uint64_t get(const _Atomic uint64_t *value)
{
	return atomic_load_explicit(value, memory_order_relaxed);
}

static bool is_curr(const struct task_struct *task, unsigned int cpu)
{
	return cpumask_test_cpu(cpu, cpu_online_mask) && per_cpu(current_task, cpu) == &task->head;
}

static const char *class_name(const struct task_struct *task)
{
	static const char *const names[] = {
		[SCHED_STOP] = "stop", [SCHED_NORMAL] = "normal", [SCHED_IDLE] = "idle"};

	return names[task->class];
}

static const char *state_of(const struct task_struct *task, unsigned int cpu)
{
	if (task->class == SCHED_IDLE)
		return !cpumask_test_cpu(cpu, cpu_online_mask) ? "off"
		       : is_curr(task, cpu)		       ? "running"
							       : "ready";
	if (atomic_load_explicit(&task->state, memory_order_relaxed) == TASK_RUNNING &&
	    !is_curr(task, cpu))
		return "ready";
	return task_state_name(task);
}

static void add_row(struct task_struct *task, void *arg)
{
	struct thread_list *list = arg;
	struct thread_row *row = &list->rows[list->n];
	uint64_t since = get(&task->since);

	if (list->n++ >= list->room)
		return;
	row->task = task;
	memcpy(row->comm, task->comm, sizeof(row->comm));
	row->cpu = task_cpu(task);
	row->bound = task->bound != CPU_ANY;
	row->kthread = task->class != SCHED_IDLE && is_kthread(task);
	row->class = class_name(task);
	row->state = state_of(task, row->cpu);
	row->switches = get(&task->switches);
	row->ran = get(&task->ran);
	/* What it has run since it was switched to is not in ran yet. */
	if (is_curr(task, row->cpu) && since < list->taken)
		row->ran += list->taken - since;
}

/* All threads as they are now; rows to be freed by the caller. False: no memory. */
static bool list_threads(struct thread_list *list)
{
	list->rows = NULL;
	list->room = 0;
	/* Some may have been made since they were counted. */
	do {
		kfree(list->rows);
		list->room += list->n + 8;
		list->rows = kzalloc(list->room * sizeof(*list->rows));
		list->n = 0;
		list->taken = time_now();
		if (!list->rows)
			return false;
		for_each_task(add_row, list);
	} while (list->n > list->room);
	return true;
}

static const struct thread_row *same_thread(const struct thread_list *list,
					    const struct thread_row *row)
{
	for (unsigned int i = 0; i < list->n; i++) {
		/* Another may have come where one has gone. */
		if (list->rows[i].task == row->task && !strcmp(list->rows[i].comm, row->comm) &&
		    list->rows[i].ran <= row->ran)
			return &list->rows[i];
	}
	return NULL;
}

/*
 * Times and switches since before, or, if that is empty, of each thread's life, beside the time
 * since the machine started.
 */
static void print_threads(const struct thread_list *before, const struct thread_list *now)
{
	uint64_t span = now->taken - before->taken;

	printk_raw("%-15s %-9s %5s %-6s %12s %7s %10s", "thread", "state", "cpu", "class",
		   "cpu time", "share", "switches");
	for (unsigned int i = 0; i < now->n; i++) {
		const struct thread_row *row = &now->rows[i], *then = same_thread(before, row);
		uint64_t ran = row->ran - (then ? then->ran : 0);
		uint64_t share = span ? ran * 1000 / span : 0;

		printk_raw("%-15s %-9s %4u%c %-6s %9lu ms %4lu.%lu%% %10lu", row->comm, row->state,
			   row->cpu, row->bound ? '!' : ' ', row->class, ticks_to_ns(ran) / 1000000,
			   share / 10, share % 10, row->switches - (then ? then->switches : 0));
	}
	printk_raw("%u threads; ! is bound to its cpu", now->n);
}

#define SECONDS_MAX 3600

static int cmd_threads(int argc, char **argv)
{
	struct thread_list before = {0}, now = {0};
	unsigned long seconds = 0;
	int err = -ENOMEM;

	if (argc > 2)
		return -EINVAL;
	if (argc == 2) {
		if (shell_number(argv[0], argv[1], SECONDS_MAX, &seconds))
			return -EINVAL;
		if (!seconds)
			return shell_bad(argv[0], argv[1], "seconds would tell nothing");
		if (!list_threads(&before))
			goto out;
		printk_raw("threads: looking for %lu s; ctrl-c ends it earlier", seconds);
		console_wait_break(deadline_ms(seconds * 1000));
	}
	if (list_threads(&now)) {
		print_threads(&before, &now);
		err = 0;
	}
out:
	kfree(before.rows);
	kfree(now.rows);
	return err;
}
SHELL_COMMAND(threads, "[seconds]", "who runs where, how long: so far, or in so many seconds",
	      cmd_threads);

struct search {
	const char *name;
	struct task_struct *found;
	unsigned int n;
};

/* One whose last reference is gone is on its way out of the list. */
static bool get_if_alive(struct task_struct *task)
{
	unsigned int usage = atomic_load_explicit(&task->usage, memory_order_relaxed);

	while (usage) {
		if (atomic_compare_exchange_weak_explicit(&task->usage, &usage, usage + 1,
							  memory_order_relaxed,
							  memory_order_relaxed))
			return true;
	}
	return false;
}

static void match(struct task_struct *task, void *arg)
{
	struct search *search = arg;

	if (strcmp(task->comm, search->name) != 0)
		return;
	if (!search->n++ && task->class != SCHED_IDLE && get_if_alive(task))
		search->found = task;
}

/* The kthread of that name, with a reference, in *task: 0, or an error after a message. */
static int find_kthread(const char *command, const char *name, struct task_struct **task)
{
	struct search search = {.name = name};
	int err = 0;

	for_each_task(match, &search);
	*task = search.found;
	if (!search.n) {
		shell_bad(command, name, "is no thread; try threads");
		err = -ESRCH;
	} else if (search.n > 1) {
		shell_bad(command, name, "is the name of several threads");
		err = -EEXIST;
	} else if (!search.found || !is_kthread(search.found)) {
		shell_bad(command, name, "is no kernel thread that can be parked");
		err = -EPERM;
	}
	if (err && search.found)
		put_task_struct(search.found);
	return err;
}

/* Asks for the parking in a thread of its own, so that whoever typed it can take it back. */
struct parking {
	struct task_struct *task;
	struct completion done;
	int result;
};

static int park_it(void *arg)
{
	struct parking *parking = arg;

	parking->result = kthread_park(parking->task);
	complete(&parking->done);
	return 0;
}

static int park_and_wait(struct task_struct *task)
{
	struct parking parking = {.task = task};
	struct task_struct *helper;
	uint64_t patience = deadline_ms(1000);

	init_completion(&parking.done);
	helper = kthread_run(park_it, &parking, "park");
	if (IS_ERR(helper))
		return (int)PTR_ERR(helper);
	while (!wait_for_completion_timeout(&parking.done, ns_to_ticks(20000000))) {
		if (console_wait_break(0)) {
			kthread_unpark(task);
			wait_for_completion(&parking.done);
			break;
		}
		if (time_now() >= patience) {
			printk_raw("park: %s does not park yet; ctrl-c takes it back", task->comm);
			patience = UINT64_MAX;
		}
	}
	return parking.result;
}

/* Does it with the thread that a command names. */
static int with_kthread(int argc, char **argv, int (*do_it)(struct task_struct *task))
{
	struct task_struct *task;
	int err;

	if (argc != 2)
		return -EINVAL;
	err = find_kthread(argv[0], argv[1], &task);
	if (err)
		return err;
	err = do_it(task);
	put_task_struct(task);
	return err;
}

static int cmd_park(int argc, char **argv)
{
	int err = with_kthread(argc, argv, park_and_wait);

	if (err == -EBUSY)
		shell_bad(argv[0], argv[1], "is parked already, or asked to");
	else if (err == -EINTR)
		shell_bad(argv[0], argv[1], "was unparked or stopped before it had parked");
	else if (err == -ENOSYS)
		shell_bad(argv[0], argv[1], "has ended");
	return err;
}

static int unpark(struct task_struct *task)
{
	kthread_unpark(task);
	return 0;
}

static int cmd_unpark(int argc, char **argv)
{
	return with_kthread(argc, argv, unpark);
}

/* Names must stay while a word is being completed: they are taken anew with the first. */
static const char *complete_thread(size_t index)
{
	static struct thread_list list;

	if (!index) {
		kfree(list.rows);
		list.n = 0;
		if (!list_threads(&list))
			list.n = 0;
	}
	for (unsigned int i = 0; i < list.n; i++) {
		if (list.rows[i].kthread && !index--)
			return list.rows[i].comm;
	}
	return NULL;
}
SHELL_COMMAND_COMPLETE(park, "<thread>", "asks a thread to pause, and waits until it does",
		       cmd_park, complete_thread);
SHELL_COMMAND_COMPLETE(unpark, "<thread>", "lets a parked thread go on", cmd_unpark,
		       complete_thread);
