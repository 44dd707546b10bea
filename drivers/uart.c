/* SPDX-License-Identifier: BSD-2-Clause */
/* What all UARTs share: sending within bounds, receiving by interrupt, and finding out whether
 * interrupts work. */
#define pr_fmt(fmt) "uart: " fmt
#include <errno.h>

#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/printk.h"
#include "core/suspend.h"
#include "core/time.h"
#include "drivers/driver.h"
#include "drivers/irq.h"
#include "drivers/uart.h"

/* Most bytes taken in one interrupt, so that a device gone mad cannot hold the hart. */
#define RX_BURST 256

unsigned int uart_stuck_ms = 1000;

static struct uart *console_uart;

static struct uart *to_uart(struct console *con)
{
	return container_of(con, struct uart, console);
}

void uart_write(struct console *con, const char *buf, size_t n)
{
	struct uart *u = to_uart(con);
	uint64_t deadline = 0;

	while (n) {
		size_t done = u->ops->send(u, buf, n);

		buf += done;
		n -= done;
		if (done) {
			u->stuck = false;
			deadline = 0;
			continue;
		}
		if (!deadline)
			deadline = deadline_ms(uart_stuck_ms);
		if (u->stuck || time_now() >= deadline) {
			u->stuck = true;
			return;
		}
		cpu_relax();
	}
}

static void uart_flush(struct console *con)
{
	struct uart *u = to_uart(con);
	uint64_t deadline = deadline_ms(uart_stuck_ms);

	while (!u->stuck && !u->ops->sent(u) && time_now() < deadline)
		cpu_relax();
}

static int uart_poll(struct console *con)
{
	struct uart *u = to_uart(con);

	return u->ops->receive(u);
}

static bool uart_interrupt(void *arg)
{
	struct uart *u = arg;
	char buf[32];
	size_t n = 0;
	int c;

	bool ours = u->ops->acknowledge(u);
	for (unsigned int i = 0; i < RX_BURST && (c = u->ops->receive(u)) >= 0; i++) {
		buf[n++] = (char)c;
		if (n == sizeof(buf)) {
			console_input(buf, n);
			n = 0;
		}
		ours = true;
	}
	if (n)
		console_input(buf, n);
	if (atomic_exchange_explicit(&u->proving, 0, memory_order_relaxed)) {
		u->ops->listen(u, false);
		atomic_store_explicit(&u->proof_cpu, smp_processor_id(), memory_order_relaxed);
		/* Pairs with the acquire in proof_arrived. */
		atomic_fetch_add_explicit(&u->proved, 1, memory_order_release);
		ours = true;
	}
	return ours;
}

struct proof {
	struct uart *uart;
	unsigned int before;
};

static bool proof_arrived(void *arg)
{
	struct proof *p = arg;

	return atomic_load_explicit(&p->uart->proved, memory_order_acquire) != p->before;
}

int uart_prove_irq(struct uart *u)
{
	struct proof proof = {u, atomic_load_explicit(&u->proved, memory_order_relaxed)};
	struct irq_info info;
	bool arrived;

	if (irq_get_info(u->irq, &info))
		return -ENODEV;
	uint64_t deadline = deadline_ms(UART_PROOF_MS);
	atomic_store_explicit(&u->proving, 1, memory_order_relaxed);
	u->ops->listen(u, true);
	if (info.cpu == smp_processor_id())
		arrived = wait_until(proof_arrived, &proof, deadline);
	else
		arrived = poll_until(proof_arrived, &proof, deadline);
	if (arrived)
		return (int)atomic_load_explicit(&u->proof_cpu, memory_order_relaxed);
	if (atomic_exchange_explicit(&u->proving, 0, memory_order_relaxed))
		u->ops->listen(u, false);
	return -ETIMEDOUT;
}

static bool is_uart(const struct fdt_device *dev)
{
	const struct driver *drv = dev->match->data;

	return drv && drv->stage == DRIVER_CONSOLE;
}

bool uart_is_console(const struct fdt_device *dev)
{
	const struct fdt_device *stdout_dev = fdt_stdout(NULL);

	if (stdout_dev && is_uart(stdout_dev))
		return dev == stdout_dev;
	for (unsigned int i = 0; i < fdt_info.nr_devices; i++) {
		if (is_uart(fdt_device(i)))
			return dev == fdt_device(i);
	}
	return false;
}

/* An interrupt that never comes would leave a deaf prompt: better polled than trusted. */
static void find_interrupt(struct uart *u, const struct fdt_device *dev)
{
	u->irq = irq_request(dev, 0, uart_interrupt, u, u->console.name);
	int err = u->irq;
	if (err > 0) {
		err = uart_prove_irq(u);
		if (err >= 0)
			return;
		irq_disable(u->irq);
		u->irq = err;
	}
	u->console.poll = uart_poll;
	pr_notice("%s: no interrupt (error %d), input is polled", u->console.name, err);
}

int uart_register(struct uart *u, const struct fdt_device *dev)
{
	u->console.rating = 30;
	u->console.write = uart_write;
	u->console.flush = uart_flush;
	find_interrupt(u, dev);
	int err = console_register(&u->console);
	if (err)
		return err;
	console_uart = u;
	return 0;
}

static void uart_resume(void)
{
	if (console_uart)
		console_uart->ops->resume(console_uart);
}
SYSTEM_RESUME(RESUME_CONSOLE, uart_resume);

struct uart *uart_console(void)
{
	return console_uart;
}
