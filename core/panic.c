/* SPDX-License-Identifier: BSD-2-Clause */
/* Panic, failed assertions and the way out. */
#include "core/panic.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/console.h"
#include "core/cpu.h"
#include "core/fault.h"
#include "core/printk.h"

struct panic_ops panic_ops;

/* cpu + 1 of the hart that panicked first, 0 before. */
static _Atomic unsigned int panic_cpu;
static unsigned int panic_depth;

bool panic_in_progress(void)
{
	return atomic_load_explicit(&panic_cpu, memory_order_relaxed);
}

__noreturn static void stay(void)
{
	local_irq_disable();
	csr_write(CSR_SIE, 0);
	for (;;)
		wait_for_interrupt();
}

static __noreturn void leave(int status)
{
	printk_raw("muster: exit %d", status);
	console_flush();
	if (panic_ops.power_off)
		panic_ops.power_off(status);
	printk_raw("muster: no way to power off, parked");
	console_flush();
	stay();
}

void machine_exit(int status)
{
	leave(status);
}

void panic(const char *fmt, ...)
{
	unsigned int nobody = 0, self = smp_processor_id() + 1;
	char text[LOG_TEXT_MAX];
	unsigned int deaf;
	va_list args;

	local_irq_disable();
	if (!cas_acq_rel(&panic_cpu, &nobody, self) && nobody != self)
		stay();

	/*
	 * Each level trusts less: the second says only that there is one, the third says nothing.
	 */
	switch (panic_depth++) {
	case 0:
		break;
	case 1:
		printk(LOG_EMERG, "panic: another one while reporting, giving up");
		leave(1);
	default:
		if (panic_ops.power_off)
			panic_ops.power_off(1);
		stay();
	}

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pr_emerg("panic: %s", text);
	fault_backtrace();
	deaf = panic_ops.stop_others ? panic_ops.stop_others() : 0;
	if (deaf)
		pr_emerg("panic: %u harts did not stop", deaf);
	leave(1);
}

void assert_failed(const char *cond, const char *file, int line, const char *func)
{
	panic("assertion failed: %s, in %s() at %s:%d", cond, func, file, line);
}
