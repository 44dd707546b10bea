/* SPDX-License-Identifier: BSD-2-Clause */
/* Features of the harts that the arch layer acts on. */
#ifndef ARCH_RISCV_HART_H
#define ARCH_RISCV_HART_H

#include <stdbool.h>

/* Every possible cpu has stimecmp (Sstc). Set at INIT_TIME, constant since. */
extern bool have_sstc;

/* Every possible cpu can wait for a store (Zawrs). Set at INIT_THREADS, constant since. */
extern bool have_zawrs;

#endif
