/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI calls in windows, and hart by hart where the firmware refuses a whole window for one of its
 * harts.
 */
#include "ipi/sbi_line.h"

#include "core/bitmap.h"
#include "core/printk.h"
#include "sbi/base.h"
#include "sbi/ipi.h"
#include "sbi/legacy.h"
#include "sbi/sbi.h"

static long raise(const struct sbi_line *line, unsigned long mask, unsigned long base)
{
	if (unlikely(line->ops))
		return line->ops->send(line, mask, base);
	return sbi_send_ipi(mask, base).error;
}

static bool refused(const struct sbi_line *line, unsigned long hartid, long error)
{
	if (line->ops)
		return line->ops->refused(line, hartid, error);
	pr_err_ratelimited("no IPI to hart %lu: %s", hartid, sbi_error_name(error));
	return false;
}

static void send(struct sbi_line *line)
{
	long error = raise(line, line->mask, line->base);

	/*
	 * One hart that is stopped makes newer firmware refuse all of them: SBI 2.0, sections 7.1
	 * and 8.1, leave that open.
	 */
	for (unsigned long left = error ? line->mask : 0; left; left &= left - 1) {
		unsigned long hartid = line->base + bit_first(left);

		error = raise(line, 1, hartid);
		if (error)
			line->failed += !refused(line, hartid, error);
	}
	line->mask = 0;
}

void sbi_line_add(struct sbi_line *line, unsigned long hartid)
{
	/* Ids below the base wrap to large differences, and start a new window, too. */
	if (line->mask && hartid - line->base >= BITS_PER_LONG)
		send(line);
	if (!line->mask)
		line->base = hartid;
	line->mask |= 1UL << (hartid - line->base);
}

unsigned int sbi_line_flush(struct sbi_line *line)
{
	if (line->mask)
		send(line);
	return line->failed;
}
