/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by bring-up (smp.c) and what comes after it (smp_cycle.c). */
#ifndef CORE_SMP_INTERNAL_H
#define CORE_SMP_INTERNAL_H

#include <stdbool.h>

#include "core/compiler.h"
#include "sbi/hsm.h"

/* How long a start that the firmware answers with "not now" is tried again. */
#define START_RETRY_MS 200

/*
 * One try at one hart. Unless it is accepted the cpu is CPU_OFFLINE then, with the answer as
 * cpu_info's error. Control side.
 */
enum hsm_start_result smp_start_cpu(unsigned int cpu);

/*
 * After a deadline: a hart that is not online is told so, by the atomic step that it looks at
 * itself. True: it is CPU_LATE or CPU_STUCK now; false: it was not starting any more. Control side.
 */
bool smp_give_up(unsigned int cpu);

/* It came after it had been given up, and parked in the entry code. Any context. */
bool smp_came_late(unsigned int cpu);

/*
 * Where a hart ends that is not wanted: stopped, if the firmware does it; waiting for its next
 * start otherwise. Interrupts off.
 */
__noreturn void smp_park(void);

#endif
