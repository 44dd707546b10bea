/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: the software interrupt of a hart that is a thread, and noise in the schedule. */
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/irqflags.h"
#include "percpu/percpu.h"
#include "tests/host/host.h"

void (*host_interrupt)(void);

/*
 * Relaxed: a line orders nothing, so that the thread sanitizer sees whether what it announces is
 * ordered by itself.
 */
static DEFINE_PER_CPU(_Atomic unsigned long, sip);

static _Thread_local uint64_t noise;
_Thread_local void (*host_at_window)(void);

void host_noise(uint64_t seed)
{
	noise = seed;
}

void host_raise(unsigned int cpu)
{
	atomic_fetch_or_explicit(per_cpu_ptr(&sip, cpu), SIE_SSIE, memory_order_relaxed);
}

unsigned long csr_read(unsigned int csr)
{
	return csr == CSR_SIP ? atomic_load_explicit(this_cpu_ptr(&sip), memory_order_relaxed)
			      : SIE_SSIE;
}

void csr_set(unsigned int csr, unsigned long bits)
{
	if (csr == CSR_SIP)
		atomic_fetch_or_explicit(this_cpu_ptr(&sip), bits, memory_order_relaxed);
}

void csr_clear(unsigned int csr, unsigned long bits)
{
	if (csr == CSR_SIP)
		atomic_fetch_and_explicit(this_cpu_ptr(&sip), ~bits, memory_order_relaxed);
}

/* As the trap handler does it: the line is acknowledged first. */
void host_take_interrupts(void)
{
	while (host_interrupt && host_irqs_on && csr_read(CSR_SIP)) {
		host_irqs_on = false;
		csr_clear(CSR_SIP, SIE_SSIE);
		host_interrupt();
		host_irqs_on = true;
	}
}

/* Mostly nothing, often another thread's turn, now and then a pause in which the others get far. */
void host_window(void)
{
	if (host_at_window)
		host_at_window();
	host_take_interrupts();
	if (!noise)
		return;
	switch (host_random(&noise) % 512) {
	case 0:
		nanosleep(&(struct timespec){.tv_nsec = 1 + (long)(host_random(&noise) % 100000)},
			  NULL);
		break;
	case 1 ... 16:
		sched_yield();
		break;
	case 17 ... 32:
		for (volatile unsigned int i = 0; i < 300; i++)
			;
		break;
	}
}
