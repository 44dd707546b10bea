/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: threads that are harts, each with its own copy of the per-cpu variables. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/tp.h"
#include "core/cpu.h"
#include "percpu/percpu.h"
#include "tests/host/host.h"

_Thread_local bool host_irqs_on = true;
_Thread_local unsigned long host_tp;

extern char __percpu_start[];

struct hart {
	pthread_t thread;
	unsigned int cpu;
	void (*fn)(unsigned int cpu, void *arg);
	void *arg;
};

static void *hart_main(void *arg)
{
	struct hart *hart = arg;

	host_irqs_on = true;
	host_tp = percpu_base[hart->cpu];
	this_cpu(cpu_number) = hart->cpu;
	hart->fn(hart->cpu, hart->arg);
	return NULL;
}

void host_harts_run(unsigned int n, void (*fn)(unsigned int cpu, void *arg), void *arg)
{
	unsigned long *outer = percpu_base;
	struct hart *harts = calloc(n, sizeof(*harts));
	char **areas = calloc(n, sizeof(*areas));

	percpu_base = calloc(n, sizeof(*percpu_base));
	for (unsigned int cpu = 0; cpu < n; cpu++) {
		areas[cpu] = aligned_alloc(4096, ALIGN_UP(percpu_area_size(), 4096UL));
		percpu_setup_area(areas[cpu]);
		/* The template is not linked at 0 here: its address is part of each variable's. */
		percpu_base[cpu] = (unsigned long)areas[cpu] - (unsigned long)__percpu_start;
		harts[cpu] = (struct hart){.cpu = cpu, .fn = fn, .arg = arg};
	}
	for (unsigned int cpu = 0; cpu < n; cpu++) {
		if (pthread_create(&harts[cpu].thread, NULL, hart_main, &harts[cpu])) {
			perror("pthread_create");
			abort();
		}
	}
	for (unsigned int cpu = 0; cpu < n; cpu++)
		pthread_join(harts[cpu].thread, NULL);
	/* Any hart may have written to any area until the last was gone. */
	for (unsigned int cpu = 0; cpu < n; cpu++)
		free(areas[cpu]);
	free(percpu_base);
	free(areas);
	free(harts);
	percpu_base = outer;
}
