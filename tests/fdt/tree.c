/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds device trees for tests. */
#include "tests/fdt/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN_NODE 1
#define END_NODE   2
#define PROP	   3
#define END	   9

static void add(struct tree_block *b, const void *data, size_t len)
{
	if (b->len + len > b->room) {
		b->room = 2 * (b->len + len) + 64;
		b->data = realloc(b->data, b->room);
		if (!b->data)
			abort();
	}
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
}

static void add_word(struct tree_block *b, uint32_t word)
{
	uint32_t swapped = __builtin_bswap32(word);

	add(b, &swapped, sizeof(swapped));
}

static void pad(struct tree_block *b, size_t align)
{
	while (b->len % align)
		add(b, "", 1);
}

void tree_start(struct tree *t)
{
	memset(t, 0, sizeof(*t));
}

void tree_reserve(struct tree *t, uint64_t address, uint64_t size)
{
	add_word(&t->reserve, address >> 32);
	add_word(&t->reserve, address);
	add_word(&t->reserve, size >> 32);
	add_word(&t->reserve, size);
}

void tree_word(struct tree *t, uint32_t word)
{
	add_word(&t->structs, word);
}

void tree_begin(struct tree *t, const char *name)
{
	tree_word(t, BEGIN_NODE);
	add(&t->structs, name, strlen(name) + 1);
	pad(&t->structs, 4);
}

void tree_end(struct tree *t)
{
	tree_word(t, END_NODE);
}

/* The name's offset in the strings block, where each stands once. */
static uint32_t name_offset(struct tree *t, const char *name)
{
	size_t at = 0;

	while (at < t->strings.len && strcmp((char *)t->strings.data + at, name))
		at += strlen((char *)t->strings.data + at) + 1;
	if (at == t->strings.len)
		add(&t->strings, name, strlen(name) + 1);
	return at;
}

void tree_bytes(struct tree *t, const char *name, const void *data, size_t len)
{
	tree_word(t, PROP);
	tree_word(t, len);
	tree_word(t, name_offset(t, name));
	add(&t->structs, data, len);
	pad(&t->structs, 4);
}

void tree_empty(struct tree *t, const char *name)
{
	tree_bytes(t, name, "", 0);
}

void tree_string(struct tree *t, const char *name, const char *value)
{
	tree_bytes(t, name, value, strlen(value) + 1);
}

void tree_cells(struct tree *t, const char *name, const uint32_t *cells, size_t n)
{
	tree_word(t, PROP);
	tree_word(t, n * sizeof(*cells));
	tree_word(t, name_offset(t, name));
	while (n--)
		tree_word(t, *cells++);
}

void *tree_finish_raw(struct tree *t, size_t *size)
{
	size_t header = TREE_HEADER_WORDS * 4;
	size_t structs, strings;
	uint8_t *blob;

	tree_reserve(t, 0, 0);
	structs = header + t->reserve.len;
	strings = structs + t->structs.len;
	*size = strings + t->strings.len;
	blob = malloc(*size);
	if (!blob)
		abort();
	tree_header_set(blob, TREE_MAGIC, 0xd00dfeed);
	tree_header_set(blob, TREE_TOTALSIZE, *size);
	tree_header_set(blob, TREE_OFF_STRUCT, structs);
	tree_header_set(blob, TREE_OFF_STRINGS, strings);
	tree_header_set(blob, TREE_OFF_RESERVE, header);
	tree_header_set(blob, TREE_VERSION, 17);
	tree_header_set(blob, TREE_LAST_COMP, 16);
	tree_header_set(blob, TREE_BOOT_CPU, 0);
	tree_header_set(blob, TREE_SIZE_STRINGS, t->strings.len);
	tree_header_set(blob, TREE_SIZE_STRUCT, t->structs.len);
	memcpy(blob + header, t->reserve.data, t->reserve.len);
	if (t->structs.len)
		memcpy(blob + structs, t->structs.data, t->structs.len);
	if (t->strings.len)
		memcpy(blob + strings, t->strings.data, t->strings.len);
	free(t->reserve.data);
	free(t->structs.data);
	free(t->strings.data);
	tree_start(t);
	return blob;
}

void *tree_finish(struct tree *t, size_t *size)
{
	tree_word(t, END);
	return tree_finish_raw(t, size);
}

uint32_t tree_header_get(const void *blob, enum tree_header word)
{
	uint32_t value;

	memcpy(&value, (const uint8_t *)blob + 4 * word, sizeof(value));
	return __builtin_bswap32(value);
}

void tree_header_set(void *blob, enum tree_header word, uint32_t value)
{
	value = __builtin_bswap32(value);
	memcpy((uint8_t *)blob + 4 * word, &value, sizeof(value));
}

void tree_root(struct tree *t)
{
	tree_begin(t, "");
	TREE_CELLS(t, "#address-cells", 2);
	TREE_CELLS(t, "#size-cells", 2);
}

void tree_memory(struct tree *t, uint64_t start, uint64_t size, int node)
{
	char name[32];

	snprintf(name, sizeof(name), "memory@%llx", (unsigned long long)start);
	tree_begin(t, name);
	tree_string(t, "device_type", "memory");
	TREE_CELLS(t, "reg", start >> 32, start, size >> 32, size);
	if (node >= 0)
		TREE_CELLS(t, "numa-node-id", node);
	tree_end(t);
}

void tree_cpus(struct tree *t, uint32_t cells)
{
	tree_begin(t, "cpus");
	TREE_CELLS(t, "#address-cells", cells);
	TREE_CELLS(t, "#size-cells", 0);
	TREE_CELLS(t, "timebase-frequency", 10000000);
}

void tree_cpu(struct tree *t, uint32_t hartid, uint32_t phandle)
{
	char name[32];

	snprintf(name, sizeof(name), "cpu@%x", hartid);
	tree_begin(t, name);
	tree_string(t, "device_type", "cpu");
	TREE_CELLS(t, "reg", hartid);
	tree_string(t, "status", "okay");
	tree_string(t, "compatible", "riscv");
	tree_string(t, "riscv,isa", "rv64imafdc_zicsr_zifencei_sstc");
	tree_string(t, "mmu-type", "riscv,sv39");
	tree_begin(t, "interrupt-controller");
	TREE_CELLS(t, "#interrupt-cells", 1);
	tree_empty(t, "interrupt-controller");
	tree_string(t, "compatible", "riscv,cpu-intc");
	TREE_CELLS(t, "phandle", phandle);
	tree_end(t);
	tree_end(t);
}

void tree_usual(struct tree *t, unsigned int n)
{
	tree_start(t);
	tree_root(t);
	tree_memory(t, 0x80000000, 0x40000000, -1);
	tree_cpus(t, 1);
	for (unsigned int i = 0; i < n; i++)
		tree_cpu(t, i, i + 1);
	tree_end(t);
}
