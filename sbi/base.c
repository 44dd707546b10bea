/* SPDX-License-Identifier: BSD-2-Clause */
/* BASE: who the firmware is and which extensions it has. */
#include <errno.h>
#include <stdatomic.h>

#include "core/compiler.h"
#include "sbi/base.h"
#include "sbi/sbi.h"

enum base_fid {
	BASE_GET_SPEC_VERSION,
	BASE_GET_IMPL_ID,
	BASE_GET_IMPL_VERSION,
	BASE_PROBE_EXTENSION,
	BASE_GET_MVENDORID,
	BASE_GET_MARCHID,
	BASE_GET_MIMPID,
};

/* The ones that every boot asks for first: the search is linear. */
static const struct sbi_extension extensions[] = {
	{SBI_EXT_HSM, "HSM"},
	{SBI_EXT_IPI, "IPI"},
	{SBI_EXT_TIME, "TIME"},
	{SBI_EXT_DBCN, "DBCN"},
	{SBI_EXT_RFENCE, "RFENCE"},
	{SBI_EXT_SRST, "SRST"},
	{SBI_EXT_BASE, "BASE"},
	{SBI_EXT_PMU, "PMU"},
	{SBI_EXT_SUSP, "SUSP"},
	{SBI_EXT_CPPC, "CPPC"},
	{SBI_EXT_NACL, "NACL"},
	{SBI_EXT_STA, "STA"},
	{SBI_EXT_SSE, "SSE"},
	{SBI_EXT_FWFT, "FWFT"},
	{SBI_EXT_DBTR, "DBTR"},
	{SBI_EXT_MPXY, "MPXY"},
	{SBI_EXT_LEGACY_SET_TIMER, "legacy set_timer"},
	{SBI_EXT_LEGACY_CONSOLE_PUTCHAR, "legacy console_putchar"},
	{SBI_EXT_LEGACY_CONSOLE_GETCHAR, "legacy console_getchar"},
	{SBI_EXT_LEGACY_CLEAR_IPI, "legacy clear_ipi"},
	{SBI_EXT_LEGACY_SEND_IPI, "legacy send_ipi"},
	{SBI_EXT_LEGACY_REMOTE_FENCE_I, "legacy remote_fence_i"},
	{SBI_EXT_LEGACY_REMOTE_SFENCE_VMA, "legacy remote_sfence_vma"},
	{SBI_EXT_LEGACY_REMOTE_SFENCE_VMA_ASID, "legacy remote_sfence_vma_asid"},
	{SBI_EXT_LEGACY_SHUTDOWN, "legacy shutdown"},
};

/*
 * UNKNOWN -> ABSENT or PRESENT, once. Relaxed order is enough: the answer is all that is passed,
 * and it does not change.
 */
enum answer { UNKNOWN, ABSENT, PRESENT };

static _Atomic unsigned char answers[ARRAY_SIZE(extensions)];
static _Atomic unsigned int probe_calls;
static _Atomic unsigned long spec_version; /* 0: not asked yet */

static struct sbiret base_call(enum base_fid fid, unsigned long arg)
{
	return sbi_ecall(SBI_EXT_BASE, fid, arg, 0, 0, 0, 0, 0);
}

unsigned long sbi_spec_version(void)
{
	unsigned long version = atomic_load_explicit(&spec_version, memory_order_relaxed);

	if (likely(version))
		return version;
	struct sbiret ret = base_call(BASE_GET_SPEC_VERSION, 0);
	/* SBI 0.1 has no BASE: it answers an error, or a value that no version with BASE (0.2 on)
	 * can have. */
	version = (unsigned long)ret.value & 0x7fffffff;
	if (ret.error || version < SBI_VERSION(0, 2))
		version = SBI_VERSION(0, 1);
	atomic_store_explicit(&spec_version, version, memory_order_relaxed);
	return version;
}

bool sbi_legacy_only(void)
{
	return sbi_spec_version() == SBI_VERSION(0, 1);
}

static long base_value(enum base_fid fid)
{
	if (sbi_legacy_only())
		return -EOPNOTSUPP;
	struct sbiret ret = base_call(fid, 0);
	return ret.error ? sbi_to_errno(ret.error) : ret.value;
}

long sbi_impl_id(void)
{
	return base_value(BASE_GET_IMPL_ID);
}

long sbi_impl_version(void)
{
	return base_value(BASE_GET_IMPL_VERSION);
}

const char *sbi_impl_name(long id)
{
	static const char *const names[] = {
		"Berkeley Boot Loader",
		"OpenSBI",
		"Xvisor",
		"KVM",
		"RustSBI",
		"Diosix",
		"Coffer",
		"Xen",
		"PolarFire HSS",
		"coreboot",
		"oreboot",
		"bhyve",
	};

	if (id < 0 || id >= (long)ARRAY_SIZE(names))
		return "unknown";
	return names[id];
}

static bool ask(unsigned long ext)
{
	if (sbi_legacy_only())
		return ext <= SBI_EXT_LEGACY_SHUTDOWN;
	atomic_fetch_add_explicit(&probe_calls, 1, memory_order_relaxed);
	struct sbiret ret = base_call(BASE_PROBE_EXTENSION, ext);
	return ret.error == SBI_SUCCESS && ret.value != 0;
}

bool sbi_probe(unsigned long ext)
{
	for (size_t i = 0; i < ARRAY_SIZE(extensions); i++) {
		if (extensions[i].id != ext)
			continue;
		unsigned char answer = atomic_load_explicit(&answers[i], memory_order_relaxed);
		if (answer == UNKNOWN) {
			answer = ask(ext) ? PRESENT : ABSENT;
			atomic_store_explicit(&answers[i], answer, memory_order_relaxed);
		}
		return answer == PRESENT;
	}
	return ask(ext);
}

unsigned int sbi_probe_calls(void)
{
	return atomic_load_explicit(&probe_calls, memory_order_relaxed);
}

struct sbiret sbi_get_mvendorid(void)
{
	return base_call(BASE_GET_MVENDORID, 0);
}

struct sbiret sbi_get_marchid(void)
{
	return base_call(BASE_GET_MARCHID, 0);
}

struct sbiret sbi_get_mimpid(void)
{
	return base_call(BASE_GET_MIMPID, 0);
}

const struct sbi_extension *sbi_extensions(size_t *n)
{
	*n = ARRAY_SIZE(extensions);
	return extensions;
}
