/* SPDX-License-Identifier: BSD-2-Clause */
/* PMU: what the firmware itself counts, hart by hart. */
#include <errno.h>

#include "sbi/base.h"
#include "sbi/pmu.h"
#include "sbi/sbi.h"

/* Functions (SBI 2.0, chapter 11). */
enum pmu_fid {
	PMU_NUM_COUNTERS,
	PMU_COUNTER_GET_INFO,
	PMU_COUNTER_CONFIG_MATCHING,
	PMU_COUNTER_START,
	PMU_COUNTER_STOP,
	PMU_COUNTER_FW_READ,
};

#define EVENT_TYPE_FIRMWARE (0xfUL << 16)

#define CONFIG_CLEAR_VALUE (1UL << 1)
#define CONFIG_AUTO_START  (1UL << 2)
#define STOP_RESET	   (1UL << 0)

/* As many counters as one mask can name. */
#define MAX_COUNTERS 64

static unsigned long all_counters(void)
{
	struct sbiret ret = sbi_ecall(SBI_EXT_PMU, PMU_NUM_COUNTERS, 0, 0, 0, 0, 0, 0);

	if (ret.error || ret.value <= 0)
		return 0;
	return ret.value >= MAX_COUNTERS ? ~0UL : (1UL << ret.value) - 1;
}

int sbi_fw_counter_start(enum sbi_fw_event event)
{
	struct sbiret ret;

	if (!sbi_probe(SBI_EXT_PMU))
		return -EOPNOTSUPP;
	/* The firmware picks one that is free and can count the event. */
	ret = sbi_ecall(SBI_EXT_PMU, PMU_COUNTER_CONFIG_MATCHING, 0, all_counters(),
			CONFIG_CLEAR_VALUE | CONFIG_AUTO_START, EVENT_TYPE_FIRMWARE | event, 0, 0);
	return ret.error ? sbi_to_errno(ret.error) : (int)ret.value;
}

int sbi_fw_counter_read(unsigned int counter, uint64_t *value)
{
	struct sbiret ret = sbi_ecall(SBI_EXT_PMU, PMU_COUNTER_FW_READ, counter, 0, 0, 0, 0, 0);

	if (!ret.error)
		*value = (uint64_t)ret.value;
	return sbi_to_errno(ret.error);
}

int sbi_fw_counter_stop(unsigned int counter)
{
	return sbi_to_errno(
		sbi_ecall(SBI_EXT_PMU, PMU_COUNTER_STOP, counter, 1, STOP_RESET, 0, 0, 0).error);
}
