/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: random numbers that can be had again. */
#include <stdio.h>
#include <stdlib.h>

#include "arch/riscv/processor.h"
#include "tests/host/host.h"

uint64_t host_seed(void)
{
	const char *text = getenv("SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : rdtime();

	print_message("# SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

uint64_t host_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}
