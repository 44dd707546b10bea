/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ipi/ and threads/ take for granted, on the host: cpus and their names. Part of a test, as a
 * header.
 */
#ifndef TESTS_HOST_MACHINE_H
#define TESTS_HOST_MACHINE_H

#include <stdio.h>
#include <stdlib.h>

#include "arch/riscv/trap.h"
#include "core/cpu.h"
#include "core/fault.h"
#include "core/init.h"
#include "core/symbols.h"
#include "ipi/deaf.h"

/* Written by ipi_init only: host_interrupt is what is called. */
void (*software_interrupt_handler)(void);

/* Cpus: hart ids are not cpu numbers; two memory nodes. */
static struct cpumask *online, *possible;
const struct cpumask *cpu_online_mask, *cpu_possible_mask;

unsigned long cpu_to_hartid(unsigned int cpu)
{
	return 3 * cpu + 7;
}

int cpu_to_node(unsigned int cpu)
{
	return (int)(cpu & 1);
}

void set_cpu_online(unsigned int cpu, bool is)
{
	if (is)
		cpumask_set_cpu(cpu, online);
	else
		cpumask_clear_cpu(cpu, online);
}

unsigned int num_online_cpus(void)
{
	return cpumask_weight(online);
}

bool symbol_lookup(unsigned long addr, char *buf, size_t size)
{
	snprintf(buf, size, "function %#lx", addr);
	return true;
}

void fault_backtrace(void)
{
}

/* There is no firmware to ask. */
bool deaf_backtrace(unsigned int cpu, unsigned int wait_ms, const struct deaf_trace **trace)
{
	(void)cpu, (void)wait_ms, (void)trace;
	return false;
}

bool is_kernel_text(unsigned long pc)
{
	(void)pc;
	return false;
}

TABLE_DECLARE(struct initcall, initcalls);

/* The environment may shorten a wait, where a fault is planted that makes it run out. */
static unsigned int env_uint(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text ? (unsigned int)atoi(text) : otherwise;
}

#endif
