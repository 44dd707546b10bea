/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a tree, asks everything that can be asked of it, and checks what must hold for any tree. */
#ifndef TESTS_FDT_EXERCISE_H
#define TESTS_FDT_EXERCISE_H

#include <stddef.h>

/*
 * Takes size bytes at blob, which must be aligned to 8; a promise that is not kept aborts with its
 * text. Returns what fdt_init() returned.
 */
int fdt_exercise(const void *blob, size_t size);

#endif
