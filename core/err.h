/* SPDX-License-Identifier: BSD-2-Clause */
/* A pointer or a negative errno in one value. Names are Linux's. */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#include <stdbool.h>

#include "core/compiler.h"

/* Nothing lies in the last page of addresses. */
#define MAX_ERRNO 4095

static inline void *ERR_PTR(long error)
{
	return (void *)error;
}

static inline long PTR_ERR(const void *ptr)
{
	return (long)ptr;
}

static inline bool IS_ERR(const void *ptr)
{
	return (unsigned long)ptr >= (unsigned long)-MAX_ERRNO;
}

#endif
