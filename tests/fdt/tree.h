/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds device trees for tests: nothing is checked, everything is written as told. */
#ifndef TESTS_FDT_TREE_H
#define TESTS_FDT_TREE_H

#include <stddef.h>
#include <stdint.h>

struct tree_block {
	uint8_t *data;
	size_t len, room;
};

struct tree {
	struct tree_block reserve, structs, strings;
};

/* An empty tree. Whatever is added grows it; out of memory aborts. */
void tree_start(struct tree *t);
/* An entry of the reservation block. */
void tree_reserve(struct tree *t, uint64_t address, uint64_t size);
void tree_begin(struct tree *t, const char *name);
void tree_end(struct tree *t);
/* One 32-bit word of the structure block, such as a token. */
void tree_word(struct tree *t, uint32_t word);
void tree_bytes(struct tree *t, const char *name, const void *data, size_t len);
void tree_empty(struct tree *t, const char *name);
void tree_string(struct tree *t, const char *name, const char *value);
void tree_cells(struct tree *t, const char *name, const uint32_t *cells, size_t n);
#define TREE_CELLS(t, name, ...)                                 \
	tree_cells((t), (name), (const uint32_t[]){__VA_ARGS__}, \
		   sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))
/* A string literal that holds a list: "a\0b". */
#define TREE_LIST(t, name, list) tree_bytes((t), (name), (list), sizeof(list))

/*
 * The blob, from malloc and exactly *size bytes, so that a sanitizer sees every byte read too far;
 * t is empty afterwards and need not be freed. With the end marks of the reservation and the
 * structure block.
 */
void *tree_finish(struct tree *t, size_t *size);
/* Without the structure block's end mark. */
void *tree_finish_raw(struct tree *t, size_t *size);

/* Words of the header (Devicetree Specification v0.4, section 5.2), by index. */
enum tree_header {
	TREE_MAGIC,
	TREE_TOTALSIZE,
	TREE_OFF_STRUCT,
	TREE_OFF_STRINGS,
	TREE_OFF_RESERVE,
	TREE_VERSION,
	TREE_LAST_COMP,
	TREE_BOOT_CPU,
	TREE_SIZE_STRINGS,
	TREE_SIZE_STRUCT,
	TREE_HEADER_WORDS,
};
uint32_t tree_header_get(const void *blob, enum tree_header word);
void tree_header_set(void *blob, enum tree_header word, uint32_t value);

/*
 * Parts of a usual tree; each is a whole node. hart ids and addresses take two cells below the root
 * and one below /cpus.
 */
void tree_root(struct tree *t); /* begins it, with #address-cells = #size-cells = 2 */
void tree_memory(struct tree *t, uint64_t start, uint64_t size, int node); /* node < 0: none */
/* Begins /cpus with that many cells for a hart id. */
void tree_cpus(struct tree *t, uint32_t cells);
/* A usual hart; phandle of its interrupt controller. */
void tree_cpu(struct tree *t, uint32_t hartid, uint32_t phandle);
/* Root, 1 GiB at 0x80000000, n harts (ids 0..n-1, phandles 1..n), and the root left open. */
void tree_usual(struct tree *t, unsigned int n);

#endif
