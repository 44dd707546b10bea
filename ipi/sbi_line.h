/* SPDX-License-Identifier: BSD-2-Clause */
/* Collects hart ids into the windows of 64 that an SBI call takes. */
#ifndef IPI_SBI_LINE_H
#define IPI_SBI_LINE_H

/* One window: bit i stands for hart base + i. An empty one has mask 0. */
struct sbi_line {
	unsigned long base, mask;
	unsigned int failed;
};

#define SBI_LINE_INIT {0, 0, 0}

/*
 * Adds a hart; sends what was collected first when it does not fit in. Rising ids make the fewest
 * calls. Any context.
 */
void sbi_line_add(struct sbi_line *line, unsigned long hartid);

/* Sends what is left; returns how many harts could not be reached by any of the calls. */
unsigned int sbi_line_flush(struct sbi_line *line);

#endif
