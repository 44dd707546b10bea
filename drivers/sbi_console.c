/* SPDX-License-Identifier: BSD-2-Clause */
/* The firmware's console: the first there is, and the last resort. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "arch/riscv/page.h"
#include "core/console.h"
#include "core/init.h"
#include "drivers/uart.h"
#include "sbi/base.h"
#include "sbi/dbcn.h"
#include "sbi/legacy.h"
#include "sbi/sbi.h"

/*
 * The firmware takes physical addresses, and the caller's text may lie on a mapped stack, of which
 * the pages need not be neighbours: it is copied here. One writer at a time, the console core says;
 * in a panic lines may mix, no more.
 */
static char bounce[256];
static uint8_t input;

static bool has_dbcn(void)
{
	return sbi_probe(SBI_EXT_DBCN);
}

static void write_legacy(const char *buf, size_t n)
{
	if (!sbi_probe(SBI_EXT_LEGACY_CONSOLE_PUTCHAR))
		return;
	for (size_t i = 0; i < n; i++)
		sbi_legacy_console_putchar((uint8_t)buf[i]);
}

static size_t sbi_send(struct uart *u, const char *buf, size_t n)
{
	size_t part = MIN(n, sizeof(bounce));
	struct sbiret ret;

	(void)u;
	if (has_dbcn()) {
		memcpy(bounce, buf, part);
		ret = sbi_debug_console_write(virt_to_phys(bounce), part);
		if (!ret.error && (size_t)ret.value <= part)
			return (size_t)ret.value;
	}
	/* A DBCN that fails may have an older sister that works. */
	write_legacy(buf, part);
	return part;
}

static int sbi_poll(struct console *con)
{
	(void)con;
	if (!has_dbcn()) {
		long c = sbi_legacy_console_getchar();
		return c >= 0 && c <= 0xff ? (int)c : -EAGAIN;
	}
	struct sbiret ret = sbi_debug_console_read(virt_to_phys(&input), 1);
	return ret.error == SBI_SUCCESS && ret.value == 1 ? input : -EAGAIN;
}

static const struct uart_ops sbi_ops = {.send = sbi_send};
static struct uart sbi_uart = {
	.console = {.name = "sbi", .rating = 20, .write = uart_write, .poll = sbi_poll},
	.ops = &sbi_ops,
};

static int sbi_console_init(void)
{
	/* A console that prints nowhere would swallow what the log keeps for the UART to come. */
	if (!has_dbcn() && !sbi_probe(SBI_EXT_LEGACY_CONSOLE_PUTCHAR))
		return 0;
	return console_register(&sbi_uart.console);
}
INITCALL(INIT_EARLY, sbi_console_init);
