/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of every cpu: a logical index for software, a hart id for hardware, and its state. */
#ifndef CORE_CPU_H
#define CORE_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "core/compiler.h"
#include "core/cpumask.h"
#include "percpu/percpu.h"

/*
 *                 start ok           entered             set up
 *   CPU_ABSENT    CPU_OFFLINE -----> CPU_STARTING -----> CPU_ENTERED -----> CPU_ONLINE
 *   (no S-mode,        |  start refused    | deadline           | deadline
 *    disabled,         v                   v                    v
 *    left out)     CPU_REFUSED         CPU_LATE             CPU_STUCK
 *                                          | comes after all
 *                                          v
 *                                      CPU_PARKED
 * The boot hart moves a cpu along the start and deadline arrows, the hart itself along the others; ENTERED against
 * LATE is decided by one compare-exchange on this word.
 */
enum cpu_state {
	CPU_OFFLINE,
	CPU_STARTING,
	CPU_ENTERED,
	CPU_ONLINE,
	CPU_REFUSED,
	CPU_LATE,
	CPU_STUCK,
	CPU_PARKED,
};

struct cpu_info {
	unsigned long hartid;
	int node;		   /* memory node, NUMA_NO_NODE if the tree names none */
	_Atomic int state;	   /* enum cpu_state */
	int error;		   /* negative errno of a refused start */
	const char *isa;	   /* riscv,isa string or first riscv,isa-extensions entry; "" if neither */
	uint64_t start_ticks;	   /* time CSR just before hart_start */
	_Atomic uint64_t online_ticks; /* time CSR when it joined the online mask */
};

extern unsigned int nr_cpu_ids; /* possible cpus; fixed at INIT_PERCPU */

/* Bits never change while a hart enumerates: possible is fixed, online only grows in this stage. */
extern const struct cpumask *const cpu_possible_mask;
extern const struct cpumask *const cpu_online_mask;

#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < nr_cpu_ids; (cpu)++)
#define for_each_online_cpu(cpu)   for_each_cpu (cpu, cpu_online_mask)

struct cpu_info *cpu_info(unsigned int cpu);

/* Any context with a valid tp. */
unsigned int smp_processor_id(void);
unsigned long cpu_to_hartid(unsigned int cpu);
int cpu_to_node(unsigned int cpu);
/* The cpu of a hart id, or -ENOENT. Any context after INIT_PERCPU. */
int hartid_to_cpu(unsigned long hartid);
unsigned int num_online_cpus(void);

const char *cpu_state_name(int state);

#endif
