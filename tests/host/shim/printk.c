/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: messages are kept for the test to read; result lines go to stderr as well. */
#include "core/printk.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tests/host/host.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char log_text[65536];
static size_t log_len;

void vprintk(int level, const char *fmt, va_list args)
{
	int n;

	(void)level;
	pthread_mutex_lock(&mutex);
	n = vsnprintf(log_text + log_len, sizeof(log_text) - log_len, fmt, args);
	if (n > 0)
		log_len += (size_t)n;
	if (log_len >= sizeof(log_text))
		log_len = sizeof(log_text) - 1;
	pthread_mutex_unlock(&mutex);
}

void printk(int level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintk(level, fmt, args);
	va_end(args);
}

void vprintk_raw(const char *fmt, va_list args)
{
	va_list again;

	va_copy(again, args);
	vprintk(LOG_INFO, fmt, again);
	va_end(again);
	vfprintf(stderr, fmt, args);
}

void printk_raw(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintk_raw(fmt, args);
	va_end(args);
}

const char *host_log(void)
{
	return log_text;
}

void host_log_clear(void)
{
	log_len = 0;
	log_text[0] = 0;
}
