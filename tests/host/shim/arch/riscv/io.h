/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: device registers are whatever the test makes of them. */
#ifndef ARCH_RISCV_IO_H
#define ARCH_RISCV_IO_H

#include <stdint.h>

#include "core/compiler.h"

/*
 * A test that models a device sets both hooks; size is 1, 2, 4 or 8 bytes. NULL: plain memory.
 * ioremap is the identity: a physical address is what the test says it is.
 */
extern uint64_t (*host_io_read)(const volatile void *address, unsigned int size);
extern void (*host_io_write)(volatile void *address, uint64_t value, unsigned int size);

volatile void __iomem *ioremap(phys_addr_t phys, uint64_t size);

#define __IO_ACCESS(bits, suffix)                                                    \
	static inline uint##bits##_t read##suffix(const volatile void __iomem *a)    \
	{                                                                            \
		if (host_io_read)                                                    \
			return (uint##bits##_t)host_io_read(a, bits / 8);            \
		return *(const volatile uint##bits##_t *)a;                          \
	}                                                                            \
	static inline void write##suffix(uint##bits##_t v, volatile void __iomem *a) \
	{                                                                            \
		if (host_io_write)                                                   \
			host_io_write(a, v, bits / 8);                               \
		else                                                                 \
			*(volatile uint##bits##_t *)a = v;                           \
	}

__IO_ACCESS(8, b)
__IO_ACCESS(16, w)
__IO_ACCESS(32, l)
__IO_ACCESS(64, q)

#undef __IO_ACCESS

/* Lines order nothing here: see irq.c. */
static inline void io_fence(void)
{
}

#endif
