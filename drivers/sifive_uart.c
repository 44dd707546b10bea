/* SPDX-License-Identifier: BSD-2-Clause */
/* The UART of SiFive's chips (FU540-C000 manual, chapter 13). */
#include <errno.h>
#include <stdint.h>

#include "arch/riscv/io.h"
#include "core/kmalloc.h"
#include "drivers/driver.h"
#include "drivers/uart.h"

#define SIFIVE_TXDATA 0x00
#define SIFIVE_RXDATA 0x04
#define SIFIVE_TXCTRL 0x08
#define SIFIVE_RXCTRL 0x0c
#define SIFIVE_IE     0x10
#define SIFIVE_IP     0x14
#define SIFIVE_SIZE   0x1c

#define TXDATA_FULL  0x80000000U
#define RXDATA_EMPTY 0x80000000U
#define CTRL_ENABLE  0x00000001U
/* The transmitter is pending while it holds less than one byte, the receiver while it holds more
 * than none. */
#define TXCTRL_WATERMARK (1U << 16)
#define RXCTRL_WATERMARK (0U << 16)
#define IRQ_TX		 0x1
#define IRQ_RX		 0x2

static size_t send(struct uart *u, const char *buf, size_t n)
{
	size_t done = 0;

	while (done < n && !(readl(u->base + SIFIVE_TXDATA) & TXDATA_FULL))
		writel((uint8_t)buf[done++], u->base + SIFIVE_TXDATA);
	return done;
}

static bool sent(struct uart *u)
{
	return readl(u->base + SIFIVE_IP) & IRQ_TX;
}

static int receive(struct uart *u)
{
	uint32_t data = readl(u->base + SIFIVE_RXDATA);

	return data & RXDATA_EMPTY ? -EAGAIN : (int)(data & 0xff);
}

static void listen(struct uart *u, bool tx)
{
	writel(IRQ_RX | (tx ? IRQ_TX : 0), u->base + SIFIVE_IE);
}

static bool acknowledge(struct uart *u)
{
	return readl(u->base + SIFIVE_IP) & readl(u->base + SIFIVE_IE);
}

/* The speed stays as the firmware set it: its clock is known to the firmware only. */
static void set_up(struct uart *u)
{
	writel(CTRL_ENABLE | TXCTRL_WATERMARK, u->base + SIFIVE_TXCTRL);
	writel(CTRL_ENABLE | RXCTRL_WATERMARK, u->base + SIFIVE_RXCTRL);
	listen(u, false);
}

static const struct uart_ops sifive_ops = {
	.send = send,
	.sent = sent,
	.receive = receive,
	.listen = listen,
	.acknowledge = acknowledge,
	.resume = set_up,
};

static int sifive_probe(const struct fdt_device *dev)
{
	phys_addr_t addr;
	uint64_t size;

	if (!uart_is_console(dev))
		return 0;
	int err = fdt_reg(dev, 0, &addr, &size);
	if (err)
		return err;
	if (size < SIFIVE_SIZE)
		return -EINVAL;
	struct uart *u = kzalloc(sizeof(*u));
	if (!u)
		return -ENOMEM;
	u->base = ioremap(addr, size);
	if (!u->base) {
		kfree(u);
		return -ENOMEM;
	}
	u->ops = &sifive_ops;
	u->console.name = "sifive-uart";
	set_up(u);
	return uart_register(u, dev);
}

static const struct driver sifive_uart_driver = {
	.name = "sifive-uart", .stage = DRIVER_CONSOLE, .probe = sifive_probe};
DRIVER_MATCH("sifive,uart0", &sifive_uart_driver);
