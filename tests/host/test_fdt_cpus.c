/* SPDX-License-Identifier: BSD-2-Clause */
/* Harts in the device tree: ids of all sizes, those left alone, and what isa strings say. */
#include "tests/host/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/fdt.h"
#include "tests/fdt/exercise.h"
#include "tests/fdt/tree.h"

static void *blob;
static struct fdt_cpu *cpus;

/* Root and memory, and /cpus open. */
static void begin(struct tree *t, uint32_t cells)
{
	tree_start(t);
	tree_root(t);
	tree_memory(t, 0x80000000, 0x40000000, -1);
	tree_cpus(t, cells);
}

/* Ends both, and returns how many entries were read. */
static unsigned int read_cpus(struct tree *t)
{
	size_t size;

	tree_end(t);
	tree_end(t);
	free(blob);
	blob = tree_finish(t, &size);
	assert_int_equal(fdt_exercise(blob, size), 0);
	host_log_clear();
	assert_int_equal(fdt_init(blob, size), 0);
	free(cpus);
	/* Exactly as many as announced, so that one too many is seen. */
	cpus = malloc(fdt_info.max_cpus * sizeof(*cpus));
	assert_non_null(cpus);
	return fdt_cpus_init(cpus, fdt_info.max_cpus);
}

static void check_said(const char *text)
{
	if (!strstr(host_log(), text))
		fail_msg("no \"%s\" in \"%s\"", text, host_log());
}

static void test_usual(void **state)
{
	struct tree t;

	(void)state;
	begin(&t, 1);
	tree_cpu(&t, 0, 4);
	tree_cpu(&t, 1, 2);
	tree_begin(&t, "cpu-map");
	tree_begin(&t, "cluster0");
	tree_end(&t);
	tree_end(&t);
	assert_int_equal(read_cpus(&t), 2);
	assert_int_equal(fdt_info.max_cpus, 3);
	assert_int_equal(cpus[0].hartid, 0);
	assert_int_equal(cpus[0].use, FDT_CPU_USABLE);
	assert_int_equal(cpus[0].node, FDT_NO_NODE);
	assert_int_equal(cpus[0].intc, 4);
	assert_string_equal(cpus[0].isa, "rv64imafdc_zicsr_zifencei_sstc");
	assert_string_equal(cpus[0].mmu_type, "riscv,sv39");
	assert_string_equal(cpus[0].compatible, "riscv");
	assert_null(cpus[0].isa_base);
	assert_null(cpus[0].isa_ext);
	assert_int_equal(cpus[1].hartid, 1);
	assert_int_equal(cpus[1].intc, 2);
	assert_ptr_equal(fdt_cpu_by_intc(2), &cpus[1]);
	assert_ptr_equal(fdt_cpu_by_intc(4), &cpus[0]);
	assert_null(fdt_cpu_by_intc(3));
	assert_null(fdt_cpu_by_intc(0));
	assert_string_equal(host_log(), "");
}

static void test_sparse_ids(void **state)
{
	static const uint32_t ids[] = {1000, 0, 64, 63, 65, 0xffffffff, 511};
	struct tree t;

	(void)state;
	begin(&t, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
		tree_cpu(&t, ids[i], i + 1);
	assert_int_equal(read_cpus(&t), ARRAY_SIZE(ids));
	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++) {
		assert_int_equal(cpus[i].hartid, ids[i]);
		assert_int_equal(cpus[i].use, FDT_CPU_USABLE);
		assert_int_equal(cpus[i].intc, i + 1);
	}
	assert_int_equal(fdt_info.warnings, 0);
}

static void test_two_cells(void **state)
{
	struct tree t;

	(void)state;
	begin(&t, 2);
	for (uint32_t i = 0; i < 2; i++) {
		tree_begin(&t, "cpu@800000001");
		TREE_CELLS(&t, "reg", 8, 1 + i);
		tree_string(&t, "mmu-type", "riscv,sv48");
		TREE_CELLS(&t, "numa-node-id", i);
		tree_end(&t);
	}
	tree_begin(&t, "cpu@ffffffffffffffff");
	TREE_CELLS(&t, "reg", 0xffffffff, 0xffffffff);
	tree_string(&t, "mmu-type", "riscv,sv48");
	tree_end(&t);
	assert_int_equal(read_cpus(&t), 3);
	assert_int_equal(cpus[0].hartid, 0x800000001);
	assert_int_equal(cpus[0].node, 0);
	assert_int_equal(cpus[1].hartid, 0x800000002);
	assert_int_equal(cpus[1].node, 1);
	assert_int_equal(cpus[2].hartid, UINT64_MAX);
	assert_int_equal(cpus[2].use, FDT_CPU_USABLE);
}

/* JH7110: hart 0 is an S7 without an MMU and disabled; a U54 cluster's E51 is not even disabled. */
static void test_left_alone(void **state)
{
	struct tree t;

	(void)state;
	begin(&t, 1);
	tree_begin(&t, "cpu@0");
	tree_string(&t, "device_type", "cpu");
	TREE_LIST(&t, "compatible", "sifive,s7\0riscv");
	TREE_CELLS(&t, "reg", 0);
	tree_string(&t, "riscv,isa", "rv64imac_zba_zbb");
	tree_string(&t, "status", "disabled");
	tree_begin(&t, "interrupt-controller");
	TREE_CELLS(&t, "#interrupt-cells", 1);
	tree_empty(&t, "interrupt-controller");
	tree_string(&t, "compatible", "riscv,cpu-intc");
	TREE_CELLS(&t, "phandle", 7);
	tree_end(&t);
	tree_end(&t);
	tree_cpu(&t, 1, 8);
	tree_begin(&t, "cpu@2");
	TREE_LIST(&t, "compatible", "sifive,e51\0riscv");
	TREE_CELLS(&t, "reg", 2);
	tree_end(&t);
	tree_begin(&t, "cpu@3");
	TREE_CELLS(&t, "reg", 3);
	tree_string(&t, "mmu-type", "riscv,none");
	tree_end(&t);
	tree_begin(&t, "cpu@4");
	TREE_CELLS(&t, "reg", 4);
	tree_string(&t, "mmu-type", "riscv,sv32");
	tree_string(&t, "riscv,isa", "rv32imac");
	tree_end(&t);
	tree_begin(&t, "cpu@5");
	TREE_CELLS(&t, "reg", 5);
	tree_string(&t, "mmu-type", "riscv,sv39");
	tree_string(&t, "status", "fail-sss");
	tree_end(&t);
	tree_begin(&t, "cpu@6");
	TREE_CELLS(&t, "reg", 6);
	tree_string(&t, "mmu-type", "riscv,sv39");
	tree_string(&t, "riscv,isa-base", "rv");
	tree_end(&t);
	tree_begin(&t, "cpu@7");
	TREE_CELLS(&t, "reg", 7);
	tree_string(&t, "mmu-type", "riscv,sv57");
	tree_string(&t, "status", "ok");
	tree_string(&t, "riscv,isa-base", "RV64i");
	tree_end(&t);
	assert_int_equal(read_cpus(&t), 8);
	assert_int_equal(cpus[0].use, FDT_CPU_DISABLED);
	assert_int_equal(cpus[1].use, FDT_CPU_USABLE);
	assert_int_equal(cpus[2].use, FDT_CPU_NO_MMU);
	assert_int_equal(cpus[3].use, FDT_CPU_NO_MMU);
	assert_int_equal(cpus[4].use, FDT_CPU_NOT_RV64);
	assert_int_equal(cpus[5].use, FDT_CPU_DISABLED);
	assert_int_equal(cpus[6].use, FDT_CPU_NOT_RV64);
	assert_int_equal(cpus[7].use, FDT_CPU_USABLE);
	/* A hart that is left alone still has its place in lists of interrupts. */
	assert_ptr_equal(fdt_cpu_by_intc(7), &cpus[0]);
	assert_int_equal(fdt_info.warnings, 0);
	check_said("/cpus/cpu@0: hart 0 left alone: disabled");
	check_said("/cpus/cpu@2: hart 2 left alone: no MMU");
	check_said("/cpus/cpu@4: hart 4 left alone: not RV64");
}

static void test_many_left_alone(void **state)
{
	struct tree t;

	(void)state;
	begin(&t, 1);
	for (uint32_t i = 0; i < 100; i++) {
		tree_begin(&t, "cpu");
		TREE_CELLS(&t, "reg", i);
		tree_end(&t);
	}
	assert_int_equal(read_cpus(&t), 100);
	check_said("hart 15 left alone");
	assert_null(strstr(host_log(), "hart 16 left alone"));
	check_said("84 more harts left alone");
}

static void test_duplicates(void **state)
{
	static const uint32_t ids[] = {3, 1, 3, 2, 1, 3, 0};
	static const bool first[] = {true, true, false, true, false, false, true};
	struct tree t;

	(void)state;
	begin(&t, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
		tree_cpu(&t, ids[i], 10 + i);
	assert_int_equal(read_cpus(&t), ARRAY_SIZE(ids));
	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++) {
		assert_int_equal(cpus[i].hartid, ids[i]);
		assert_int_equal(cpus[i].intc, 10 + i);
		assert_int_equal(cpus[i].use, first[i] ? FDT_CPU_USABLE : FDT_CPU_DUPLICATE);
	}
	assert_int_equal(fdt_info.warnings, 3);
	check_said("/cpus/cpu@3: hart id 3 is taken by an earlier node");
	check_said("/cpus/cpu@1: hart id 1 is taken by an earlier node");
}

static void test_bad_reg(void **state)
{
	struct tree t;

	(void)state;
	begin(&t, 1);
	tree_begin(&t, "cpu@0");
	tree_string(&t, "mmu-type", "riscv,sv39");
	tree_end(&t);
	tree_begin(&t, "cpu@1");
	tree_bytes(&t, "reg", "ab", 2);
	tree_string(&t, "mmu-type", "riscv,sv39");
	tree_end(&t);
	tree_begin(&t, "cpu@2");
	tree_bytes(&t, "reg", "abcdef", 6);
	tree_string(&t, "mmu-type", "riscv,sv39");
	tree_end(&t);
	tree_cpu(&t, 0, 1);
	tree_begin(&t, "cpu@3");
	TREE_CELLS(&t, "reg", 3, 4);
	tree_string(&t, "mmu-type", "riscv,sv39");
	tree_bytes(&t, "riscv,isa", "rv64ima", 7);
	tree_end(&t);
	tree_begin(&t, "cpu@4");
	tree_end(&t);
	tree_cpu(&t, 0, 1);
	assert_int_equal(read_cpus(&t), 7);
	assert_int_equal(cpus[0].use, FDT_CPU_BAD_REG);
	assert_int_equal(cpus[1].use, FDT_CPU_BAD_REG);
	assert_int_equal(cpus[2].use, FDT_CPU_BAD_REG);
	/* Those have no id, so they do not take hart 0 away. */
	assert_int_equal(cpus[3].use, FDT_CPU_USABLE);
	assert_int_equal(cpus[4].use, FDT_CPU_USABLE);
	assert_int_equal(cpus[4].hartid, 3);
	assert_null(cpus[4].isa);
	/* Nor do they hide a real duplicate that comes after them. */
	assert_int_equal(cpus[6].use, FDT_CPU_DUPLICATE);
	assert_int_equal(fdt_info.warnings, 7);
	check_said("/cpus/cpu@0: reg has 0 bytes");
	check_said("/cpus/cpu@1: reg has 2 bytes");
	check_said("/cpus/cpu@3: reg lists several hart ids");
	check_said("/cpus/cpu@3: riscv,isa is not a terminated string");
}

static void test_bad_cells(void **state)
{
	static const uint32_t cells[] = {0, 3, 5, 0xffffffff};
	struct tree t;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
		begin(&t, cells[i]);
		tree_cpu(&t, 0, 1);
		assert_int_equal(read_cpus(&t), 1);
		assert_int_equal(cpus[0].use, FDT_CPU_BAD_REG);
		check_said("/cpus/cpu@0: reg has 4 bytes");
	}
}

/*
 * The same phandle for two controllers, one that is none, one of two cells: the first good one
 * counts.
 */
static void test_intc(void **state)
{
	struct tree t;

	(void)state;
	begin(&t, 1);
	tree_begin(&t, "cpu@0");
	TREE_CELLS(&t, "reg", 0);
	tree_string(&t, "mmu-type", "riscv,sv39");
	tree_begin(&t, "other");
	tree_begin(&t, "deeper");
	tree_empty(&t, "interrupt-controller");
	tree_string(&t, "compatible", "riscv,cpu-intc");
	TREE_CELLS(&t, "#interrupt-cells", 1);
	TREE_CELLS(&t, "phandle", 8);
	tree_end(&t);
	tree_end(&t);
	tree_begin(&t, "interrupt-controller");
	tree_empty(&t, "interrupt-controller");
	TREE_LIST(&t, "compatible", "andestech,cpu-intc\0riscv,cpu-intc");
	TREE_CELLS(&t, "#interrupt-cells", 1);
	TREE_CELLS(&t, "phandle", 9);
	tree_end(&t);
	tree_end(&t);
	tree_begin(&t, "cpu@1");
	TREE_CELLS(&t, "reg", 1);
	tree_string(&t, "mmu-type", "riscv,sv39");
	tree_begin(&t, "interrupt-controller");
	tree_empty(&t, "interrupt-controller");
	tree_string(&t, "compatible", "riscv,cpu-intc");
	TREE_CELLS(&t, "#interrupt-cells", 2);
	TREE_CELLS(&t, "phandle", 10);
	tree_end(&t);
	tree_end(&t);
	assert_int_equal(read_cpus(&t), 2);
	assert_int_equal(cpus[0].intc, 9);
	assert_int_equal(cpus[1].intc, 0);
	check_said("/cpus/cpu@1/interrupt-controller: #interrupt-cells of riscv,cpu-intc is not 1");
}

/* A second /cpus is left out; a timebase in the harts' nodes serves where /cpus has none. */
static void test_second_cpus_and_timebase(void **state)
{
	struct tree t;
	size_t size;

	(void)state;
	tree_start(&t);
	tree_root(&t);
	tree_memory(&t, 0x80000000, 0x40000000, -1);
	tree_begin(&t, "cpus");
	TREE_CELLS(&t, "#address-cells", 1);
	tree_cpu(&t, 0, 1);
	tree_begin(&t, "cpu@1");
	TREE_CELLS(&t, "timebase-frequency", 1, 0);
	tree_end(&t);
	tree_end(&t);
	tree_cpus(&t, 1);
	tree_cpu(&t, 0, 1);
	tree_end(&t);
	tree_end(&t);
	free(blob);
	blob = tree_finish(&t, &size);
	host_log_clear();
	assert_int_equal(fdt_exercise(blob, size), 0);
	assert_int_equal(fdt_info.timebase_hz, 0x100000000);
	assert_int_equal(fdt_info.max_cpus, 2);
	check_said("/cpus: second node of that name");
}

/* Ids up, down, and shuffled; the look-up by phandle goes along with lists in any order. */
static void test_512_harts(void **state)
{
	struct tree t;

	(void)state;
	for (int order = 0; order < 3; order++) {
		begin(&t, 1);
		for (uint32_t i = 0; i < 512; i++)
			tree_cpu(&t, order == 0 ? i : order == 1 ? 511 - i : i * 77 % 512, i + 1);
		assert_int_equal(read_cpus(&t), 512);
		for (unsigned int i = 0; i < 512; i++) {
			assert_int_equal(cpus[i].use, FDT_CPU_USABLE);
			assert_ptr_equal(fdt_cpu_by_intc(i + 1), &cpus[i]);
		}
		for (unsigned int i = 512; i--;)
			assert_ptr_equal(fdt_cpu_by_intc(i + 1), &cpus[i]);
		assert_int_equal(fdt_info.warnings, 0);
	}
}

static void test_isa_string(void **state)
{
	static const struct {
		const char *isa, *yes, *no;
	} cases[] = {
		{"rv64imafdch_zicsr_zifencei_zihintpause_zba_zbb_zbc_zbs_sstc",
		 "i m a f d c h zicsr zifencei zihintpause zba zbb zbc zbs sstc",
		 "v s b u z zb ssaia sst sstcx stc zihint x g"},
		{"rv64imac", "i m a c", "f d zicsr sstc"},
		{"RV64IMAC_ZICSR_Sstc", "i m a c zicsr sstc", "f"},
		{"rv64i2p1m2p0a2p1c2_zicsr2p0_zifencei2_sstc1p0_zvl128b1p0",
		 "i m a c zicsr zifencei sstc zvl128b", "p zvl128 sstc1p0 f"},
		{"rv64gc", "i m a f d c zicsr zifencei", "g1 sstc h zba"},
		{"rv64gcsstc_zba", "c sstc zba", "s t zb"},
		{"rv64imafdcsu", "i m a f d c", "s u su sstc"},
		{"rv64imafdcsu_sstc", "c sstc", "su"},
		{"rv64imafdcxtheadba_zicsr", "xtheadba zicsr", "x t h b"},
		{"rv64i_m_a_zicsr_sstc", "i m a zicsr sstc", "c"},
		{"rv64imac__sstc_", "sstc c", "z"},
		{"rv64", "", "i m sstc"},
		{"rv6", "", "i"},
		{"", "", "i r v"},
		{"rv64i_sscofpmf_ssstateen_svpbmt_zve64d_zvl32b_zic64b",
		 "sscofpmf ssstateen svpbmt zve64d zic64b", "svpbm ss zve zve64"},
		{"rv64iz", "i", "z zicsr"},
	};
	struct fdt_cpu cpu = {.isa = NULL};

	(void)state;
	assert_false(fdt_cpu_has_isa(&cpu, "i"));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (int yes = 0; yes < 2; yes++) {
			char *list = strdup(yes ? cases[i].yes : cases[i].no), *save = NULL;

			cpu.isa = cases[i].isa;
			for (char *w = strtok_r(list, " ", &save); w;
			     w = strtok_r(NULL, " ", &save)) {
				/*
				 * "z" alone is a letter that starts a name; nothing is called that.
				 */
				if (fdt_cpu_has_isa(&cpu, w) != yes)
					fail_msg("%s in %s: expected %d", w, cases[i].isa, yes);
			}
			free(list);
		}
		assert_false(fdt_cpu_has_isa(&cpu, ""));
	}
}

static void test_isa_list(void **state)
{
	static const char list[] = "i\0m\0A\0zicsr\0Sstc\0zvl128b\0svadu1p0";
	struct fdt_cpu cpu = {
		.isa = "rv64imafdc_zba", .isa_ext = list, .isa_ext_len = sizeof(list)};

	(void)state;
	assert_true(fdt_cpu_has_isa(&cpu, "i"));
	assert_true(fdt_cpu_has_isa(&cpu, "a"));
	assert_true(fdt_cpu_has_isa(&cpu, "sstc"));
	assert_true(fdt_cpu_has_isa(&cpu, "zvl128b"));
	assert_true(fdt_cpu_has_isa(&cpu, "svadu"));
	/* The list is believed, the string is not asked any more. */
	assert_false(fdt_cpu_has_isa(&cpu, "f"));
	assert_false(fdt_cpu_has_isa(&cpu, "zba"));
	assert_false(fdt_cpu_has_isa(&cpu, "sst"));
	assert_false(fdt_cpu_has_isa(&cpu, ""));
}

static void isa_cpu(struct tree *t, uint32_t hartid, const char *isa, const char *list, size_t len)
{
	tree_begin(t, "cpu");
	TREE_CELLS(t, "reg", hartid);
	tree_string(t, "mmu-type", "riscv,sv39");
	if (isa)
		tree_string(t, "riscv,isa", isa);
	if (list)
		tree_bytes(t, "riscv,isa-extensions", list, len);
	tree_end(t);
}

static void test_same_isa(void **state)
{
	static const char list[] = "i\0m\0sstc", other[] = "i\0m\0sstd", longer[] = "i\0m\0sstc\0c";
	struct tree t;

	(void)state;
	begin(&t, 1);
	isa_cpu(&t, 0, "rv64imac_sstc", NULL, 0);
	isa_cpu(&t, 1, "rv64imac_sstc", NULL, 0);
	isa_cpu(&t, 2, "rv64imac_sstd", NULL, 0);
	isa_cpu(&t, 3, "rv64imac_sst", NULL, 0);
	isa_cpu(&t, 4, "rv64imac_sstc", list, sizeof(list));
	isa_cpu(&t, 5, NULL, list, sizeof(list));
	isa_cpu(&t, 6, NULL, other, sizeof(other));
	isa_cpu(&t, 7, NULL, longer, sizeof(longer));
	isa_cpu(&t, 8, NULL, NULL, 0);
	isa_cpu(&t, 9, NULL, NULL, 0);
	assert_int_equal(read_cpus(&t), 10);
	assert_int_equal(cpus[4].isa_ext_len, sizeof(list));
	for (unsigned int a = 0; a < 10; a++) {
		for (unsigned int b = 0; b < 10; b++) {
			bool same = a == b || a + b == 1 || a + b == 17 ||
				    (a + b == 9 && a / 4 == b / 4);

			if (fdt_cpu_same_isa(&cpus[a], &cpus[b]) != same)
				fail_msg("cpus %u and %u: expected %d", a, b, same);
		}
	}
	assert_true(fdt_cpu_has_isa(&cpus[5], "sstc"));
	assert_false(fdt_cpu_has_isa(&cpus[6], "sstc"));
	assert_false(fdt_cpu_has_isa(&cpus[4], "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_sparse_ids),
		cmocka_unit_test(test_two_cells),
		cmocka_unit_test(test_left_alone),
		cmocka_unit_test(test_many_left_alone),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_bad_reg),
		cmocka_unit_test(test_bad_cells),
		cmocka_unit_test(test_intc),
		cmocka_unit_test(test_second_cpus_and_timebase),
		cmocka_unit_test(test_512_harts),
		cmocka_unit_test(test_isa_string),
		cmocka_unit_test(test_isa_list),
		cmocka_unit_test(test_same_isa),
	};
	int failed = cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);

	free(cpus);
	free(blob);
	return failed;
}
