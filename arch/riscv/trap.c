/* SPDX-License-Identifier: BSD-2-Clause */
/* Dispatch of interrupts, and the report that ends an exception. */
#include <stdatomic.h>

#include "arch/riscv/backtrace.h"
#include "arch/riscv/csr.h"
#include "arch/riscv/trap.h"

void (*timer_interrupt_handler)(void);
void (*exception_handler)(struct trap_frame *frame, bool overflow);

static void ignore(void)
{
}

/* Without a handler the line would stay up, and interrupt for ever. */
static void mask_external(void)
{
	csr_clear(CSR_SIE, SIE_SEIE);
}

void (*software_interrupt_handler)(void) = ignore;
void (*external_interrupt_handler)(void) = mask_external;

void handle_interrupt(unsigned int irq)
{
	switch (irq) {
	case IRQ_S_TIMER:
		if (timer_interrupt_handler)
			timer_interrupt_handler();
		else
			csr_clear(CSR_SIE, SIE_STIE);
		break;
	default:
		/*
		 * Local interrupts that nobody enabled: mask the line, or it would fire for ever.
		 */
		csr_clear(CSR_SIE, 1UL << (irq & 63));
	}
}

void handle_exception(struct trap_frame *frame, bool overflow)
{
	if (exception_handler)
		exception_handler(frame, overflow);
	for (;;)
		__asm__ __volatile__("wfi");
}

const char *trap_cause_name(uint64_t cause)
{
	static const char *const exceptions[] = {
		[0] = "instruction address misaligned",
		[1] = "instruction access fault",
		[2] = "illegal instruction",
		[3] = "breakpoint",
		[4] = "load address misaligned",
		[5] = "load access fault",
		[6] = "store or AMO address misaligned",
		[7] = "store or AMO access fault",
		[8] = "environment call from U-mode",
		[9] = "environment call from S-mode",
		[12] = "instruction page fault",
		[13] = "load page fault",
		[15] = "store or AMO page fault",
		[18] = "software check",
		[19] = "hardware error",
	};

	if (cause & SCAUSE_IRQ)
		return "interrupt";
	if (cause < ARRAY_SIZE(exceptions) && exceptions[cause])
		return exceptions[cause];
	return "reserved exception";
}
