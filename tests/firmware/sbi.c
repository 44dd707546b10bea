/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The supervisor binary interface: which extensions there are, and all of them but HSM (SBI 2.0).
 */
#include "firmware.h"

/* Extension ids (chapters 4 to 12). */
#define EXT_LEGACY_LAST 0x0f
#define EXT_BASE	0x10
#define EXT_TIME	0x54494d45
#define EXT_IPI		0x735049
#define EXT_RFENCE	0x52464e43
#define EXT_HSM		0x48534d
#define EXT_SRST	0x53525354
#define EXT_DBCN	0x4442434e

/* Not in the list of registered implementations (section 4.8): "must". */
#define IMPLEMENTATION_ID      0x6d757374
#define IMPLEMENTATION_VERSION 1

#define VERSION(major, minor) ((unsigned long)(major) << 24 | (minor))

/* Delivered once more this much later by the fault "ipi=dup". */
#define DUP_US 20

static unsigned long spec_version(void)
{
	unsigned long v;

	return fault_peek(F_SPEC, 0, &v) ? v : VERSION(2, 0);
}

/* An extension is there from a version of the specification on, unless a rule takes it away. */
static bool extension_present(unsigned long ext)
{
	static const struct {
		unsigned long ext, since;
		enum fault without;
	} extensions[] = {
		{EXT_BASE, VERSION(0, 2), NR_FAULTS}, {EXT_TIME, VERSION(0, 2), F_NO_TIME},
		{EXT_IPI, VERSION(0, 2), F_NO_IPI},   {EXT_RFENCE, VERSION(0, 2), F_NO_RFENCE},
		{EXT_HSM, VERSION(0, 2), F_NO_HSM},   {EXT_SRST, VERSION(0, 3), F_NO_SRST},
		{EXT_DBCN, VERSION(2, 0), F_NO_DBCN},
	};

	if (ext <= EXT_LEGACY_LAST)
		return ext <= 8 && !fault_peek(F_NO_LEGACY, 0, NULL);
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
		if (extensions[i].ext == ext)
			return spec_version() >= extensions[i].since &&
			       !fault_peek(extensions[i].without, 0, NULL);
	return false;
}

/* Harts that run the kernel, or sleep in it. */
static bool is_reachable(struct hart *h)
{
	switch (atomic_load_explicit(&h->state, memory_order_acquire)) {
	case HSM_STARTED:
	case HSM_SUSPENDED:
		return true;
	}
	return false;
}

/* Is h in the set of section 3.1? Base -1 is everyone. */
static bool is_in_mask(struct hart *h, unsigned long mask, unsigned long base)
{
	if (!h->present)
		return false;
	if (base == ~0UL)
		return true;
	return h->id >= base && h->id - base < 64 && (mask >> (h->id - base)) & 1;
}

/* Every bit must be a hart (INVALID_PARAM), and with a strict rule a reachable one. */
static long check_mask(unsigned long mask, unsigned long base, enum fault strict)
{
	if (base == ~0UL)
		return SBI_OK;
	for (unsigned int bit = 0; bit < 64; bit++) {
		struct hart *h;

		if (!(mask >> bit & 1))
			continue;
		h = hart_by_id(base + bit);
		if (!h)
			return SBI_ERR_INVALID_PARAM;
		if (!is_reachable(h) && fault(strict, h->id, NULL))
			return SBI_ERR_INVALID_PARAM;
	}
	return SBI_OK;
}

static void deliver_ipi(struct hart *h)
{
	unsigned long us;

	if (fault_nth(F_IPI_DROP, h->id))
		return;
	if (fault(F_IPI_DELAY, h->id, &us)) {
		hart_set_due(h, DUE_IPI, mtime() + us_to_ticks(us));
		return;
	}
	if (h == this_hart())
		csr_set(mip, MIP_SSIP);
	else
		hart_raise(h, EVENT_IPI);
	if (fault_nth(F_IPI_DUP, h->id))
		hart_set_due(h, DUE_IPI, mtime() + us_to_ticks(DUP_US));
}

/* Chapter 7. */
static long send_ipi(unsigned long mask, unsigned long base)
{
	unsigned long arg;
	long error;

	if (fault(F_IPI_REFUSE, this_hart()->id, &arg))
		return (long)arg;
	error = check_mask(mask, base, F_IPI_STRICT);
	if (error)
		return error;
	for (unsigned int i = 0; i < nr_harts; i++) {
		struct hart *h = hart_at(i);

		if (is_in_mask(h, mask, base) && is_reachable(h))
			deliver_ipi(h);
	}
	return SBI_OK;
}

static bool fence_is_done(struct hart *h, uint32_t wanted)
{
	uint32_t done = atomic_load_explicit(&h->fence_done, memory_order_acquire);

	return (int32_t)(done - wanted) >= 0;
}

/* Chapter 8: all of the functions on addresses and address spaces are the widest fence. */
static long remote_fence(unsigned long mask, unsigned long base)
{
	struct hart *self = this_hart();
	unsigned long arg;
	long error;

	if (fault(F_RFENCE_REFUSE, self->id, &arg))
		return (long)arg;
	error = check_mask(mask, base, F_RFENCE_STRICT);
	if (error)
		return error;
	for (unsigned int i = 0; i < nr_harts; i++) {
		struct hart *h = hart_at(i);

		if (!is_in_mask(h, mask, base) || !is_reachable(h) ||
		    fault_nth(F_RFENCE_DROP, h->id))
			continue;
		/* Before the ring: a hart that sees the event must see the wish. */
		atomic_fetch_add_explicit(&h->fence_wanted, 1, memory_order_acq_rel);
		hart_raise(h, EVENT_FENCE);
	}
	for (unsigned int i = 0; i < nr_harts; i++) {
		struct hart *h = hart_at(i);
		uint32_t wanted;

		if (!is_in_mask(h, mask, base))
			continue;
		wanted = atomic_load_explicit(&h->fence_wanted, memory_order_acquire);
		/*
		 * Two harts that fence each other must both answer; a hart that stops has fenced.
		 */
		while (is_reachable(h) && !fence_is_done(h, wanted)) {
			hart_events(self, false);
			if (!fence_is_done(h, wanted))
				relax();
		}
	}
	return SBI_OK;
}

/* Chapter 6: clears the pending interrupt, too. */
static void set_timer(unsigned long when)
{
	struct hart *h = this_hart();
	unsigned long us;

	if (when != NEVER && fault(F_TIMER_LATE, h->id, &us))
		when += us_to_ticks(us);
	if (when != NEVER && fault_nth(F_TIMER_DROP, h->id))
		when = NEVER;
	if (h->sstc) {
		csr_write(0x14d, when); /* stimecmp */
		return;
	}
	csr_clear(mip, MIP_STIP);
	hart_set_due(h, DUE_TIMER, when);
}

/* Chapter 10. */
static long system_reset(unsigned long type, unsigned long reason)
{
	unsigned long arg;

	type = (uint32_t)type;
	reason = (uint32_t)reason;
	if (type > 2 || reason > 1)
		return SBI_ERR_INVALID_PARAM;
	if (fault(F_SRST_REFUSE, this_hart()->id, &arg))
		return (long)arg;
	if (type)
		platform_reboot();
	platform_exit((unsigned int)reason);
}

/* Chapter 12. */
static struct sbiret debug_console(unsigned long func, const unsigned long *a)
{
	struct sbiret r = {SBI_OK, 0};
	unsigned long n = a[0], limit;

	if (func > 2) {
		r.error = SBI_ERR_NOT_SUPPORTED;
		return r;
	}
	if (fault(F_DBCN_REFUSE, this_hart()->id, &limit)) {
		r.error = (long)limit;
		return r;
	}
	if (func == 2) {
		uart_lock();
		uart_putc((char)a[0]);
		uart_unlock();
		return r;
	}
	if (a[2] || (n && !platform_is_s_memory(a[1], n))) {
		r.error = SBI_ERR_INVALID_PARAM;
		return r;
	}
	if (fault(F_DBCN_SHORT, this_hart()->id, &limit) && n > limit)
		n = limit;
	uart_lock();
	for (; n; n--) {
		long c;

		if (func == 0) {
			c = probe_load_byte(a[1] + (unsigned long)r.value);
			if (c < 0)
				break;
			uart_putc((char)c);
		} else {
			c = uart_getc();
			if (c < 0 ||
			    probe_store_byte(a[1] + (unsigned long)r.value, (unsigned long)c) < 0)
				break;
		}
		r.value++;
	}
	uart_unlock();
	return r;
}

/* Chapter 4. */
static struct sbiret base(unsigned long func, unsigned long a0)
{
	struct sbiret r = {SBI_OK, 0};

	switch (func) {
	case 0:
		r.value = (long)spec_version();
		break;
	case 1:
		r.value = IMPLEMENTATION_ID;
		break;
	case 2:
		r.value = IMPLEMENTATION_VERSION;
		break;
	case 3:
		r.value = extension_present(a0);
		break;
	case 4:
		r.value = (long)csr_read(mvendorid);
		break;
	case 5:
		r.value = (long)csr_read(marchid);
		break;
	case 6:
		r.value = (long)csr_read(mimpid);
		break;
	default:
		r.error = SBI_ERR_NOT_SUPPORTED;
	}
	return r;
}

/* Chapter 5. The mask of a legacy call lies in S-mode's virtual memory; no pointer is everyone. */
static long legacy_mask(unsigned long pointer, unsigned long *mask, unsigned long *base)
{
	*mask = 0;
	*base = 0;
	if (!pointer) {
		*base = ~0UL;
		return SBI_OK;
	}
	return probe_load_mprv(pointer, mask) ? SBI_ERR_FAILED : SBI_OK;
}

/* Chapter 5: the answer is a0 alone, a1 stays. */
static long legacy(unsigned long ext, const unsigned long *a)
{
	unsigned long mask, base;
	long error;

	switch (ext) {
	case 0:
		set_timer(a[0]);
		return 0;
	case 1:
		uart_lock();
		uart_putc((char)a[0]);
		uart_unlock();
		return 0;
	case 2:
		return uart_getc();
	case 3:
		error = (csr_read(mip) & MIP_SSIP) != 0;
		csr_clear(mip, MIP_SSIP);
		return error;
	case 4:
		error = legacy_mask(a[0], &mask, &base);
		return error ? error : send_ipi(mask, base);
	case 5:
	case 6:
	case 7:
		error = legacy_mask(a[0], &mask, &base);
		return error ? error : remote_fence(mask, base);
	default:
		platform_exit(0);
	}
}

void sbi_ecall(struct frame *f)
{
	unsigned long ext = f->a[7], func = f->a[6], n;
	struct sbiret r = {SBI_ERR_NOT_SUPPORTED, 0};

	if (fault(F_ECALL_SLOW, this_hart()->id, &n))
		for (n /= 2; n; n--)
			__asm__ __volatile__("");

	if (!extension_present(ext)) {
		f->a[0] = (unsigned long)SBI_ERR_NOT_SUPPORTED;
		if (spec_version() >= VERSION(0, 2) && ext > EXT_LEGACY_LAST)
			f->a[1] = 0;
		return;
	}
	if (ext <= EXT_LEGACY_LAST) {
		f->a[0] = (unsigned long)legacy(ext, f->a);
		return;
	}
	switch (ext) {
	case EXT_BASE:
		r = base(func, f->a[0]);
		break;
	case EXT_TIME:
		if (func == 0) {
			set_timer(f->a[0]);
			r.error = SBI_OK;
		}
		break;
	case EXT_IPI:
		if (func == 0)
			r.error = send_ipi(f->a[0], f->a[1]);
		break;
	case EXT_RFENCE:
		/* 3 to 6 are for hypervisors. */
		if (func <= 2)
			r.error = remote_fence(f->a[0], f->a[1]);
		break;
	case EXT_HSM:
		r = sbi_hsm(func, f->a);
		break;
	case EXT_SRST:
		if (func == 0)
			r.error = system_reset(f->a[0], f->a[1]);
		break;
	case EXT_DBCN:
		r = debug_console(func, f->a);
		break;
	}
	f->a[0] = (unsigned long)r.error;
	f->a[1] = (unsigned long)r.value;
}
