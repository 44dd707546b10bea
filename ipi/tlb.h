/* SPDX-License-Identifier: BSD-2-Clause */
/* Fences on other harts: what was written as code, or as a mapping, is what they run and see. */
#ifndef IPI_TLB_H
#define IPI_TLB_H

#include <stdbool.h>
#include <stdint.h>

#include "core/cpumask.h"

/*
 * All of these order the caller's earlier stores before the fence, this hart's own fence is among
 * them, and when they return every hart meant has fenced. By SBI RFENCE; by a call where the
 * firmware has none or refuses it for a hart. A hart that is down needs none: it fences when it
 * starts and when it joins the online mask; one that comes or goes is fenced as long as it takes
 * calls. Hart context or interrupt context, interrupts on or off.
 */

/*
 * fence.i on the cpus of mask that are up, and here: instructions that were written before are what
 * they fetch.
 */
void remote_fence_i(const struct cpumask *mask);

/*
 * sfence.vma for the kernel's addresses [start, end), or for all addresses, on all cpus that are
 * up.
 */
void flush_tlb_kernel_range(unsigned long start, unsigned long end);
void flush_tlb_all(void);

/* For tests, and parameter rfence=off: all fences by call. Returns how it was before. */
bool remote_fences_by_call(bool by_call);

/* How often each way was gone since boot. Any context. */
struct tlb_stats {
	uint64_t ecalls;  /* RFENCE calls made */
	uint64_t refused; /* of these, answered by an error */
	uint64_t calls;	  /* fences run for others by call, counted where they ran */
};
void tlb_stats(struct tlb_stats *stats);

#endif
