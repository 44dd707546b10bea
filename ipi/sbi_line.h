/* SPDX-License-Identifier: BSD-2-Clause */
/* Collects hart ids into the windows of 64 that SBI calls take. */
#ifndef IPI_SBI_LINE_H
#define IPI_SBI_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct sbi_line;

/* What is sent to a window. */
struct sbi_line_ops {
	/* To harts base + i, for each bit i of mask; an SBI error. */
	long (*send)(const struct sbi_line *line, unsigned long mask, unsigned long base);
	/*
	 * A hart that was refused by itself, too: true if something else helped, and it does not
	 * count as failed.
	 */
	bool (*refused)(const struct sbi_line *line, unsigned long hartid, long error);
};

/* One window: bit i stands for hart base + i. An empty one has mask 0. */
struct sbi_line {
	unsigned long base, mask;
	unsigned int failed;
	const struct sbi_line_ops *ops; /* NULL: IPIs */
};

#define SBI_LINE_INIT {0, 0, 0, NULL}

/*
 * Adds a hart; sends what was collected first when it does not fit in. Rising ids make the fewest
 * calls. Any context.
 */
void sbi_line_add(struct sbi_line *line, unsigned long hartid);

/* Sends what is left; returns how many harts could not be reached by any of the calls. */
unsigned int sbi_line_flush(struct sbi_line *line);

#endif
