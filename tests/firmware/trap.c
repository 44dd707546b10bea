/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hart does in M-mode besides answering calls: events from other harts, things due, waiting
 * for a start.
 */
#include "firmware.h"

/* PMP configuration bytes (Privileged Architecture 1.12, 3.7.1): R W X, and NAPOT regions. */
#define PMP_R		  0x01
#define PMP_RWX		  0x07
#define PMP_NAPOT	  0x18
#define NAPOT(base, size) (((unsigned long)(base) >> 2) | (((size) >> 3) - 1))

#define CAUSE_S_ECALL	9
#define CAUSE_INTERRUPT (1UL << 63)

/*
 * Delegated: everything S-mode can cause, except its ecalls. Misaligned accesses too: the emulator
 * does them in hardware, so that one which traps is worth seeing.
 */
#define MEDELEG 0xb1ff
#define MIDELEG (MIP_SSIP | MIP_STIP | MIP_SEIP)

/* This hart's CSRs, once after reset; tp set. */
void hart_prepare(void)
{
	struct hart *h = this_hart();

	csr_write(medeleg, MEDELEG);
	csr_write(mideleg, MIDELEG);
	csr_write(mcounteren, 7);
	csr_write(pmpaddr0, NAPOT(fw_satp_page, 4096));
	/* Regions are powers of two. */
	csr_write(pmpaddr1, NAPOT(FW_BASE, 0x100000));
	csr_write(pmpaddr2, NAPOT(FW_BASE + 0x100000, FW_SIZE - 0x100000));
	csr_write(pmpaddr3, ~0UL);
	csr_write(pmpcfg0, (PMP_NAPOT | PMP_R) | PMP_NAPOT << 8 | PMP_NAPOT << 16 |
				   (unsigned long)(PMP_NAPOT | PMP_RWX) << 24);
	__asm__ __volatile__("sfence.vma" : : : "memory");

	h->sstc = !fault(F_NO_SSTC, h->id, NULL) && probe_sstc() == 0;
	*h->mtimecmp = NEVER;
	csr_write(mip, 0);
	csr_write(mie, MIP_MSIP | MIP_MTIP);
}

/* Any hart: adds events to h and rings it. */
void hart_raise(struct hart *h, uint32_t events)
{
	/*
	 * Pairs with the exchange in hart_events: what was written before the ring is seen after
	 * it.
	 */
	atomic_fetch_or_explicit(&h->events, events, memory_order_release);
	__asm__ __volatile__("fence iorw, iorw" : : : "memory");
	*h->msip = 1;
}

/* Programs the one M-mode timer for the earliest thing due. */
static void rearm(struct hart *h)
{
	uint64_t next = NEVER;

	for (int i = 0; i < NR_DUE; i++) {
		uint64_t when = atomic_load_explicit(&h->due[i], memory_order_relaxed);

		if (when < next)
			next = when;
	}
	*h->mtimecmp = next;
}

/* Any hart: sets what h has to do at a time, and lets it look. */
void hart_set_due(struct hart *h, enum due what, uint64_t when)
{
	atomic_store_explicit(&h->due[what], when, memory_order_release);
	if (h == this_hart())
		rearm(h);
	else
		hart_raise(h, EVENT_LOOK);
}

/*
 * Sleeps a few microseconds: a spinning hart would keep the only turn of a deterministic run.
 * Nothing is lost: events stay in the word and in MSIP, and the timer is set again.
 */
void relax(void)
{
	struct hart *h = this_hart();

	if (!h || !h->mtimecmp)
		return;
	*h->mtimecmp = mtime() + us_to_ticks(2) + 1;
	__asm__ __volatile__("wfi");
	rearm(h);
}

/* Sets up the kernel's view and goes there. */
static __attribute__((noreturn)) void enter(struct hart *h)
{
	unsigned long status = csr_read(mstatus);

	status &= ~(MSTATUS_MPP | MSTATUS_MPRV | MSTATUS_SIE);
	/* Floating point is there for who uses it, as other firmware leaves it. */
	status |= MSTATUS_MPP_S | MSTATUS_MPIE | MSTATUS_FS_INITIAL;
	if (h->start_sie)
		status |= MSTATUS_SIE;
	csr_write(sie, 0);
	csr_write(stvec, h->start_addr);
	csr_write(sscratch, 0);
	csr_write(satp, 0);
	if (h->start_satp) {
		unsigned long *root = (unsigned long *)fw_satp_page;

		/* Each entry maps its GiB onto itself: V R W X A D. */
		for (unsigned long i = 0; i < 256; i++)
			root[i] = i << 28 | 0xcf;
		csr_write(satp, 8UL << 60 | (unsigned long)root >> 12);
	}
	if (h->start_ssip)
		csr_set(mip, MIP_SSIP);
	__asm__ __volatile__("sfence.vma\n\tfence.i" : : : "memory");
	csr_write(mstatus, status);
	csr_write(mepc, h->start_addr);
	enter_supervisor(h->start_a0, h->start_a1);
}

static bool is_due(struct hart *h, enum due what, uint64_t now)
{
	if (atomic_load_explicit(&h->due[what], memory_order_relaxed) > now)
		return false;
	atomic_store_explicit(&h->due[what], NEVER, memory_order_relaxed);
	return true;
}

/*
 * Takes what other harts asked for and what is due. in_trap says that S-mode was interrupted: only
 * then may the hart be torn out of it.
 */
void hart_events(struct hart *h, bool in_trap)
{
	uint64_t now = mtime();
	uint32_t events;
	unsigned long us;

	*h->msip = 0;
	/* The ring is taken back before the reason is read, or a ring in between would be lost. */
	__asm__ __volatile__("fence iorw, iorw" : : : "memory");
	events = atomic_exchange_explicit(&h->events, 0, memory_order_acq_rel);
	if (events & EVENT_FENCE) {
		uint32_t wanted = atomic_load_explicit(&h->fence_wanted, memory_order_acquire);

		/* More than was asked for is always allowed: all addresses, all address spaces. */
		__asm__ __volatile__("sfence.vma\n\tfence.i" : : : "memory");
		atomic_store_explicit(&h->fence_done, wanted, memory_order_release);
	}
	if (events & EVENT_IPI)
		csr_set(mip, MIP_SSIP);
	if (is_due(h, DUE_IPI, now))
		csr_set(mip, MIP_SSIP);
	if (is_due(h, DUE_TIMER, now))
		csr_set(mip, MIP_STIP);
	if (is_due(h, DUE_SPURIOUS, now)) {
		csr_set(mip, MIP_SSIP);
		if (fault(F_IPI_SPURIOUS, h->id, &us))
			atomic_store_explicit(&h->due[DUE_SPURIOUS], now + us_to_ticks(us),
					      memory_order_relaxed);
	}
	if (in_trap && is_due(h, DUE_AGAIN, now)) {
		rearm(h);
		csr_clear(mip, MIP_STIP);
		restart_stack(h, hart_wait);
	}
	rearm(h);
}

/* A hart that is not the kernel's: sleeps until it is started. Also where a second entry begins. */
void hart_wait(void)
{
	struct hart *h = this_hart();
	uint32_t pending = HSM_START_PENDING;
	unsigned long us;

	/*
	 * Torn out of S-mode by the fault "twice": its state says started, so it goes straight in
	 * again.
	 */
	if (atomic_load_explicit(&h->state, memory_order_relaxed) == HSM_STARTED)
		enter(h);

	for (;;) {
		uint64_t now;

		hart_events(h, false);
		now = mtime();
		if (atomic_load_explicit(&h->state, memory_order_relaxed) == HSM_STOP_PENDING &&
		    atomic_load_explicit(&h->due[DUE_STOP], memory_order_relaxed) <= now) {
			atomic_store_explicit(&h->due[DUE_STOP], NEVER, memory_order_relaxed);
			atomic_store_explicit(&h->state, HSM_STOPPED, memory_order_release);
		}
		/* Pairs with the release in hart_start: the arguments are complete. */
		if (atomic_load_explicit(&h->state, memory_order_acquire) == HSM_START_PENDING &&
		    atomic_load_explicit(&h->due[DUE_START], memory_order_relaxed) <= now)
			break;
		rearm(h);
		__asm__ __volatile__("wfi");
	}
	atomic_store_explicit(&h->due[DUE_START], NEVER, memory_order_relaxed);
	/* A start withdrawn does not exist: nobody else leaves START_PENDING. */
	atomic_compare_exchange_strong(&h->state, &pending, HSM_STARTED);
	if (h->again_us)
		atomic_store_explicit(&h->due[DUE_AGAIN], mtime() + us_to_ticks(h->again_us),
				      memory_order_relaxed);
	if (fault_peek(F_IPI_SPURIOUS, h->id, &us))
		atomic_store_explicit(&h->due[DUE_SPURIOUS], mtime() + us_to_ticks(us),
				      memory_order_relaxed);
	rearm(h);
	enter(h);
}

void trap(struct frame *f)
{
	unsigned long cause = csr_read(mcause);
	struct hart *h = this_hart();

	if (cause == CAUSE_S_ECALL) {
		f->mepc += 4;
		sbi_ecall(f);
	} else if (cause & CAUSE_INTERRUPT) {
		hart_events(h, true);
	} else {
		print("firmware: trap %lx at %lx, value %lx on hart %lu\n", cause, f->mepc,
		      csr_read(mtval), h->id);
		platform_exit(98);
	}
}
