/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzes the device tree reader: any bytes, read as a tree, keep every promise of the headers. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/fdt.h"
#include "tests/fdt/exercise.h"
#include "tests/fdt/tree.h"
#include "tests/host/host.h"

/* What the machines of the corpus have. */
FDT_MATCH("ns16550a", NULL);
FDT_MATCH("snps,dw-apb-uart", NULL);
FDT_MATCH("sifive,uart0", NULL);
FDT_MATCH("riscv,plic0", NULL);
FDT_MATCH("riscv,aplic", NULL);
FDT_MATCH("riscv,imsics", NULL);
FDT_MATCH("sifive,test0", NULL);
FDT_MATCH("syscon", NULL);
FDT_MATCH("syscon-poweroff", NULL);
FDT_MATCH("riscv,aclint-sswi", NULL);

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	host_log_clear();
	fdt_exercise(copy, size);
	free(copy);
	return 0;
}

/* Most inputs get a header that fits their size, so that the fault lies deeper. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	uint32_t structs, strings;

	size = LLVMFuzzerMutate(data, size, max_size);
	if (size < 4 * TREE_HEADER_WORDS || seed % 8 == 0)
		return size;
	tree_header_set(data, TREE_MAGIC, 0xd00dfeed);
	tree_header_set(data, TREE_TOTALSIZE, size);
	tree_header_set(data, TREE_VERSION, 17);
	tree_header_set(data, TREE_LAST_COMP, 16);
	structs = tree_header_get(data, TREE_OFF_STRUCT);
	strings = tree_header_get(data, TREE_OFF_STRINGS);
	if (structs % 4 == 0 && structs < strings && strings < size) {
		tree_header_set(data, TREE_SIZE_STRUCT, strings - structs);
		tree_header_set(data, TREE_SIZE_STRINGS, size - strings);
		data[size - 1] = 0;
	}
	return size;
}
