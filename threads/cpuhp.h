/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts come and go: the control side of hotplug, and each hart's hotplug thread. Names and
 * semantics are Linux's.
 */
#ifndef THREADS_CPUHP_H
#define THREADS_CPUHP_H

#include "core/cpumask.h"
#include "core/hotplug.h"

/*
 * Brings a cpu up through all rows of the table, or down. When one fails, the cpu is again what it
 * was, and the row's error is returned. Whoever calls cpu_down on its own cpu goes on on another.
 * What is wrong is told by pr_err.
 *
 *   both      -ENODEV no such cpu; -EBUSY hotplug is disabled (cpu_hotplug_disable)
 *   cpu_up    -EEXIST it is up, all its rows; what cpu_start_hart and cpu_wait_started return (core/smp.h); the
 *             error of a row
 *   cpu_down  -ENXIO it is not up; -EBUSY it is the last one; -EOPNOTSUPP the firmware has no HSM;
 *             the error of a row; -ETIMEDOUT it left the kernel, but the firmware does not say that
 *             it has stopped: it is looked at again by the next cpu_up. One that the firmware will
 *             not stop is reported, waits where it can be started again, and counts as down: 0
 *
 * Thread context, without cpus_read_lock.
 */
int cpu_up(unsigned int cpu);
int cpu_down(unsigned int cpu);

/*
 * Keeps the set of online harts, and the table, as they are. Readers do not wait for one another; a
 * writer waits for readers, and those that come after it wait for it: so reads do not nest. Thread
 * context.
 */
void cpus_read_lock(void);
void cpus_read_unlock(void);
void cpus_write_lock(void);
void cpus_write_unlock(void);

/*
 * From here on cpu_up and cpu_down return -EBUSY, until each disable has had its enable. Thread
 * context.
 */
void cpu_hotplug_disable(void);
void cpu_hotplug_enable(void);

/*
 * Takes down all online cpus but one, first; hotplug is disabled until thaw brings back those, and
 * only those. For a system suspend and its like. 0; -ENXIO: first is not online, -EBUSY: hotplug is
 * disabled, -ENOMEM, or the error of the first that did not go down: then everything is as before.
 * Thread context.
 */
int freeze_secondary_cpus(unsigned int first);
void thaw_secondary_cpus(void);

#endif
