/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running a function while nothing else runs: on one cpu, or on all. Names and semantics are
 * Linux's.
 */
#ifndef THREADS_STOP_MACHINE_H
#define THREADS_STOP_MACHINE_H

#include <stdint.h>

#include "core/cpumask.h"

typedef int (*cpu_stop_fn_t)(void *arg);

/*
 * Runs fn(arg) in the stopper thread of cpu, which comes before all other threads: interrupts on,
 * preemption off, so that fn must not sleep. Waits for it. Returns what fn returned; -ENOENT: cpu
 * is not online, or went down before its turn, and fn was not called. Thread context.
 */
int stop_one_cpu(unsigned int cpu, cpu_stop_fn_t fn, void *arg);

/*
 * Holds all online harts, each where its threads may be preempted, interrupts off, and calls
 * fn(data) on those of cpus, NULL: on the one that the caller is on. Where several call it, they do
 * so at the same time. Nothing else runs on any hart from before the first call of fn until after
 * the last: no thread, no interrupt handler, no call. So fn must not sleep, nor wait for another
 * hart, but for one in fn, too.
 *
 * A hart that has stopped and waits for others to stop still runs the calls that they make to it: a
 * handler that waits for a call keeps nobody waiting for ever. Calls made later wait until it is
 * over.
 *
 * Returns 0, or what the first fn that failed returned; -ENXIO: no cpu of cpus is online; -EAGAIN,
 * and a report: a hart cannot be stopped as it is half-way through hotplug, or the boot is not that
 * far. Then fn was not called. Of several callers one goes after the other. A hart that does not
 * come is reported after stop_timeout_ms (a parameter), with its backtrace, again and again;
 * STOP_FATAL_S later the kernel panics.
 *
 * Thread context; without cpus_read_lock. _cpuslocked: with it, or cpus_write_lock.
 */
#define STOP_FATAL_S 300
int stop_machine(cpu_stop_fn_t fn, void *data, const struct cpumask *cpus);
int stop_machine_cpuslocked(cpu_stop_fn_t fn, void *data, const struct cpumask *cpus);

/*
 * The longest time, in ticks, for which stop_machine has kept any hart's interrupts off since boot.
 * Any context.
 */
uint64_t stop_machine_max_irqoff(void);

/* How often all harts were stopped since boot. Any context. */
uint64_t stop_machine_count(void);

#endif
