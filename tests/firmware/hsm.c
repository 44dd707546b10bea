/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hart state management: start, stop, status, suspend (SBI 2.0, chapter 9), and the ways a firmware
 * gets it wrong.
 */
#include "firmware.h"

#define HART_START	0
#define HART_STOP	1
#define HART_GET_STATUS 2
#define HART_SUSPEND	3

#define SUSPEND_RETENTIVE     0x00000000UL
#define SUSPEND_NON_RETENTIVE 0x80000000UL

/* Wake-up sources of a suspended hart: what S-mode has enabled. */
#define S_INTERRUPTS (MIP_SSIP | MIP_STIP | MIP_SEIP)

/* Makes "is it stopped" and "then start it" one step between rival starters. */
static atomic_flag start_lock = ATOMIC_FLAG_INIT;

static void release(struct hart *h, unsigned long addr, unsigned long a0, unsigned long a1,
		    uint64_t when)
{
	h->start_addr = addr;
	h->start_a0 = a0;
	h->start_a1 = a1;
	atomic_store_explicit(&h->due[DUE_START], when, memory_order_relaxed);
	/* Pairs with the acquire in hart_wait: who sees the state sees the arguments. */
	atomic_store_explicit(&h->state, HSM_START_PENDING, memory_order_release);
}

void hsm_release(struct hart *h, unsigned long addr, unsigned long a1)
{
	release(h, addr, h->id, a1, 0);
}

static long hart_start(unsigned long hartid, unsigned long addr, unsigned long opaque)
{
	struct hart *h = hart_by_id(hartid);
	unsigned long arg, a0 = hartid;
	uint64_t when = 0;
	long error = SBI_OK;
	uint32_t state;

	if (!h)
		return SBI_ERR_INVALID_PARAM;
	if (fault(F_START_REFUSE, hartid, &arg))
		return (long)arg;

	while (atomic_flag_test_and_set_explicit(&start_lock, memory_order_acquire))
		relax();
	state = atomic_load_explicit(&h->state, memory_order_acquire);
	if (state != HSM_STOPPED) {
		/* Section 9.1 has no code for a hart on its way; OpenSBI and RustSBI differ. */
		error = SBI_ERR_ALREADY_AVAILABLE;
		if ((state == HSM_START_PENDING || state == HSM_STOP_PENDING) &&
		    fault(F_START_PENDING_INVALID, hartid, NULL))
			error = SBI_ERR_INVALID_PARAM;
	} else if (!platform_is_s_memory(addr, 2)) {
		error = SBI_ERR_INVALID_ADDRESS;
	} else {
		h->start_sie = fault(F_START_SIE, hartid, NULL);
		h->start_satp = fault(F_START_SATP, hartid, NULL);
		h->start_ssip = fault(F_START_SSIP, hartid, NULL);
		h->again_us = fault(F_START_TWICE, hartid, &arg) ? arg : 0;
		if (fault(F_START_OPAQUE, hartid, &arg))
			opaque = arg;
		if (fault(F_START_A0, hartid, &arg))
			a0 = arg;
		if (fault(F_START_LATE, hartid, &arg))
			when = mtime() + us_to_ticks(arg);
		if (fault(F_START_LOST, hartid, NULL))
			when = NEVER;
		release(h, addr, a0, opaque, when);
	}
	atomic_flag_clear_explicit(&start_lock, memory_order_release);
	if (!error)
		hart_raise(h, EVENT_LOOK);
	return error;
}

/* Returns only when it fails, as section 9.2 says; or when a rule makes it. */
static long hart_stop(struct hart *h)
{
	unsigned long arg;
	uint64_t when = 0;

	if (fault(F_STOP_RETURN, h->id, &arg))
		return (long)arg;
	if (fault(F_STOP_WFI, h->id, NULL)) {
		__asm__ __volatile__("wfi");
		return SBI_OK;
	}
	if (fault(F_STOP_SLOW, h->id, &arg))
		when = mtime() + us_to_ticks(arg);
	for (int i = 0; i < NR_DUE; i++)
		atomic_store_explicit(&h->due[i], NEVER, memory_order_relaxed);
	if (h->sstc)
		csr_write(0x14d, ~0UL); /* stimecmp */
	else
		csr_clear(mip, MIP_STIP);
	csr_write(sie, 0);
	atomic_store_explicit(&h->due[DUE_STOP], when, memory_order_relaxed);
	atomic_store_explicit(&h->state, HSM_STOP_PENDING, memory_order_release);
	restart_stack(h, hart_wait);
}

static struct sbiret hart_status(unsigned long hartid)
{
	struct sbiret r = {SBI_OK, 0};
	struct hart *h = hart_by_id(hartid);
	unsigned long arg;

	if (!h) {
		r.error = SBI_ERR_INVALID_PARAM;
		return r;
	}
	r.value = (long)atomic_load_explicit(&h->state, memory_order_acquire);
	if (fault(F_STATUS_LIE, hartid, &arg))
		r.value = (long)arg;
	if (fault(F_STATUS_REFUSE, hartid, &arg)) {
		r.error = (long)arg;
		r.value = 0;
	}
	return r;
}

static long hart_suspend(struct hart *h, unsigned long type, unsigned long addr,
			 unsigned long opaque)
{
	unsigned long arg;

	/* Table 9-3: 32 bits wide; the platform's own types start at 0x10000000 and 0x90000000. */
	type = (uint32_t)type;
	if (type != SUSPEND_RETENTIVE && type != SUSPEND_NON_RETENTIVE)
		return (type & 0x7fffffff) < 0x10000000 ? SBI_ERR_INVALID_PARAM
							: SBI_ERR_NOT_SUPPORTED;
	if (type == SUSPEND_NON_RETENTIVE && !platform_is_s_memory(addr, 2))
		return SBI_ERR_INVALID_ADDRESS;
	if (fault(F_SUSPEND_REFUSE, h->id, &arg))
		return (long)arg;

	atomic_store_explicit(&h->state, HSM_SUSPENDED, memory_order_release);
	for (;;) {
		hart_events(h, false);
		if (csr_read(mip) & csr_read(mie) & S_INTERRUPTS)
			break;
		__asm__ __volatile__("wfi");
	}
	if (type == SUSPEND_RETENTIVE) {
		atomic_store_explicit(&h->state, HSM_STARTED, memory_order_release);
		return SBI_OK;
	}
	h->start_sie = h->start_satp = h->start_ssip = false;
	h->again_us = 0;
	release(h, addr, h->id, opaque, 0);
	restart_stack(h, hart_wait);
}

struct sbiret sbi_hsm(unsigned long func, const unsigned long *a)
{
	struct sbiret r = {SBI_OK, 0};

	switch (func) {
	case HART_START:
		r.error = hart_start(a[0], a[1], a[2]);
		break;
	case HART_STOP:
		r.error = hart_stop(this_hart());
		break;
	case HART_GET_STATUS:
		r = hart_status(a[0]);
		break;
	case HART_SUSPEND:
		r.error = hart_suspend(this_hart(), a[0], a[1], a[2]);
		break;
	default:
		r.error = SBI_ERR_NOT_SUPPORTED;
	}
	return r;
}
