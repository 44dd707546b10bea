/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Comes before everything else in kernel sources whose races are looked for: each atomic access is
 * a window, in which the thread may lose its turn and takes interrupts.
 */
#ifndef TESTS_HOST_NOISE_H
#define TESTS_HOST_NOISE_H

#include <stdatomic.h>

void host_window(void);

#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_exchange_explicit
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub_explicit
#undef atomic_fetch_or_explicit
#undef atomic_fetch_and_explicit
#undef atomic_compare_exchange_strong_explicit
#undef atomic_compare_exchange_weak_explicit

#ifdef __clang__
#define __host_atomic(op) __c11_atomic_##op
#define __host_load	  __c11_atomic_load
#define __host_store	  __c11_atomic_store
#define __host_exchange	  __c11_atomic_exchange
#define __host_cas(p, old, new, weak, yes, no) \
	__c11_atomic_compare_exchange_strong((p), (old), (new), (yes), (no))
#else
#define __host_atomic(op) __atomic_##op
#define __host_load	  __atomic_load_n
#define __host_store	  __atomic_store_n
#define __host_exchange	  __atomic_exchange_n
#define __host_cas(p, old, new, weak, yes, no) \
	__atomic_compare_exchange_n((p), (old), (new), (weak), (yes), (no))
#endif

#define atomic_load_explicit(p, order)	      (host_window(), __host_load((p), (order)))
#define atomic_store_explicit(p, v, order)    (host_window(), __host_store((p), (v), (order)))
#define atomic_exchange_explicit(p, v, order) (host_window(), __host_exchange((p), (v), (order)))
#define atomic_fetch_add_explicit(p, v, order) \
	(host_window(), __host_atomic(fetch_add)((p), (v), (order)))
#define atomic_fetch_sub_explicit(p, v, order) \
	(host_window(), __host_atomic(fetch_sub)((p), (v), (order)))
#define atomic_fetch_or_explicit(p, v, order) \
	(host_window(), __host_atomic(fetch_or)((p), (v), (order)))
#define atomic_fetch_and_explicit(p, v, order) \
	(host_window(), __host_atomic(fetch_and)((p), (v), (order)))
#define atomic_compare_exchange_strong_explicit(p, old, new, yes, no) \
	(host_window(), __host_cas((p), (old), (new), 0, (yes), (no)))
#define atomic_compare_exchange_weak_explicit(p, old, new, yes, no) \
	(host_window(), __host_cas((p), (old), (new), 1, (yes), (no)))

#endif
