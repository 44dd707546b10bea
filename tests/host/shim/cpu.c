/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: what little of core/cpu.c the code under test asks for. */
#include "core/cpu.h"

DEFINE_PER_CPU(unsigned int, cpu_number);
