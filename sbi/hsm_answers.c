/* SPDX-License-Identifier: BSD-2-Clause */
/* What the firmware's answers to HSM calls mean: decisions only, no call. */
#include "core/compiler.h"
#include "sbi/hsm.h"
#include "sbi/sbi.h"

const char *hsm_state_name(long state)
{
	static const char *const names[] = {
		[HSM_STARTED] = "STARTED",
		[HSM_STOPPED] = "STOPPED",
		[HSM_START_PENDING] = "START_PENDING",
		[HSM_STOP_PENDING] = "STOP_PENDING",
		[HSM_SUSPENDED] = "SUSPENDED",
		[HSM_SUSPEND_PENDING] = "SUSPEND_PENDING",
		[HSM_RESUME_PENDING] = "RESUME_PENDING",
	};

	if (state < 0 || state >= (long)ARRAY_SIZE(names))
		return "unknown";
	return names[state];
}

enum hsm_start_result hsm_start_result(long error, struct sbiret status)
{
	switch (error) {
	case SBI_SUCCESS:
		return HSM_START_ACCEPTED;
	case SBI_ERR_ALREADY_AVAILABLE:
	case SBI_ERR_ALREADY_STARTED:
	case SBI_ERR_INVALID_PARAM:
		break;
	default:
		return HSM_START_REFUSED;
	}
	if (status.error != SBI_SUCCESS)
		return HSM_START_REFUSED;
	switch (status.value) {
	case HSM_STARTED:
	case HSM_SUSPENDED:
	case HSM_SUSPEND_PENDING:
	case HSM_RESUME_PENDING:
		return HSM_START_ALREADY;
	case HSM_STOPPED:
	case HSM_START_PENDING:
	case HSM_STOP_PENDING:
		return HSM_START_RETRY;
	default:
		return HSM_START_REFUSED;
	}
}

enum hsm_stop_result hsm_stop_result(long error)
{
	return error == SBI_SUCCESS || error == SBI_ERR_FAILED ? HSM_STOP_RETRY : HSM_STOP_REFUSED;
}

enum hsm_suspend_result hsm_suspend_result(long error)
{
	switch (error) {
	case SBI_SUCCESS:
		return HSM_SUSPEND_WOKEN;
	case SBI_ERR_NOT_SUPPORTED:
	case SBI_ERR_INVALID_PARAM:
	case SBI_ERR_INVALID_ADDRESS:
		return HSM_SUSPEND_UNAVAILABLE;
	default:
		return HSM_SUSPEND_FAILED;
	}
}
