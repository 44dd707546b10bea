/* SPDX-License-Identifier: BSD-2-Clause */
/* The firmware's console: the first there is, and the last resort. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "arch/riscv/page.h"
#include "arch/riscv/processor.h"
#include "core/console.h"
#include "core/init.h"
#include "core/time.h"
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
static bool stuck; /* took nothing for uart_stuck_ms: it is not waited for again until it does */

static bool has_dbcn(void)
{
	return sbi_probe(SBI_EXT_DBCN);
}

/*
 * Writes n bytes of the bounce buffer; returns how many the firmware took before it failed or, for
 * uart_stuck_ms, or where it is stuck already, took none.
 */
static size_t write_bounce(size_t n, bool *failed)
{
	uint64_t deadline = deadline_ms(uart_stuck_ms);
	size_t done = 0;

	*failed = false;
	while (done < n) {
		struct sbiret ret = sbi_debug_console_write(virt_to_phys(bounce + done), n - done);

		if (ret.error || (size_t)ret.value > n - done) {
			*failed = true;
			break;
		}
		if (ret.value) {
			done += (size_t)ret.value;
			stuck = false;
			deadline = deadline_ms(uart_stuck_ms);
		} else if (stuck || time_now() >= deadline) {
			stuck = true;
			break;
		} else {
			cpu_relax();
		}
	}
	return done;
}

static void write_legacy(const char *buf, size_t n)
{
	if (!sbi_probe(SBI_EXT_LEGACY_CONSOLE_PUTCHAR))
		return;
	for (size_t i = 0; i < n; i++)
		sbi_legacy_console_putchar((uint8_t)buf[i]);
}

static void sbi_write(struct console *con, const char *buf, size_t n)
{
	bool failed = !has_dbcn();

	(void)con;
	while (n && !failed) {
		size_t part = MIN(n, sizeof(bounce));

		memcpy(bounce, buf, part);
		size_t done = write_bounce(part, &failed);
		buf += done;
		n -= done;
		if (done < part && !failed)
			return;
	}
	/* A DBCN that fails may have an older sister that works. */
	write_legacy(buf, n);
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

static struct console sbi_con = {.name = "sbi", .rating = 20, .write = sbi_write, .poll = sbi_poll};

static int sbi_console_init(void)
{
	/* A console that prints nowhere would swallow what the log keeps for the UART to come. */
	if (!has_dbcn() && !sbi_probe(SBI_EXT_LEGACY_CONSOLE_PUTCHAR))
		return 0;
	return console_register(&sbi_con);
}
INITCALL(INIT_EARLY, sbi_console_init);
