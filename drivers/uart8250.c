/* SPDX-License-Identifier: BSD-2-Clause */
/* The 16550 and its kin: ns16550a, DesignWare's, and those that follow them. */
#define pr_fmt(fmt) "uart8250: " fmt
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "arch/riscv/io.h"
#include "arch/riscv/processor.h"
#include "core/kmalloc.h"
#include "core/printk.h"
#include "core/time.h"
#include "drivers/driver.h"
#include "drivers/uart.h"

/* Register numbers (NS16550 data sheet); reg-shift says how far apart they are. */
#define UART_RBR 0 /* read */
#define UART_THR 0 /* write */
#define UART_DLL 0 /* with LCR_DLAB */
#define UART_IER 1
#define UART_DLM 1 /* with LCR_DLAB */
#define UART_IIR 2 /* read */
#define UART_FCR 2 /* write */
#define UART_LCR 3
#define UART_MCR 4
#define UART_LSR 5
#define UART_USR 31 /* DesignWare: reading it ends the busy interrupt */

#define IER_RX	     0x01
#define IER_TX_EMPTY 0x02
#define IIR_NONE     0x01 /* nothing pending */
#define IIR_ID	     0x0f
#define IIR_DW_BUSY  0x07 /* DesignWare: LCR was written while busy */
#define IIR_TIMEOUT  0x0c
#define IIR_FIFO     0xc0 /* both: a FIFO that works */
#define FCR_ENABLE   0x01
#define LCR_8N1	     0x03
#define LCR_DLAB     0x80
#define MCR_DTR	     0x01
#define MCR_RTS	     0x02
#define MCR_OUT2     0x08 /* on some boards the gate of the interrupt line */
#define LSR_READY    0x01
#define LSR_BREAK    0x10
#define LSR_THR	     0x20 /* transmit FIFO empty */
#define LSR_IDLE     0x40 /* shift register empty as well */

#define FIFO_DEPTH   16
#define LCR_ATTEMPTS 1000

struct uart8250 {
	struct uart uart;
	const struct fdt_device *dev;
	unsigned int shift;
	bool wide; /* registers take 32-bit accesses only */
	bool designware;
	unsigned int fifo; /* bytes that fit when it is empty */
};

static uint32_t reg_read(struct uart8250 *p, unsigned int reg)
{
	const volatile void __iomem *a = p->uart.base + ((unsigned long)reg << p->shift);

	return p->wide ? readl(a) : readb(a);
}

static void reg_write(struct uart8250 *p, unsigned int reg, uint32_t value)
{
	volatile void __iomem *a = p->uart.base + ((unsigned long)reg << p->shift);

	if (p->wide)
		writel(value, a);
	else
		writeb((uint8_t)value, a);
}

static size_t send(struct uart *u, const char *buf, size_t n)
{
	struct uart8250 *p = u->priv;

	if (!(reg_read(p, UART_LSR) & LSR_THR))
		return 0;
	n = MIN(n, p->fifo);
	for (size_t i = 0; i < n; i++)
		reg_write(p, UART_THR, (uint8_t)buf[i]);
	return n;
}

static bool sent(struct uart *u)
{
	return reg_read(u->priv, UART_LSR) & LSR_IDLE;
}

static int receive(struct uart *u)
{
	struct uart8250 *p = u->priv;
	uint32_t status;

	/* A break is no input: what it leaves behind is thrown away. */
	while ((status = reg_read(p, UART_LSR)) & LSR_READY) {
		uint32_t byte = reg_read(p, UART_RBR) & 0xff;

		if (!(status & LSR_BREAK))
			return (int)byte;
	}
	return -EAGAIN;
}

static void listen(struct uart *u, bool tx)
{
	reg_write(u->priv, UART_IER, IER_RX | (tx ? IER_TX_EMPTY : 0));
}

static bool acknowledge(struct uart *u)
{
	struct uart8250 *p = u->priv;
	uint32_t iir = reg_read(p, UART_IIR);

	if (p->designware && (iir & IIR_ID) == IIR_DW_BUSY) {
		reg_read(p, UART_USR);
		return true;
	}
	/* DesignWare may time out without a byte, and repeats that until the empty register is
	 * read. */
	if ((iir & IIR_ID) == IIR_TIMEOUT && !(reg_read(p, UART_LSR) & LSR_READY))
		reg_read(p, UART_RBR);
	return !(iir & IIR_NONE);
}

/* A DesignWare UART ignores LCR while it is busy. True if the value arrived. */
static bool set_lcr(struct uart8250 *p, uint32_t value)
{
	for (int i = 0; i < LCR_ATTEMPTS; i++) {
		reg_write(p, UART_LCR, value);
		if ((reg_read(p, UART_LCR) & 0xff) == value)
			return true;
	}
	return false;
}

/*
 * Sets the speed that stdout-path asks for ("115200n8"). Without a speed or a known clock the
 * firmware's setting stays: it has been talking to somebody.
 */
static void set_speed(struct uart8250 *p)
{
	const struct fdt_device *dev = p->dev;
	const char *options = "";
	uint32_t clock;

	if (fdt_stdout(&options) != dev || fdt_u32(dev, "clock-frequency", &clock))
		return;
	unsigned long baud = strtoul(options, NULL, 10);
	if (!baud || baud > clock / 16)
		return;
	uint32_t divisor = (uint32_t)((clock + 8 * baud) / (16 * baud));
	if (divisor > 0xffff)
		return;
	if (!set_lcr(p, LCR_8N1 | LCR_DLAB)) {
		pr_warn("stays busy; its speed is left as it is");
		return;
	}
	if ((reg_read(p, UART_DLL) & 0xff) != (divisor & 0xff) ||
	    (reg_read(p, UART_DLM) & 0xff) != divisor >> 8) {
		reg_write(p, UART_DLL, divisor & 0xff);
		reg_write(p, UART_DLM, divisor >> 8);
	}
	if (!set_lcr(p, LCR_8N1))
		pr_warn("cannot leave its speed setting");
}

/*
 * Turning the FIFO on empties the receiver: what was typed before is taken out first; a byte that
 * comes right between is lost, the device has no way around it. QEMU waits for a read before it
 * passes on the next byte, so one is made also where nothing is left to read.
 */
static void enable_fifo(struct uart8250 *p)
{
	bool on = (reg_read(p, UART_IIR) & IIR_FIFO) == IIR_FIFO;
	int byte;

	for (int i = 0; !on && i < FIFO_DEPTH && (byte = receive(&p->uart)) >= 0; i++)
		console_input(&(char){(char)byte}, 1);
	reg_write(p, UART_FCR, FCR_ENABLE);
	if (!on && !(reg_read(p, UART_LSR) & LSR_READY))
		reg_read(p, UART_RBR);
	p->fifo = (reg_read(p, UART_IIR) & IIR_FIFO) == IIR_FIFO ? FIFO_DEPTH : 1;
}

static void set_up(struct uart *u)
{
	struct uart8250 *p = u->priv;
	uint64_t deadline = deadline_ms(uart_stuck_ms);

	reg_write(p, UART_IER, 0);
	/* What the firmware still sends would be lost when speed or FIFO change. */
	while (!sent(u) && time_now() < deadline)
		cpu_relax();
	set_speed(p);
	enable_fifo(p);
	reg_write(p, UART_MCR, MCR_DTR | MCR_RTS | MCR_OUT2);
	listen(u, false);
}

static const struct uart_ops uart8250_ops = {
	.send = send,
	.sent = sent,
	.receive = receive,
	.listen = listen,
	.acknowledge = acknowledge,
	.resume = set_up,
};

static int map(struct uart8250 *p, const struct fdt_device *dev)
{
	uint32_t shift = 0, width = 1, offset = 0;
	phys_addr_t addr;
	uint64_t size;

	int err = fdt_reg(dev, 0, &addr, &size);
	if (err)
		return err;
	fdt_u32(dev, "reg-shift", &shift);
	fdt_u32(dev, "reg-io-width", &width);
	fdt_u32(dev, "reg-offset", &offset);
	if (shift > 4 || (width != 1 && width != 4) || (width == 4 && shift < 2))
		return -EINVAL;
	unsigned int last = p->designware ? UART_USR : UART_LSR;
	if (offset >= size || size - offset < ((uint64_t)last << shift) + width)
		return -EINVAL;
	p->shift = shift;
	p->wide = width == 4;
	p->uart.base = ioremap(addr + offset, size - offset);
	return p->uart.base ? 0 : -ENOMEM;
}

static int probe_kind(const struct fdt_device *dev, bool designware)
{
	if (!uart_is_console(dev))
		return 0;
	struct uart8250 *p = kzalloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->dev = dev;
	p->designware = designware;
	int err = map(p, dev);
	if (err) {
		kfree(p);
		return err;
	}
	p->uart.ops = &uart8250_ops;
	p->uart.priv = p;
	p->uart.console.name = "uart8250";
	set_up(&p->uart);
	return uart_register(&p->uart, dev);
}

static int uart8250_probe(const struct fdt_device *dev)
{
	return probe_kind(dev, false);
}

static int dw_apb_probe(const struct fdt_device *dev)
{
	return probe_kind(dev, true);
}

static const struct driver uart8250_driver = {
	.name = "uart8250", .stage = DRIVER_CONSOLE, .probe = uart8250_probe};
DRIVER_MATCH("ns16550a", &uart8250_driver);
DRIVER_MATCH("ns16550", &uart8250_driver);
static const struct driver dw_apb_driver = {
	.name = "dw-apb-uart", .stage = DRIVER_CONSOLE, .probe = dw_apb_probe};
DRIVER_MATCH("snps,dw-apb-uart", &dw_apb_driver);
