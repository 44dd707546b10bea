/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * send_ipi, ipi_floor: what the hardware and the firmware take of a call, with nothing of the
 * kernel in between.
 */
#include <errno.h>
#include <stdatomic.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/io.h"
#include "arch/riscv/irqflags.h"
#include "core/cpu.h"
#include "ipi/backend.h"
#include "tests/bench/bench.h"
#include "tests/kernel/run_on.h"

#define SAMPLES 500

static uint64_t samples[SAMPLES] __section(".noinit");
static _Atomic uint64_t answered, stop;

/*
 * Interrupts off: the line wakes the hart from wfi, is acknowledged, and a word in memory is the
 * answer.
 */
static void answer(void *arg)
{
	unsigned long flags = local_irq_save();

	(void)arg;
	while (!atomic_load_explicit(&stop, memory_order_acquire)) {
		unsigned long pending = csr_read(CSR_SIP) & csr_read(CSR_SIE);

		if (!(pending & (SIE_SSIE | SIE_SEIE))) {
			wait_for_interrupt();
			continue;
		}
		if (pending & SIE_SSIE)
			csr_clear(CSR_SIP, SIE_SSIE);
		else
			csr_swap(CSR_STOPEI, 0);
		io_fence();
		store_release(&answered, 1);
	}
	local_irq_restore(flags);
}

static uint64_t one_way(unsigned int cpu)
{
	uint64_t start;

	store_relaxed(&answered, 0);
	bench_settle();
	start = bench_clock();
	ipi_backend()->ring(cpu);
	while (!atomic_load_explicit(&answered, memory_order_acquire))
		cpu_relax();
	return bench_clock() - start;
}

/*
 * Measured once a boot: other benchmarks print it beside their own figure. 0 where there is nobody
 * to call.
 */
uint64_t bench_ipi_floor(void)
{
	static uint64_t floor;
	unsigned int cpu = cpumask_next(smp_processor_id(), cpu_online_mask);

	if (floor || cpu >= nr_cpu_ids)
		return floor;
	store_relaxed(&stop, 0);
	if (run_on(cpu, answer, NULL))
		return 0;
	for (unsigned int i = 0; i < SAMPLES; i++)
		samples[i] = one_way(cpu);
	store_release(&stop, 1);
	ipi_backend()->ring(cpu);
	while (!run_on_done(cpu))
		cpu_relax();
	bench_sort(samples, SAMPLES);
	floor = samples[SAMPLES / 2];
	return floor;
}

static int bench_floor(void)
{
	bool measured = bench_ipi_floor();

	if (!measured)
		return -ENODEV;
	bench_report("ipi_floor", samples, SAMPLES, "");
	return 0;
}
BENCH(ipi_floor, bench_floor);

static int bench_send_ipi(void)
{
	unsigned int cpu = cpumask_next(smp_processor_id(), cpu_online_mask);

	if (cpu >= nr_cpu_ids)
		return -ENODEV;
	for (unsigned int i = 0; i < SAMPLES; i++) {
		uint64_t start;

		bench_settle();
		start = bench_clock();
		ipi_backend()->ring(cpu);
		samples[i] = bench_clock() - start;
	}
	bench_report("send_ipi", samples, SAMPLES, "");
	return 0;
}
BENCH(send_ipi, bench_send_ipi);
