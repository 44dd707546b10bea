/* SPDX-License-Identifier: BSD-2-Clause */
/* Device registers: mapping them, and accesses ordered against memory and each other. */
#ifndef ARCH_RISCV_IO_H
#define ARCH_RISCV_IO_H

#include <stdint.h>

#include "core/compiler.h"

/*
 * Maps size bytes of device registers at phys, readable and writable, never executable. NULL with a
 * message when the address does not fit 56 bits or address space or memory is gone. Boot hart,
 * after INIT_MEMORY. Never unmapped.
 */
volatile void __iomem *ioremap(phys_addr_t phys, uint64_t size);

/*
 * An access is ordered after earlier memory accesses (write) or before later ones (read): a driver
 * may fill a buffer and ring a doorbell, or read a status and then the data, without a fence of its
 * own.
 */
#define __IO_ACCESS(bits, suffix)                                                    \
	static inline uint##bits##_t read##suffix(const volatile void __iomem *a)    \
	{                                                                            \
		uint##bits##_t v = *(const volatile __force uint##bits##_t *)a;      \
		__asm__ __volatile__("fence i, ir" : : : "memory");                  \
		return v;                                                            \
	}                                                                            \
	static inline void write##suffix(uint##bits##_t v, volatile void __iomem *a) \
	{                                                                            \
		__asm__ __volatile__("fence w, o" : : : "memory");                   \
		*(volatile __force uint##bits##_t *)a = v;                           \
	}

__IO_ACCESS(8, b)
__IO_ACCESS(16, w)
__IO_ACCESS(32, l)
__IO_ACCESS(64, q)

#undef __IO_ACCESS

/* All earlier accesses, to memory, devices and pending bits, before all later ones. */
static inline void io_fence(void)
{
	__asm__ __volatile__("fence iorw, iorw" : : : "memory");
}

#endif
