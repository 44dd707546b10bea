/* SPDX-License-Identifier: BSD-2-Clause */
/* Trees of broken form: each is refused by name, and no byte outside of it is read. */
#include "tests/host/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/fdt.h"
#include "tests/fdt/exercise.h"
#include "tests/fdt/tree.h"

FDT_MATCH("test,uart", NULL);
FDT_MATCH("test,intc", NULL);

/* Reads it, expects that error and a message with that text, and frees it. */
static void refuse(void *blob, size_t size, int err, const char *text)
{
	host_log_clear();
	assert_int_equal(fdt_exercise(blob, size), err);
	if (!strstr(host_log(), text))
		fail_msg("no \"%s\" in \"%s\"", text, host_log());
	free(blob);
}

static void refuse_tree(struct tree *t, int err, const char *text)
{
	size_t size;
	void *blob = tree_finish(t, &size);

	refuse(blob, size, err, text);
}

/* A tree with something of everything. */
static void *rich(size_t *size)
{
	struct tree t;

	tree_usual(&t, 3);
	tree_reserve(&t, 0x80000000, 0x20000);
	tree_begin(&t, "aliases");
	tree_string(&t, "serial0", "/soc/serial@10000000");
	tree_end(&t);
	tree_begin(&t, "chosen");
	tree_string(&t, "bootargs", "quiet");
	tree_string(&t, "stdout-path", "serial0:115200n8");
	TREE_CELLS(&t, "linux,initrd-start", 0x88000000);
	TREE_CELLS(&t, "linux,initrd-end", 0x88001800);
	tree_end(&t);
	tree_begin(&t, "reserved-memory");
	TREE_CELLS(&t, "#address-cells", 2);
	TREE_CELLS(&t, "#size-cells", 2);
	tree_empty(&t, "ranges");
	tree_begin(&t, "mmode_resv0@80000000");
	TREE_CELLS(&t, "reg", 0, 0x80000000, 0, 0x40000);
	tree_empty(&t, "no-map");
	tree_end(&t);
	tree_end(&t);
	tree_begin(&t, "soc");
	TREE_CELLS(&t, "#address-cells", 1);
	TREE_CELLS(&t, "#size-cells", 1);
	TREE_CELLS(&t, "ranges", 0, 0, 0x10000000, 0x1000000);
	TREE_CELLS(&t, "interrupt-parent", 9);
	tree_begin(&t, "serial@10000000");
	TREE_LIST(&t, "compatible", "other\0test,uart");
	TREE_CELLS(&t, "reg", 0, 0x100);
	TREE_CELLS(&t, "interrupts", 10);
	tree_string(&t, "status", "okay");
	tree_end(&t);
	tree_begin(&t, "intc@c00000");
	tree_string(&t, "compatible", "test,intc");
	TREE_CELLS(&t, "reg", 0xc00000, 0x10000);
	TREE_CELLS(&t, "phandle", 9);
	TREE_CELLS(&t, "#interrupt-cells", 1);
	tree_empty(&t, "interrupt-controller");
	TREE_CELLS(&t, "interrupts-extended", 1, 9, 2, 9, 3, 9);
	tree_end(&t);
	tree_end(&t);
	tree_end(&t);
	return tree_finish(&t, size);
}

static void test_rich_is_good(void **state)
{
	size_t size;
	void *blob = rich(&size);

	(void)state;
	host_log_clear();
	assert_int_equal(fdt_exercise(blob, size), 0);
	assert_int_equal(fdt_info.warnings, 0);
	assert_int_equal(fdt_info.nr_devices, 2);
	assert_ptr_equal(fdt_stdout(NULL), fdt_device(0));
	free(blob);
}

static void test_no_tree(void **state)
{
	size_t size;
	void *blob = rich(&size);

	(void)state;
	tree_header_set(blob, TREE_MAGIC, 0xd00dfeee);
	refuse(blob, size, -EINVAL, "no magic number");
	refuse(calloc(1, 64), 64, -EINVAL, "no magic number");
	blob = rich(&size);
	refuse(blob, 39, -EINVAL, "no magic number");
	blob = rich(&size);
	refuse(blob, 0, -EINVAL, "no magic number");
}

static void test_misaligned(void **state)
{
	size_t size;
	uint8_t *blob = rich(&size), *copy;

	(void)state;
	for (int by = 1; by < 8; by++) {
		copy = malloc(size + 8);
		assert_non_null(copy);
		memcpy(copy + by, blob, size);
		host_log_clear();
		assert_int_equal(fdt_init(copy + by, size), -EINVAL);
		assert_non_null(strstr(host_log(), "not aligned to 8 bytes"));
		free(copy);
	}
	tree_header_set(blob, TREE_OFF_STRUCT, tree_header_get(blob, TREE_OFF_STRUCT) + 2);
	tree_header_set(blob, TREE_SIZE_STRUCT, tree_header_get(blob, TREE_SIZE_STRUCT) - 4);
	refuse(blob, size, -EINVAL, "a block is not aligned");
	blob = rich(&size);
	tree_header_set(blob, TREE_OFF_RESERVE, tree_header_get(blob, TREE_OFF_RESERVE) + 4);
	refuse(blob, size, -EINVAL, "a block is not aligned");
}

static void test_versions(void **state)
{
	static const uint32_t versions[][2] = {{1, 1},	 {16, 16}, {18, 18},
					       {17, 18}, {0, 0},   {~0U, 16}};
	size_t size;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		void *blob = rich(&size);

		tree_header_set(blob, TREE_VERSION, versions[i][0]);
		tree_header_set(blob, TREE_LAST_COMP, versions[i][1]);
		/* A newer version that an old reader understands is no fault. */
		if (versions[i][0] == ~0U) {
			assert_int_equal(fdt_exercise(blob, size), 0);
			free(blob);
		} else {
			refuse(blob, size, -EINVAL, "broken tree: header of version");
		}
	}
}

static void test_sizes_that_lie(void **state)
{
	static const struct {
		enum tree_header word;
		uint32_t value;
		int err;
	} lies[] = {
		{TREE_TOTALSIZE, 0, -EINVAL},
		{TREE_TOTALSIZE, 39, -EINVAL},
		{TREE_TOTALSIZE, 48, -EINVAL},
		{TREE_TOTALSIZE, 0x7fffffff, -E2BIG},
		{TREE_TOTALSIZE, 0xffffffff, -E2BIG},
		{TREE_OFF_STRUCT, 0, -EINVAL},
		{TREE_OFF_STRUCT, 0xfffffffc, -EINVAL},
		{TREE_OFF_STRUCT, 40, -EINVAL},
		{TREE_OFF_STRINGS, 0, -EINVAL},
		{TREE_OFF_STRINGS, 0xffffffff, -EINVAL},
		{TREE_OFF_STRINGS, 72, -EINVAL},
		{TREE_OFF_RESERVE, 0, -EINVAL},
		{TREE_OFF_RESERVE, 0xfffffff8, -EINVAL},
		{TREE_SIZE_STRUCT, 0xffffffff, -EINVAL},
		{TREE_SIZE_STRUCT, 0x7ffffffc, -EINVAL},
		{TREE_SIZE_STRUCT, 0, -EINVAL},
		{TREE_SIZE_STRINGS, 0xffffffff, -EINVAL},
		{TREE_SIZE_STRINGS, 0, -EINVAL},
		{TREE_SIZE_STRINGS, 3, -EINVAL},
	};
	size_t size;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		void *blob = rich(&size);

		tree_header_set(blob, lies[i].word, lies[i].value);
		refuse(blob, size, lies[i].err,
		       lies[i].err == -E2BIG ? "in reach" : "fdt: broken tree");
	}
}

/* The tree says its size, but only a part of it may be read. */
static void test_truncated(void **state)
{
	size_t size;
	void *blob = rich(&size);

	(void)state;
	for (size_t n = 0; n < size; n++) {
		void *part = malloc(n ? n : 1);

		assert_non_null(part);
		memcpy(part, blob, n);
		assert_int_equal(fdt_exercise(part, n), n < 40 ? -EINVAL : -E2BIG);
		free(part);
	}
	free(blob);
}

/* Every shorter structure block, in a blob of just that size: the strings come before it here. */
static void test_struct_cut_anywhere(void **state)
{
	size_t size;
	uint8_t *blob = rich(&size);
	uint32_t structs = tree_header_get(blob, TREE_OFF_STRUCT);
	uint32_t structs_size = tree_header_get(blob, TREE_SIZE_STRUCT);
	uint32_t strings = tree_header_get(blob, TREE_OFF_STRINGS);
	uint32_t strings_size = tree_header_get(blob, TREE_SIZE_STRINGS);
	uint32_t moved = structs + (strings_size + 3) / 4 * 4;

	(void)state;
	for (uint32_t n = 0; n < structs_size; n++) {
		uint8_t *cut = calloc(1, moved + n);

		assert_non_null(cut);
		memcpy(cut, blob, structs);
		memcpy(cut + structs, blob + strings, strings_size);
		memcpy(cut + moved, blob + structs, n);
		tree_header_set(cut, TREE_TOTALSIZE, moved + n);
		tree_header_set(cut, TREE_OFF_STRINGS, structs);
		tree_header_set(cut, TREE_OFF_STRUCT, moved);
		tree_header_set(cut, TREE_SIZE_STRUCT, n);
		refuse(cut, moved + n, -EINVAL, "fdt: broken tree");
	}
	free(blob);
}

static void test_strings_not_terminated(void **state)
{
	size_t size;
	uint8_t *blob = rich(&size);

	(void)state;
	blob[size - 1] = 'x';
	refuse(blob, size, -EINVAL, "the strings block does not end with a 0 byte");
}

static void test_reservations_without_end(void **state)
{
	struct tree t;
	size_t size;
	uint8_t *blob;

	(void)state;
	tree_usual(&t, 1);
	tree_reserve(&t, 0x80000000, 0x1000);
	tree_end(&t);
	blob = tree_finish(&t, &size);
	memset(blob + 56, 0x11, 16);
	refuse(blob, size, -EINVAL, "the reservation block has no end");
}

/* One fault of form each, below a usual beginning. */
static void test_tokens(void **state)
{
	static const struct {
		uint32_t words[5];
		unsigned int n;
		const char *text;
	} faults[] = {
		{{5}, 1, "unknown token"},
		{{0}, 1, "unknown token"},
		{{0xffffffff}, 1, "unknown token"},
		{{3, 0xffffffff, 0}, 3, "unknown token, or longer than the block"},
		{{3, 0x7fffffff, 0}, 3, "unknown token, or longer than the block"},
		{{3, 0xfffffffd, 0}, 3, "unknown token, or longer than the block"},
		{{1, 0, 3, 0, 0x7fffffff}, 5, "property name outside of the strings"},
		{{1, 0, 3, 0, 0xffffffff}, 5, "property name outside of the strings"},
		{{1, 0x61616161}, 2, "it ends inside a node"},
		{{1, 0x61000000}, 2, "it ends inside a node"},
		{{9}, 1, "it ends inside a node"},
		{{2, 2}, 2, "no end after the root node"},
		{{2, 1, 0, 2}, 4, "no end after the root node"},
		{{2, 3, 0, 0}, 4, "no end after the root node"},
	};
	struct tree t;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		tree_usual(&t, 1);
		for (unsigned int k = 0; k < faults[i].n; k++)
			tree_word(&t, faults[i].words[k]);
		/* An unterminated name runs through the end mark, which is a 0 byte then. */
		refuse_tree(&t, -EINVAL,
			    faults[i].words[1] == 0x61616161 ? "longer than the block"
							     : faults[i].text);
	}
}

static void test_no_root(void **state)
{
	struct tree t;

	(void)state;
	tree_start(&t);
	refuse_tree(&t, -EINVAL, "no root node");
	tree_start(&t);
	TREE_CELLS(&t, "reg", 1);
	refuse_tree(&t, -EINVAL, "no root node");
}

/* A fault inside of a hart's node, which the walk only steps over. */
static void test_broken_inside_cpu(void **state)
{
	struct tree t;

	(void)state;
	tree_start(&t);
	tree_root(&t);
	tree_memory(&t, 0x80000000, 0x40000000, -1);
	tree_cpus(&t, 1);
	tree_begin(&t, "cpu@0");
	tree_word(&t, 7);
	tree_end(&t);
	tree_end(&t);
	tree_end(&t);
	refuse_tree(&t, -EINVAL, "broken tree: unknown token");
	tree_start(&t);
	tree_root(&t);
	tree_memory(&t, 0x80000000, 0x40000000, -1);
	tree_cpus(&t, 1);
	tree_begin(&t, "cpu@0");
	refuse_tree(&t, -EINVAL, "broken tree: unknown token, or longer");
}

static void test_nothing_to_boot_with(void **state)
{
	struct tree t;

	(void)state;
	tree_start(&t);
	tree_root(&t);
	tree_cpus(&t, 1);
	tree_cpu(&t, 0, 1);
	tree_end(&t);
	tree_end(&t);
	refuse_tree(&t, -ENODEV, "lists no usable memory");
	tree_start(&t);
	tree_root(&t);
	tree_memory(&t, 0x80000000, 0x40000000, -1);
	tree_end(&t);
	refuse_tree(&t, -ENODEV, "lists no cpu");
	tree_start(&t);
	tree_root(&t);
	tree_memory(&t, 0x80000000, 0x40000000, -1);
	tree_begin(&t, "cpus");
	TREE_CELLS(&t, "#address-cells", 1);
	TREE_CELLS(&t, "timebase-frequency", 0);
	tree_cpu(&t, 0, 1);
	tree_end(&t);
	tree_end(&t);
	refuse_tree(&t, -ENODEV, "no usable /cpus timebase-frequency");
}

/* Every byte of a rich tree in turn gets values that are likely to hurt. */
static void test_each_byte_mangled(void **state)
{
	static const uint8_t values[] = {0x00, 0x01, 0x02, 0x03, 0x04,
					 0x09, 0x40, 0x7f, 0x80, 0xff};
	size_t size, good = 0;
	uint8_t *blob = rich(&size);

	(void)state;
	for (size_t at = 0; at < size; at++) {
		uint8_t was = blob[at];

		for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
			blob[at] = values[i];
			host_log_clear();
			good += fdt_exercise(blob, size) == 0;
		}
		blob[at] = was ^ 1;
		host_log_clear();
		good += fdt_exercise(blob, size) == 0;
		blob[at] = was;
	}
	/* Most of a tree is content, whose faults cost a node and not the boot. */
	assert_true(good > size);
	free(blob);
}

/* Several places at once, words and bytes; the seed is printed. */
static void test_random_mangling(void **state)
{
	uint64_t seed = host_seed();
	size_t size;
	uint8_t *blob = rich(&size), *copy = malloc(size);

	(void)state;
	assert_non_null(copy);
	for (int round = 0; round < 10000; round++) {
		memcpy(copy, blob, size);
		for (uint64_t n = 1 + host_random(&seed) % 6; n; n--) {
			size_t at = host_random(&seed) % size;
			uint64_t what = host_random(&seed);

			if (what % 3 == 0 && at + 4 < size)
				memcpy(copy + at / 4 * 4,
				       copy + host_random(&seed) % (size - 4) / 4 * 4, 4);
			else if (what % 3 == 1)
				copy[at] = host_random(&seed);
			else
				copy[at] += 1 - (int)(what >> 8 & 2);
		}
		host_log_clear();
		fdt_exercise(copy, size);
	}
	free(copy);
	free(blob);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rich_is_good),
		cmocka_unit_test(test_no_tree),
		cmocka_unit_test(test_misaligned),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_sizes_that_lie),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_struct_cut_anywhere),
		cmocka_unit_test(test_strings_not_terminated),
		cmocka_unit_test(test_reservations_without_end),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_no_root),
		cmocka_unit_test(test_broken_inside_cpu),
		cmocka_unit_test(test_nothing_to_boot_with),
		cmocka_unit_test(test_each_byte_mangled),
		cmocka_unit_test(test_random_mangling),
	};

	return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
