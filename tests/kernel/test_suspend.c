/* SPDX-License-Identifier: BSD-2-Clause */
/* A hart sleeps deeper than wfi, keeps all that is its own, and wakes for whatever is pending. */
#include <errno.h>
#include <string.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/io.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/page.h"
#include "core/console.h"
#include "core/cpu.h"
#include "core/fdt.h"
#include "core/suspend.h"
#include "core/time.h"
#include "core/timer.h"
#include "drivers/irq.h"
#include "drivers/irq_internal.h"
#include "drivers/uart.h"
#include "sbi/base.h"
#include "sbi/hsm.h"
#include "sbi/sbi.h"
#include "sbi/susp.h"
#include "tests/kernel/ktest.h"
#include "threads/sched.h"

static unsigned int rings;

static void count_ring(struct timer_list *timer)
{
	(void)timer;
	rings++;
}

static bool can_suspend(void)
{
	return sbi_probe(SBI_EXT_HSM) && sbi_spec_version() >= SBI_VERSION(0, 3);
}

struct csrs {
	unsigned long sie, stvec, satp, sstatus;
};

static struct csrs read_csrs(void)
{
	return (struct csrs){csr_read(CSR_SIE), csr_read(CSR_STVEC), csr_read(CSR_SATP),
			     csr_read(CSR_SSTATUS) & (SR_SIE | SR_FS | SR_VS | SR_SUM)};
}

static void expect_same(struct ktest_run *run, struct csrs before, struct csrs after)
{
	KTEST_EXPECT_EQ(after.sie, before.sie);
	KTEST_EXPECT_EQ(after.stvec, before.stvec);
	KTEST_EXPECT_EQ(after.satp, before.satp);
	KTEST_EXPECT_EQ(after.sstatus, before.sstatus);
}

/* Until the timer is due; other interrupts may end a sleep, too. */
static void sleep_for_timer(struct ktest_run *run, uint32_t type)
{
	struct timer_list timer;
	struct csrs before, after;
	unsigned long flags;
	uint64_t due;
	int err;

	/* The slices of threads that shared this hart a moment ago are over then. */
	msleep(10);
	timer_setup(&timer, count_ring);
	rings = 0;
	flags = local_irq_save();
	due = time_now() + ns_to_ticks(2000000);
	mod_timer(&timer, due);
	before = read_csrs();
	do {
		err = hart_suspend(type);
	} while (!err && !(csr_read(CSR_SIP) & SIE_STIE) && time_now() < due + timebase_hz);
	after = read_csrs();
	KTEST_EXPECT_EQ(err, 0);
	KTEST_EXPECT(time_now() >= due);
	/* What has ended the sleep is there to be taken. */
	KTEST_EXPECT(csr_read(CSR_SIP) & SIE_STIE);
	KTEST_EXPECT_EQ(rings, 0);
	expect_same(run, before, after);
	local_irq_restore(flags);
	KTEST_EXPECT_EQ(rings, 1);
	timer_delete_sync(&timer);
}

/*
 * Pending before: it ends the sleep, and survives it. The deadline's timer is only for a firmware
 * that sleeps all the same.
 */
static void sleep_with_pending(struct ktest_run *run, uint32_t type)
{
	struct timer_list timer;
	unsigned long flags;
	uint64_t due;

	timer_setup(&timer, count_ring);
	flags = local_irq_save();
	due = time_now() + timebase_hz;
	mod_timer(&timer, due);
	csr_set(CSR_SIP, SIE_SSIE);
	KTEST_EXPECT_EQ(hart_suspend(type), 0);
	KTEST_EXPECT(csr_read(CSR_SIP) & SIE_SSIE);
	KTEST_EXPECT(time_now() < due);
	local_irq_restore(flags);
	timer_delete_sync(&timer);
}

/*
 * True if the firmware has the type: an interrupt that is pending makes sure that the question does
 * not last.
 */
static bool has_type(uint32_t type)
{
	unsigned long flags = local_irq_save();
	int err = -EOPNOTSUPP;

	csr_set(CSR_SIP, SIE_SSIE);
	if (can_suspend())
		err = hart_suspend(type);
	local_irq_restore(flags);
	return !err;
}

#define SLEEPS(name, type, sleep, times)                             \
	KTEST(suspend, name)                                         \
	{                                                            \
		if (!has_type(type))                                 \
			KTEST_SKIP("the firmware does not have it"); \
		for (int i = 0; i < (times); i++)                    \
			sleep(run, type);                            \
	}
SLEEPS(retentive_timer, HSM_SUSPEND_RETENTIVE, sleep_for_timer, 5)
SLEEPS(retentive_pending, HSM_SUSPEND_RETENTIVE, sleep_with_pending, 100)
SLEEPS(non_retentive_timer, HSM_SUSPEND_NON_RETENTIVE, sleep_for_timer, 5)
SLEEPS(non_retentive_pending, HSM_SUSPEND_NON_RETENTIVE, sleep_with_pending, 100)

KTEST(suspend, nonsense)
{
	unsigned long flags;

	if (!can_suspend())
		KTEST_SKIP("the firmware has no hart_suspend");
	flags = local_irq_save();
	/* Reserved, without and with registers lost (SBI 2.0, section 9.4). */
	KTEST_EXPECT_EQ(hart_suspend(1), -EOPNOTSUPP);
	KTEST_EXPECT_EQ(hart_suspend(0x80000001), -EOPNOTSUPP);
	local_irq_restore(flags);
}

KTEST(suspend, system_needs_the_rest_off)
{
	unsigned long flags = local_irq_save();
	int err = num_online_cpus() > 1 || !sbi_probe(SBI_EXT_SUSP) ? system_suspend() : 1;

	local_irq_restore(flags);
	if (err == 1)
		KTEST_SKIP("there is one hart, and it would sleep");
	KTEST_EXPECT_EQ(err, sbi_probe(SBI_EXT_SUSP) ? -EBUSY : -EOPNOTSUPP);
}

/*
 * What a deeper sleep takes is more than this firmware takes: nothing but registers. It may sleep
 * for a while of its own.
 */
KTEST(suspend, system_sleeps)
{
	struct timer_list timer;
	struct csrs before, after;
	unsigned long flags;
	uint64_t due;
	int err;

	if (!sbi_probe(SBI_EXT_SUSP))
		KTEST_SKIP("the firmware has no SUSP extension");
	if (num_online_cpus() > 1)
		KTEST_SKIP("other harts are on");
	timer_setup(&timer, count_ring);
	rings = 0;
	flags = local_irq_save();
	due = time_now() + ns_to_ticks(2000000);
	mod_timer(&timer, due);
	before = read_csrs();
	do {
		err = system_suspend();
	} while (!err && !(csr_read(CSR_SIP) & SIE_STIE) && time_now() < due + timebase_hz);
	after = read_csrs();
	KTEST_EXPECT_EQ(err, 0);
	KTEST_EXPECT(time_now() >= due);
	KTEST_EXPECT(csr_read(CSR_SIP) & SIE_STIE);
	expect_same(run, before, after);
	local_irq_restore(flags);
	KTEST_EXPECT_EQ(rings, 1);
	timer_delete_sync(&timer);
	/* The console's interrupt comes still. */
	if (uart_console() && uart_console()->irq > 0)
		KTEST_EXPECT_EQ(uart_prove_irq(uart_console()), smp_processor_id());
}

static bool console_interrupts(void)
{
	return uart_prove_irq(uart_console()) >= 0;
}

static void resume(void)
{
	unsigned long flags = local_irq_save();

	system_resume();
	local_irq_restore(flags);
}

/* An APLIC is off with its first register; of a PLIC that one means nothing. */
static void switch_off(const struct irq_domain *d)
{
	phys_addr_t addr;
	uint64_t size;

	for (unsigned int i = 0; i < fdt_info.nr_devices; i++) {
		const struct fdt_device *dev = fdt_device(i);
		volatile void __iomem *base = NULL;

		if (dev->phandle == d->phandle && !fdt_reg(dev, 0, &addr, &size))
			base = ioremap(addr, PAGE_SIZE);
		if (base)
			writel(0, base);
	}
}

/* The console's controller as a sleep may leave it. */
static void lose_controller(struct uart *u)
{
	struct irq_info info;
	unsigned long flags;

	if (irq_get_info(u->irq, &info))
		return;
	for (struct irq_domain *d = irq_domains; d; d = d->next) {
		if (d->name != info.controller)
			continue;
		switch_off(d);
		flags = spin_lock_irqsave(&d->lock);
		d->ops->mask(d, info.hwirq);
		spin_unlock_irqrestore(&d->lock, flags);
	}
}

KTEST(suspend, controllers_are_set_up_anew)
{
	if (!uart_console() || uart_console()->irq <= 0)
		KTEST_SKIP("the console has no interrupt");
	KTEST_EXPECT(console_interrupts());
	/* Nothing was lost: nothing is. */
	resume();
	KTEST_EXPECT(console_interrupts());
	lose_controller(uart_console());
	KTEST_EXPECT(!console_interrupts());
	resume();
	KTEST_EXPECT(console_interrupts());
}

#define UART8250_MCR 4

/* A UART that was just switched on has the gate of its interrupt closed. */
KTEST(suspend, console_is_set_up_anew)
{
	struct uart *u = uart_console();
	uint32_t shift = 0;

	if (u && fdt_stdout(NULL))
		fdt_u32(fdt_stdout(NULL), "reg-shift", &shift);
	if (!u || strcmp(u->console.name, "uart8250") || shift)
		KTEST_SKIP("the console is no 8250 with a byte for each register");
	console_flush();
	writeb(0, u->base + UART8250_MCR);
	KTEST_EXPECT_EQ(readb(u->base + UART8250_MCR), 0);
	resume();
	KTEST_EXPECT(readb(u->base + UART8250_MCR));
}

KTEST(suspend, system_answers)
{
	if (!sbi_probe(SBI_EXT_SUSP))
		KTEST_SKIP("the firmware has no SUSP extension");
	/* A reserved type, and an address nobody may resume at (SBI 2.0, section 13.1). */
	KTEST_EXPECT(sbi_system_suspend(1, 0, 0).error != SBI_SUCCESS);
	if (num_online_cpus() > 1)
		KTEST_EXPECT(sbi_system_suspend(SUSP_SUSPEND_TO_RAM, 0, 0).error != SBI_SUCCESS);
}
