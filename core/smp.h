/* SPDX-License-Identifier: BSD-2-Clause */
/* Harts start and stop: all at once at boot, one at a time later. */
#ifndef CORE_SMP_H
#define CORE_SMP_H

#include <stdint.h>

#include "core/compiler.h"

/*
 * What a hart does once it is online: interrupts off at the call, never returns. Set before
 * INIT_SMP by who owns idling.
 */
extern void (*secondary_idle)(void);

/* How long bring-up took, and how many harts it was for; 0 before it is over. Any context. */
struct bringup_result {
	uint64_t ticks;	      /* first hart_start to last hart online, or the deadline */
	uint64_t insns;	      /* the same in retired instructions, where they count all harts */
	unsigned int started; /* harts that the firmware accepted to start */
	unsigned int online;  /* of these */
};
extern struct bringup_result bringup_result;

/*
 * One hart, after bring-up. All of these are for the control side: one hart at a time for any one
 * cpu, hart context, interrupts on, on another hart than the cpu's. What is wrong is told by
 * pr_err, with cpu, hart and reason.
 *
 * cpu_start_hart arms the cpu's boot record anew and asks the firmware for the hart; "not now" is
 * tried again for 200 ms. 0: it comes; wait for it. -ENODEV: no such cpu; -EEXIST: it is online;
 * -EBUSY: it is starting or stopping; -ENOMEM: it got no memory at boot; -ENXIO: it has no stack,
 * see smp_set_start_stack; -EOPNOTSUPP: no HSM; -EALREADY: the hart runs, and not for us; or what
 * the firmware's error is as an errno. A cpu whose start fails is CPU_REFUSED, and may be tried
 * again.
 */
int cpu_start_hart(unsigned int cpu);

/*
 * Waits until a started hart has come: 0, it is on its way through its starting rows to
 * secondary_idle and cannot be given up any more. -ETIMEDOUT: it had not come at the deadline
 * (ticks), and parks should it come later (CPU_LATE), or hangs in between (CPU_STUCK).
 */
int cpu_wait_started(unsigned int cpu, uint64_t deadline);

/*
 * Waits until a hart that was sent to cpu_die is stopped, as the firmware sees it: 0, it may be
 * started again. -ETIMEDOUT: not by the deadline (ticks); -EIO: it cannot be stopped, and is
 * parked: CPU_PARKED, may be started again, too.
 */
int cpu_wait_dead(unsigned int cpu, uint64_t deadline);

/*
 * The last step of a dying hart: gives itself back to the firmware. All that was its own has moved,
 * its queues are closed, it has left the online mask. Interrupts off, on the stack that it will
 * start on again. Where the firmware does not stop it, it waits with all interrupts off,
 * CPU_PARKED, for its next start.
 */
__noreturn void cpu_die(void);

/*
 * The top of the stack that a cpu starts on, which it keeps from life to life. Cpus other than the
 * first get one at boot; cpu 0 came by the boot loader's jump, runs on the stack of who booted, and
 * can be started again only after it has been given one here. Control side, while the cpu is not
 * starting.
 */
void smp_set_start_stack(unsigned int cpu, void *top);
/* NULL: none yet. Any context. */
void *smp_start_stack(unsigned int cpu);

/*
 * Why a cpu is not online, in words, with the error if there was one; "" for one that is. Any
 * context.
 */
const char *cpu_failure(unsigned int cpu, char *buf, unsigned int size);

/* Harts that arrived after the boot had given them up, and parked. Any context. */
unsigned int late_arrivals(void);

#endif
