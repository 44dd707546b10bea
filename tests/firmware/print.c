/* SPDX-License-Identifier: BSD-2-Clause */
/* Formatting for the firmware's few messages, and the lock that keeps console lines whole. */
#include "firmware.h"

#include <stdarg.h>

static atomic_flag lock = ATOMIC_FLAG_INIT;

void uart_lock(void)
{
	while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
		relax();
}

void uart_unlock(void)
{
	atomic_flag_clear_explicit(&lock, memory_order_release);
}

struct out {
	char *at, *end;
};

static void put(struct out *o, char c)
{
	if (o->at < o->end)
		*o->at++ = c;
}

static void put_number(struct out *o, unsigned long v, unsigned int base)
{
	char digits[24];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (n)
		put(o, digits[--n]);
}

/* %s %u %lu %x %lx %ld %% only. */
static void vformat(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = {buf, buf + size - 1};

	for (; *fmt; fmt++) {
		bool wide = false;
		unsigned long v;
		const char *s;

		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		fmt++;
		if (*fmt == 'l') {
			wide = true;
			fmt++;
		}
		switch (*fmt) {
		case 's':
			for (s = va_arg(ap, const char *); *s; s++)
				put(&o, *s);
			break;
		case 'd':
			v = wide ? va_arg(ap, unsigned long) : (unsigned long)va_arg(ap, int);
			if ((long)v < 0) {
				put(&o, '-');
				v = -v;
			}
			put_number(&o, v, 10);
			break;
		case 'u':
		case 'x':
			v = wide ? va_arg(ap, unsigned long) : va_arg(ap, unsigned int);
			put_number(&o, v, *fmt == 'u' ? 10 : 16);
			break;
		default:
			put(&o, *fmt);
		}
	}
	*o.at = '\0';
}

void format(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vformat(buf, size, fmt, ap);
	va_end(ap);
}

void print(const char *fmt, ...)
{
	char line[160];
	va_list ap;

	va_start(ap, fmt);
	vformat(line, sizeof(line), fmt, ap);
	va_end(ap);
	uart_lock();
	for (const char *s = line; *s; s++) {
		if (*s == '\n')
			uart_putc('\r');
		uart_putc(*s);
	}
	uart_unlock();
}
