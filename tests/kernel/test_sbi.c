/* SPDX-License-Identifier: BSD-2-Clause */
/* The firmware keeps to the specification where the kernel relies on it, and our side of the border
 * does as well. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "core/cpu.h"
#include "core/printk.h"
#include "sbi/base.h"
#include "sbi/dbcn.h"
#include "sbi/hsm.h"
#include "sbi/ipi.h"
#include "sbi/rfence.h"
#include "sbi/sbi.h"
#include "sbi/srst.h"
#include "tests/kernel/ktest.h"
#include "threads/idle.h"

#define NO_SUCH_EXTENSION 0x08fffffeUL /* experimental range: SBI 2.0, chapter 17 */
#define NO_SUCH_FUNCTION  0x7ffffffeUL

/* A hart id that the device tree does not know. */
static unsigned long absent_hartid(void)
{
	unsigned long hartid = 0x7fffffff;

	while (hartid_to_cpu(hartid) >= 0)
		hartid--;
	return hartid;
}

KTEST(sbi, version)
{
	unsigned long version = sbi_spec_version();

	KTEST_EXPECT(SBI_VERSION_MAJOR(version) < 100);
	KTEST_EXPECT(version >= SBI_VERSION(0, 1));
	KTEST_EXPECT_EQ(sbi_spec_version(), version);
	if (sbi_legacy_only())
		KTEST_SKIP("SBI 0.1 has no BASE extension");
	KTEST_EXPECT(version >= SBI_VERSION(0, 2));
	KTEST_EXPECT(sbi_impl_id() >= 0);
	KTEST_EXPECT(sbi_impl_name(sbi_impl_id()) != NULL);
	KTEST_EXPECT_EQ(sbi_get_mvendorid().error, SBI_SUCCESS);
	KTEST_EXPECT_EQ(sbi_get_marchid().error, SBI_SUCCESS);
	KTEST_EXPECT_EQ(sbi_get_mimpid().error, SBI_SUCCESS);
	KTEST_EXPECT(!strcmp(sbi_impl_name(1), "OpenSBI"));
	KTEST_EXPECT(!strcmp(sbi_impl_name(4), "RustSBI"));
	KTEST_EXPECT(!strcmp(sbi_impl_name(-1), "unknown"));
	KTEST_EXPECT(!strcmp(sbi_impl_name(1000), "unknown"));
}

KTEST(sbi, errors)
{
	KTEST_EXPECT_EQ(sbi_to_errno(SBI_SUCCESS), 0);
	for (long error = SBI_ERR_FAILED; error >= SBI_ERR_DENIED_LOCKED; error--) {
		int err = sbi_to_errno(error);

		KTEST_EXPECT(err < 0 && err != -EPROTO);
		KTEST_EXPECT(!strncmp(sbi_error_name(error), "ERR_", 4));
	}
	KTEST_EXPECT_EQ(sbi_to_errno(SBI_ERR_INVALID_PARAM), -EINVAL);
	KTEST_EXPECT_EQ(sbi_to_errno(SBI_ERR_NOT_SUPPORTED), -EOPNOTSUPP);
	/* Numbers that no version defines, a broken firmware's positive ones too, are errors as
	 * well. */
	KTEST_EXPECT_EQ(sbi_to_errno(SBI_ERR_DENIED_LOCKED - 1), -EPROTO);
	KTEST_EXPECT_EQ(sbi_to_errno(1), -EPROTO);
	KTEST_EXPECT_EQ(sbi_to_errno(LONG_MIN), -EPROTO);
	KTEST_EXPECT(!strcmp(sbi_error_name(LONG_MIN), "unknown"));
	KTEST_EXPECT(!strcmp(sbi_error_name(2), "unknown"));
}

KTEST(sbi, probe_cache)
{
	size_t n;
	const struct sbi_extension *ext = sbi_extensions(&n);

	for (size_t i = 0; i < n; i++)
		sbi_probe(ext[i].id);
	unsigned int calls = sbi_probe_calls();
	for (size_t i = 0; i < n; i++)
		sbi_probe(ext[i].id);
	KTEST_EXPECT_EQ(sbi_probe_calls(), calls);
	if (sbi_legacy_only())
		KTEST_SKIP("SBI 0.1 cannot be asked for extensions");
	KTEST_EXPECT(sbi_probe(SBI_EXT_BASE));
	KTEST_EXPECT(!sbi_probe(NO_SUCH_EXTENSION));
	KTEST_EXPECT_EQ(sbi_probe_calls(), calls + 1);
}

KTEST(sbi, not_supported)
{
	if (sbi_legacy_only())
		KTEST_SKIP("SBI 0.1 has no error numbers");
	struct sbiret ret = sbi_ecall(NO_SUCH_EXTENSION, 0, 0, 0, 0, 0, 0, 0);
	KTEST_EXPECT_EQ(ret.error, SBI_ERR_NOT_SUPPORTED);
	ret = sbi_ecall(SBI_EXT_BASE, NO_SUCH_FUNCTION, 0, 0, 0, 0, 0, 0);
	KTEST_EXPECT_EQ(ret.error, SBI_ERR_NOT_SUPPORTED);
	if (!sbi_probe(SBI_EXT_HSM))
		return;
	ret = sbi_ecall(SBI_EXT_HSM, NO_SUCH_FUNCTION, 0, 0, 0, 0, 0, 0);
	KTEST_EXPECT_EQ(ret.error, SBI_ERR_NOT_SUPPORTED);
}

KTEST(sbi, registers_survive)
{
	register unsigned long a2 __asm__("a2") = 0x1122334455667788, a3 __asm__("a3") = 0x99aabb,
				  a4 __asm__("a4") = 0xccddee, a5 __asm__("a5") = 0xff0011,
				  a6 __asm__("a6") = 0, a7 __asm__("a7") = SBI_EXT_BASE,
				  a0 __asm__("a0") = 0, a1 __asm__("a1") = 0;

	/* All but a0 and a1 are preserved (SBI 2.0, chapter 3). */
	__asm__ __volatile__("ecall"
			     : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5), "+r"(a6),
			       "+r"(a7)
			     :
			     : "memory");
	unsigned long got[] = {a2, a3, a4, a5, a6, a7};
	KTEST_EXPECT_EQ(got[0], 0x1122334455667788);
	KTEST_EXPECT_EQ(got[1], 0x99aabb);
	KTEST_EXPECT_EQ(got[2], 0xccddee);
	KTEST_EXPECT_EQ(got[3], 0xff0011);
	KTEST_EXPECT_EQ(got[4], 0);
	KTEST_EXPECT_EQ(got[5], SBI_EXT_BASE);
}

/* An idle hart may have suspended itself. */
static bool may_be_online(unsigned int cpu, long state)
{
	return state == HSM_STARTED || (idle_suspends(cpu, 0, NULL) >= 0 &&
					(state == HSM_SUSPENDED || state == HSM_SUSPEND_PENDING ||
					 state == HSM_RESUME_PENDING));
}

KTEST(sbi, hsm_status)
{
	unsigned int cpu;

	if (!sbi_probe(SBI_EXT_HSM))
		KTEST_SKIP("the firmware has no HSM extension");
	for_each_possible_cpu (cpu) {
		struct sbiret ret = sbi_hart_get_status(cpu_to_hartid(cpu));

		KTEST_EXPECT_EQ(ret.error, SBI_SUCCESS);
		if (cpumask_test_cpu(cpu, cpu_online_mask))
			KTEST_EXPECT(may_be_online(cpu, ret.value));
		else
			KTEST_EXPECT(strcmp(hsm_state_name(ret.value), "unknown"));
	}
	KTEST_EXPECT_EQ(sbi_hart_get_status(absent_hartid()).error, SBI_ERR_INVALID_PARAM);
	KTEST_EXPECT_EQ(sbi_hart_get_status(~0UL).error, SBI_ERR_INVALID_PARAM);
}

/* Starts that must not start anything: the address is valid, and nobody ever gets there. */
KTEST(sbi, hsm_start_nonsense)
{
	unsigned int cpu;
	long error;

	if (!sbi_probe(SBI_EXT_HSM))
		KTEST_SKIP("the firmware has no HSM extension");
	for_each_online_cpu (cpu) {
		/*
		 * OpenSBI takes the address before it refuses: a suspended hart would resume
		 * there.
		 */
		if (idle_suspends(cpu, 0, NULL) >= 0)
			continue;
		KTEST_EXPECT_EQ(hsm_start(cpu_to_hartid(cpu), 0, 0, &error), HSM_START_ALREADY);
		KTEST_EXPECT_EQ(error, SBI_ERR_ALREADY_AVAILABLE);
	}
	KTEST_EXPECT_EQ(hsm_start(absent_hartid(), 0, 0, &error), HSM_START_REFUSED);
	KTEST_EXPECT_EQ(error, SBI_ERR_INVALID_PARAM);
	KTEST_EXPECT_EQ(hsm_start(~0UL, 0, 0, NULL), HSM_START_REFUSED);
}

KTEST(sbi, hsm_suspend_nonsense)
{
	if (!sbi_probe(SBI_EXT_HSM) || sbi_spec_version() < SBI_VERSION(0, 3))
		KTEST_SKIP("the firmware has no hart_suspend");
	/* 1 is reserved (SBI 2.0, section 9.4). */
	long error = sbi_hart_suspend(1, 0, 0).error;
	KTEST_EXPECT_EQ(error, SBI_ERR_INVALID_PARAM);
	KTEST_EXPECT_EQ(hsm_suspend_result(error), HSM_SUSPEND_UNAVAILABLE);
}

KTEST(sbi, hsm_answers)
{
	static const struct {
		long error, status_error, status;
		enum hsm_start_result result;
	} rows[] = {
		{SBI_SUCCESS, SBI_ERR_FAILED, 0, HSM_START_ACCEPTED},
		{SBI_ERR_ALREADY_AVAILABLE, 0, HSM_STARTED, HSM_START_ALREADY},
		{SBI_ERR_ALREADY_AVAILABLE, 0, HSM_SUSPENDED, HSM_START_ALREADY},
		{SBI_ERR_ALREADY_AVAILABLE, 0, HSM_RESUME_PENDING, HSM_START_ALREADY},
		{SBI_ERR_ALREADY_AVAILABLE, 0, HSM_SUSPEND_PENDING, HSM_START_ALREADY},
		/* RustSBI, whatever the hart is doing. */
		{SBI_ERR_ALREADY_AVAILABLE, 0, HSM_START_PENDING, HSM_START_RETRY},
		{SBI_ERR_ALREADY_AVAILABLE, 0, HSM_STOP_PENDING, HSM_START_RETRY},
		{SBI_ERR_ALREADY_AVAILABLE, 0, HSM_STOPPED, HSM_START_RETRY},
		/* OpenSBI, in the pending states, and when the pending state is over at the second
		   look. */
		{SBI_ERR_INVALID_PARAM, 0, HSM_START_PENDING, HSM_START_RETRY},
		{SBI_ERR_INVALID_PARAM, 0, HSM_STOP_PENDING, HSM_START_RETRY},
		{SBI_ERR_INVALID_PARAM, 0, HSM_STOPPED, HSM_START_RETRY},
		{SBI_ERR_INVALID_PARAM, 0, HSM_STARTED, HSM_START_ALREADY},
		/* No such hart. */
		{SBI_ERR_INVALID_PARAM, SBI_ERR_INVALID_PARAM, 0, HSM_START_REFUSED},
		{SBI_ERR_ALREADY_AVAILABLE, 0, 99, HSM_START_REFUSED},
		{SBI_ERR_INVALID_ADDRESS, 0, HSM_STOPPED, HSM_START_REFUSED},
		{SBI_ERR_FAILED, 0, HSM_STOPPED, HSM_START_REFUSED},
		{SBI_ERR_DENIED, 0, HSM_STOPPED, HSM_START_REFUSED},
		{SBI_ERR_NOT_SUPPORTED, SBI_ERR_NOT_SUPPORTED, 0, HSM_START_REFUSED},
		{-1000, 0, HSM_STARTED, HSM_START_REFUSED},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sbiret status = {rows[i].status_error, rows[i].status};

		KTEST_EXPECT_EQ(hsm_start_result(rows[i].error, status), rows[i].result);
	}
	KTEST_EXPECT_EQ(hsm_stop_result(SBI_SUCCESS), HSM_STOP_RETRY);
	KTEST_EXPECT_EQ(hsm_stop_result(SBI_ERR_FAILED), HSM_STOP_RETRY);
	KTEST_EXPECT_EQ(hsm_stop_result(SBI_ERR_DENIED), HSM_STOP_REFUSED);
	KTEST_EXPECT_EQ(hsm_stop_result(SBI_ERR_NOT_SUPPORTED), HSM_STOP_REFUSED);
	KTEST_EXPECT_EQ(hsm_suspend_result(SBI_SUCCESS), HSM_SUSPEND_WOKEN);
	KTEST_EXPECT_EQ(hsm_suspend_result(SBI_ERR_NOT_SUPPORTED), HSM_SUSPEND_UNAVAILABLE);
	KTEST_EXPECT_EQ(hsm_suspend_result(SBI_ERR_FAILED), HSM_SUSPEND_FAILED);
}

KTEST(sbi, ipi_masks)
{
	if (!sbi_probe(SBI_EXT_IPI))
		KTEST_SKIP("the firmware has no IPI extension");
	/* Bits of an empty mask name nobody, wherever it is based. */
	KTEST_EXPECT_EQ(sbi_send_ipi(0, 0).error, SBI_SUCCESS);
	KTEST_EXPECT_EQ(sbi_send_ipi(1, cpu_to_hartid(smp_processor_id())).error, SBI_SUCCESS);
	KTEST_EXPECT_EQ(sbi_send_ipi(0, SBI_HART_BASE_ALL).error, SBI_SUCCESS);
	/* The specification wants INVALID_PARAM for a hart that is not there; OpenSBI up to 1.6
	 * passes over it. */
	long error = sbi_send_ipi(1, absent_hartid()).error;
	KTEST_EXPECT(error == SBI_ERR_INVALID_PARAM || error == SBI_SUCCESS);
}

KTEST(sbi, rfence)
{
	if (!sbi_probe(SBI_EXT_RFENCE))
		KTEST_SKIP("the firmware has no RFENCE extension");
	unsigned long self = cpu_to_hartid(smp_processor_id());
	KTEST_EXPECT_EQ(sbi_remote_fence_i(0, SBI_HART_BASE_ALL).error, SBI_SUCCESS);
	KTEST_EXPECT_EQ(sbi_remote_fence_i(1, self).error, SBI_SUCCESS);
	KTEST_EXPECT_EQ(sbi_remote_sfence_vma(0, SBI_HART_BASE_ALL, 0, 0).error, SBI_SUCCESS);
	KTEST_EXPECT_EQ(sbi_remote_sfence_vma(1, self, 0x1000, 0x1000).error, SBI_SUCCESS);
	KTEST_EXPECT_EQ(sbi_remote_sfence_vma_asid(0, SBI_HART_BASE_ALL, 0, ~0UL, 0).error,
			SBI_SUCCESS);
}

KTEST(sbi, reset_nonsense)
{
	if (!sbi_probe(SBI_EXT_SRST))
		KTEST_SKIP("the firmware has no SRST extension");
	/* A reserved type (SBI 2.0, section 10.1); coming back at all is most of the test. */
	long error = sbi_system_reset((enum srst_type)0x1000, SRST_NO_REASON).error;
	KTEST_EXPECT(error == SBI_ERR_INVALID_PARAM || error == SBI_ERR_NOT_SUPPORTED);
}

KTEST(sbi, console_empty_write)
{
	if (!sbi_probe(SBI_EXT_DBCN))
		KTEST_SKIP("the firmware has no DBCN extension");
	KTEST_EXPECT_EQ(sbi_debug_console_write(0, 0).value, 0);
}
