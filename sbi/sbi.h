/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers that all of SBI shares: errors and extension ids. */
#ifndef SBI_SBI_H
#define SBI_SBI_H

/* Errors (SBI 2.0, chapter 3, "Standard SBI Errors"). */
#define SBI_SUCCESS		  0L
#define SBI_ERR_FAILED		  -1L
#define SBI_ERR_NOT_SUPPORTED	  -2L
#define SBI_ERR_INVALID_PARAM	  -3L
#define SBI_ERR_DENIED		  -4L
#define SBI_ERR_INVALID_ADDRESS	  -5L
#define SBI_ERR_ALREADY_AVAILABLE -6L
#define SBI_ERR_ALREADY_STARTED	  -7L
#define SBI_ERR_ALREADY_STOPPED	  -8L
#define SBI_ERR_NO_SHMEM	  -9L
/* SBI 3.0, chapter 3, adds: */
#define SBI_ERR_INVALID_STATE -10L
#define SBI_ERR_BAD_RANGE     -11L
#define SBI_ERR_TIMEOUT	      -12L
#define SBI_ERR_IO	      -13L
#define SBI_ERR_DENIED_LOCKED -14L

/* Extension ids, each from the heading of its chapter. Below 0x10: legacy (SBI 2.0, chapter 5). */
#define SBI_EXT_LEGACY_SET_TIMER	      0x0UL
#define SBI_EXT_LEGACY_CONSOLE_PUTCHAR	      0x1UL
#define SBI_EXT_LEGACY_CONSOLE_GETCHAR	      0x2UL
#define SBI_EXT_LEGACY_CLEAR_IPI	      0x3UL
#define SBI_EXT_LEGACY_SEND_IPI		      0x4UL
#define SBI_EXT_LEGACY_REMOTE_FENCE_I	      0x5UL
#define SBI_EXT_LEGACY_REMOTE_SFENCE_VMA      0x6UL
#define SBI_EXT_LEGACY_REMOTE_SFENCE_VMA_ASID 0x7UL
#define SBI_EXT_LEGACY_SHUTDOWN		      0x8UL
#define SBI_EXT_BASE			      0x10UL
#define SBI_EXT_TIME			      0x54494d45UL
#define SBI_EXT_IPI			      0x735049UL
#define SBI_EXT_RFENCE			      0x52464e43UL
#define SBI_EXT_HSM			      0x48534dUL
#define SBI_EXT_SRST			      0x53525354UL
#define SBI_EXT_PMU			      0x504d55UL
#define SBI_EXT_DBCN			      0x4442434eUL
#define SBI_EXT_SUSP			      0x53555350UL
#define SBI_EXT_CPPC			      0x43505043UL
#define SBI_EXT_NACL			      0x4e41434cUL
#define SBI_EXT_STA			      0x535441UL
#define SBI_EXT_SSE			      0x535345UL
#define SBI_EXT_FWFT			      0x46574654UL
#define SBI_EXT_DBTR			      0x44425452UL
#define SBI_EXT_MPXY			      0x4d505859UL

/* 0 for SBI_SUCCESS, a negative errno for any other value, known or not. Any context. */
int sbi_to_errno(long error);

/* The error's name in the specification without "SBI_", e.g. "ERR_DENIED"; "unknown" if it has
 * none. Any context. */
const char *sbi_error_name(long error);

#endif
