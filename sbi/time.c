/* SPDX-License-Identifier: BSD-2-Clause */
/* TIME: the hart's timer where Sstc is absent. */
#include "sbi/sbi.h"
#include "sbi/time.h"

enum time_fid { TIME_SET_TIMER };

struct sbiret sbi_set_timer(uint64_t when)
{
	return sbi_ecall(SBI_EXT_TIME, TIME_SET_TIMER, when, 0, 0, 0, 0, 0);
}
