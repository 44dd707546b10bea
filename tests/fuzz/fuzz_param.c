/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzes the command line: values stay in range, strings in their buffers; twice is the same. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/param.h"
#include "tests/host/host.h"

/* Fences around each variable see a write of the wrong width. */
static struct {
	uint32_t fence0;
	uint8_t byte;
	uint8_t fence1;
	uint16_t half;
	uint32_t fence2;
	uint32_t word;
	uint64_t fence3;
	uint64_t wide;
	bool flag;
	char text[16];
	uint32_t fence4;
} v;

static unsigned int calls;

static int called(const char *value)
{
	calls++;
	return value && value[0] == '!' ? -EINVAL : 0;
}

PARAM_UINT("byte", v.byte, 3, 200, "");
PARAM_UINT("half", v.half, 10, 60000, "");
PARAM_UINT("max-cpus", v.word, 1, 1000000, "");
PARAM_UINT("wide", v.wide, 0, UINT64_MAX, "");
PARAM_BOOL("quiet", v.flag, "");
PARAM_STRING("test", v.text, "");
PARAM_FUNC("call", called, "");

#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static void list(const struct param *p, const char *value, void *arg)
{
	unsigned int *n = arg;

	MUST(p->name && value && strlen(value) < 32);
	++*n;
}

static unsigned int parse(const char *line)
{
	memset(&v, 0xa5, sizeof(v));
	v.byte = 3;
	v.half = 10;
	v.word = 1;
	v.flag = false;
	strcpy(v.text, "none");
	calls = 0;
	host_log_clear();
	return params_parse(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1);
	unsigned int refused, first_calls, listed = 0;
	uint64_t wide;

	if (!line)
		abort();
	memcpy(line, data, size);
	line[size] = '\0';
	refused = parse(line);
	MUST(refused <= PARAM_LINE_MAX / 2);
	MUST(v.fence0 == 0xa5a5a5a5 && v.fence1 == 0xa5 && v.fence2 == 0xa5a5a5a5);
	MUST(v.fence3 == 0xa5a5a5a5a5a5a5a5 && v.fence4 == 0xa5a5a5a5);
	MUST(v.byte >= 3 && v.byte <= 200);
	MUST(v.half >= 10 && v.half <= 60000);
	MUST(v.word >= 1 && v.word <= 1000000);
	MUST(memchr(v.text, '\0', sizeof(v.text)));
	params_for_each(list, &listed);
	MUST(listed == 7);
	wide = v.wide;
	first_calls = calls;
	MUST(parse(line) == refused && v.wide == wide && calls == first_calls);
	free(line);
	return 0;
}
