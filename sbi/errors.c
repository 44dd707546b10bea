/* SPDX-License-Identifier: BSD-2-Clause */
/* SBI errors: what each is called and which errno the kernel makes of it. */
#include <errno.h>
#include <stddef.h>

#include "core/compiler.h"
#include "sbi/sbi.h"

/* By negated error number. */
static const struct {
	const char *name;
	int err;
} errors[] = {
	[-SBI_SUCCESS] = {"SUCCESS", 0},
	[-SBI_ERR_FAILED] = {"ERR_FAILED", -EIO},
	[-SBI_ERR_NOT_SUPPORTED] = {"ERR_NOT_SUPPORTED", -EOPNOTSUPP},
	[-SBI_ERR_INVALID_PARAM] = {"ERR_INVALID_PARAM", -EINVAL},
	[-SBI_ERR_DENIED] = {"ERR_DENIED", -EPERM},
	[-SBI_ERR_INVALID_ADDRESS] = {"ERR_INVALID_ADDRESS", -EFAULT},
	[-SBI_ERR_ALREADY_AVAILABLE] = {"ERR_ALREADY_AVAILABLE", -EALREADY},
	[-SBI_ERR_ALREADY_STARTED] = {"ERR_ALREADY_STARTED", -EALREADY},
	[-SBI_ERR_ALREADY_STOPPED] = {"ERR_ALREADY_STOPPED", -EALREADY},
	[-SBI_ERR_NO_SHMEM] = {"ERR_NO_SHMEM", -ENOMEM},
	[-SBI_ERR_INVALID_STATE] = {"ERR_INVALID_STATE", -EBUSY},
	[-SBI_ERR_BAD_RANGE] = {"ERR_BAD_RANGE", -ERANGE},
	[-SBI_ERR_TIMEOUT] = {"ERR_TIMEOUT", -ETIMEDOUT},
	[-SBI_ERR_IO] = {"ERR_IO", -EIO},
	[-SBI_ERR_DENIED_LOCKED] = {"ERR_DENIED_LOCKED", -EACCES},
};

int sbi_to_errno(long error)
{
	if (error > 0 || error <= -(long)ARRAY_SIZE(errors))
		return -EPROTO;
	return errors[-error].err;
}

const char *sbi_error_name(long error)
{
	if (error > 0 || error <= -(long)ARRAY_SIZE(errors))
		return "unknown";
	return errors[-error].name;
}
