/* SPDX-License-Identifier: BSD-2-Clause */
/* Annotations for the compiler and for sparse. A leaf: every layer may include it. */
#ifndef CORE_COMPILER_H
#define CORE_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/cdefs.h>

/*
 * The C library has some of these names, too, for itself: ours hold, whichever header comes first.
 */
#undef __packed
#undef __aligned
#undef __used
#undef __section
#undef __noinline
#undef __noreturn

#ifdef __CHECKER__
#define __percpu       __attribute__((noderef, address_space(percpu)))
#define __iomem	       __attribute__((noderef, address_space(iomem)))
#define __force	       __attribute__((force))
#define __acquires(x)  __attribute__((context(x, 0, 1)))
#define __releases(x)  __attribute__((context(x, 1, 0)))
#define __must_hold(x) __attribute__((context(x, 1, 1)))
#define __acquire(x)   __context__(x, 1)
#define __release(x)   __context__(x, -1)
#else
#define __percpu
#define __iomem
#define __force
#define __acquires(x)
#define __releases(x)
#define __must_hold(x)
#define __acquire(x) (void)0
#define __release(x) (void)0
#endif

#define __packed	__attribute__((packed))
#define __aligned(n)	__attribute__((aligned(n)))
#define __noreturn	__attribute__((noreturn))
#define __used		__attribute__((used))
#define __section(name) __attribute__((section(name)))
#define __printf(f, a)	__attribute__((format(printf, f, a)))
#define __noinline	__attribute__((noinline))
#define __must_check	__attribute__((warn_unused_result))
#define __cold		__attribute__((cold))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define ARRAY_SIZE(a)		       (sizeof(a) / sizeof((a)[0]))
#define ALIGN_UP(x, a)		       (((x) + ((a) - 1)) & ~((a) - 1))
#define ALIGN_DOWN(x, a)	       ((x) & ~((a) - 1))
#define container_of(ptr, type, field) ((type *)((char *)(ptr) - offsetof(type, field)))

/* Each argument is evaluated once. Not for constant expressions. */
#define __PICK(op, a, b, x, y)         \
	({                             \
		__typeof__(a) x = (a); \
		__typeof__(b) y = (b); \
		x op y ? x : y;        \
	})
#define __PASTE2(a, b)		 a##b
#define __PASTE(a, b)		 __PASTE2(a, b)
#define __PICK_ONCE(op, a, b, n) __PICK(op, a, b, __PASTE(__a, n), __PASTE(__b, n))
#define MIN(a, b)		 __PICK_ONCE(<, a, b, __COUNTER__)
#define MAX(a, b)		 __PICK_ONCE(>, a, b, __COUNTER__)

/*
 * Compare-exchange, strong, for success that releases (and acquires for acq_rel); *old receives
 * what was found. To be used wherever success releases, in place of C11's: for RISC-V, gcc before
 * 14 derives the instructions' order from the failure order alone, and emits lr and sc without the
 * release. The fence is that release.
 */
#if defined(__riscv) && !defined(__clang__) && __GNUC__ < 14
#define __cas_fence() __asm__ __volatile__("fence rw, w" : : : "memory")
#else
#define __cas_fence() (void)0
#endif
#define cas_release(ptr, old, new)                                                           \
	({                                                                                   \
		__cas_fence();                                                               \
		atomic_compare_exchange_strong_explicit(ptr, old, new, memory_order_release, \
							memory_order_relaxed);               \
	})
#define cas_acq_rel(ptr, old, new)                                                           \
	({                                                                                   \
		__cas_fence();                                                               \
		atomic_compare_exchange_strong_explicit(ptr, old, new, memory_order_acq_rel, \
							memory_order_acquire);               \
	})

/*
 * cas_release for 8 bytes, on the way of every call: what the compiler makes of it is longer by a
 * third.
 */
#ifdef __riscv
#define cas8_release(ptr, old, new)                                                  \
	({                                                                           \
		uint64_t __found, __failed;                                          \
		bool __done;                                                         \
		__asm__ __volatile__("0:	lr.d %0, %2\n"                              \
				     "	bne %0, %z3, 1f\n"                            \
				     "	sc.d.rl %1, %z4, %2\n"                        \
				     "	bnez %1, 0b\n"                                \
				     "1:"                                            \
				     : "=&r"(__found), "=&r"(__failed), "+A"(*(ptr)) \
				     : "rJ"(*(old)), "rJ"((uint64_t)(new))           \
				     : "memory");                                    \
		__done = __found == *(old);                                          \
		*(old) = __found;                                                    \
		__done;                                                              \
	})
#else
#define cas8_release(ptr, old, new) cas_release(ptr, old, new)
#endif

/*
 * A store to an _Atomic of 4 or 8 bytes that releases, or is only whole: for RISC-V, gcc before 14
 * makes an AMO of C11's.
 */
#if defined(__riscv) && !defined(__clang__) && __GNUC__ < 14
#define store_relaxed(ptr, v)                                                            \
	({                                                                               \
		__typeof__(ptr) __p = (ptr);                                             \
		if (sizeof(*__p) == 8)                                                   \
			__asm__ __volatile__("sd %z1, %0"                                \
					     : "=m"(*__p)                                \
					     : "rJ"((unsigned long)(v)));                \
		else                                                                     \
			__asm__ __volatile__("sw %z1, %0"                                \
					     : "=m"(*__p)                                \
					     : "rJ"((unsigned long)(v)));                \
		_Static_assert(sizeof(*__p) == 8 || sizeof(*__p) == 4, "no other size"); \
	})
#define store_release(ptr, v)                                       \
	({                                                          \
		__asm__ __volatile__("fence rw, w" : : : "memory"); \
		store_relaxed(ptr, v);                              \
	})
#else
#define store_relaxed(ptr, v) atomic_store_explicit(ptr, v, memory_order_relaxed)
#define store_release(ptr, v) atomic_store_explicit(ptr, v, memory_order_release)
#endif

/*
 * A full fence. The thread sanitizer knows orders of atomics only: for it, one that all harts
 * touch.
 */
#ifdef __SANITIZE_THREAD__
extern _Atomic unsigned int host_smp_mb;
#define smp_mb() (void)atomic_fetch_add_explicit(&host_smp_mb, 1, memory_order_seq_cst)
#else
#define smp_mb() atomic_thread_fence(memory_order_seq_cst)
#endif

/* One line of shared data on every platform in reach; keeps words of different writers apart. */
#define CACHE_LINE	    64
#define __cacheline_aligned __aligned(CACHE_LINE)

#define BITS_PER_LONG (8 * (unsigned int)sizeof(long))

typedef uint64_t phys_addr_t;

#endif
