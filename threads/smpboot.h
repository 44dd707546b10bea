/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Per-cpu threads that park when their cpu goes down and go on when it is back. Names are Linux's.
 */
#ifndef THREADS_SMPBOOT_H
#define THREADS_SMPBOOT_H

#include <stdbool.h>

#include "core/list.h"
#include "percpu/percpu.h"
#include "threads/sched.h"

/*
 * What such a thread does. Callbacks run in the thread itself, on its cpu, but for create; those
 * that are not marked may be NULL.
 *
 *   made parked, create -> unparked -> setup -> [ thread_fn while it should run, else sleep ]
 *                                                   |    ^ park ... unpark
 *                                                   `-> stop: cleanup, if setup was called
 *
 * The thread's first unparking calls setup, each later one unpark. Who wants thread_fn to run makes
 * thread_should_run true, then wakes the thread.
 */
struct smp_hotplug_thread {
	struct task_struct *__percpu *store;	    /* must be: where each cpu's thread is kept */
	struct list_head list;			    /* of smpboot.c */
	int (*thread_should_run)(unsigned int cpu); /* must be; preemption off */
	void (*thread_fn)(unsigned int cpu);	    /* must be; may sleep */
	void (*create)(
		unsigned int
			cpu); /* when it is made, before it is first unparked: by who makes it */
	void (*setup)(unsigned int cpu);
	void (*cleanup)(unsigned int cpu, bool online); /* online: whether its cpu is */
	void (*park)(unsigned int cpu);
	void (*unpark)(unsigned int cpu);
	bool selfparking;	 /* is parked and unparked by its owner, not here */
	const char *thread_comm; /* must be, with one %u for the cpu */
};

/*
 * Makes the threads of all online cpus and unparks them (unless selfparking); other cpus get theirs
 * when they first come up. 0; -EINVAL, with a message of what is missing; -EEXIST, with a message:
 * it is registered; -ENOMEM: no thread is left. Harts may come and go meanwhile. Thread context,
 * not from a callback.
 */
int smpboot_register_percpu_thread(struct smp_hotplug_thread *ht);

/*
 * Ends all its threads, those of cpus that are down too: each has called cleanup if it had called
 * setup. -ENOENT, with a message: it is not registered. Harts may come and go meanwhile. Thread
 * context, not from a callback.
 */
int smpboot_unregister_percpu_thread(struct smp_hotplug_thread *ht);

/*
 * A cpu's way up and down, for the hotplug rows; which holds that cpu still. create makes, parked,
 * those of its threads that there are not yet: 0, or -ENOMEM; those it has made stay for the next
 * attempt. unpark: in order of registration; park: in reverse, each waited for. The first that does
 * not park is reported, and those parked before it are unparked: its error. Thread context.
 */
int smpboot_create_threads(unsigned int cpu);
int smpboot_unpark_threads(unsigned int cpu);
int smpboot_park_threads(unsigned int cpu);

/*
 * How often a thread was found on another cpu than its own: each is reported, and waits there for
 * its stop or park. Any context.
 */
unsigned int smpboot_strays(void);

#endif
