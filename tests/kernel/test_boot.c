/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What boot leaves behind: permissions of every mapping, no identity map, guarded stacks, stages in
 * order.
 */
#include "arch/riscv/boot.h"
#include "arch/riscv/csr.h"
#include "arch/riscv/early_map.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/pgtable.h"
#include "core/cpu.h"
#include "core/init.h"
#include "core/memmap.h"
#include "core/smp.h"
#include "tests/kernel/ktest.h"

extern char _image_start[], _text_end[], _rodata_end[], _image_end[];

/* Pages of [from, to) whose permission bits are not exactly want. */
static unsigned int wrong_pages(const char *from, const char *to, pte_t want)
{
	unsigned int wrong = 0, level;

	for (; from < to; from += PAGE_SIZE)
		wrong += (pte_lookup((unsigned long)from, &level) & PTE_LEAF) != want;
	return wrong;
}

KTEST(boot, image_permissions)
{
	KTEST_EXPECT_EQ(wrong_pages(_image_start, _text_end, PTE_R | PTE_X), 0);
	KTEST_EXPECT_EQ(wrong_pages(_text_end, _rodata_end, PTE_R), 0);
	KTEST_EXPECT_EQ(wrong_pages(_rodata_end, _image_end, PTE_R | PTE_W), 0);
	KTEST_EXPECT_EQ(image_phys & (MEGA_SIZE - 1), 0);
}

/*
 * Every leaf of the tree of tables below table: how many may be written and executed, and how many
 * are executable.
 */
static void count_leaves(const pte_t *table, unsigned int level, unsigned int *writable_text,
			 unsigned int *text)
{
	for (unsigned int i = 0; i < PTES_PER_TABLE; i++) {
		pte_t pte = table[i];

		if (!(pte & PTE_V))
			continue;
		if (!(pte & PTE_LEAF)) {
			phys_addr_t pa = pte_phys(pte);
			bool in_image = pa - image_phys < image_size();

			count_leaves(in_image ? (const pte_t *)(pa - image_phys + KERNEL_BASE)
					      : phys_to_virt(pa),
				     level - 1, writable_text, text);
			continue;
		}
		*text += !!(pte & PTE_X);
		*writable_text += (pte & PTE_W) && (pte & PTE_X);
	}
}

KTEST(boot, nothing_writable_is_executable)
{
	unsigned int writable_text = 0, text = 0;

	count_leaves(kernel_page_table(), 2, &writable_text, &text);
	KTEST_EXPECT_EQ(writable_text, 0);
	/* And text is mapped once, by its own pages. */
	KTEST_EXPECT_EQ(text, (_text_end - _image_start) >> PAGE_SHIFT);
}

KTEST(boot, image_has_no_alias)
{
	unsigned int mapped = 0, level;

	for (phys_addr_t pa = image_phys; pa < image_phys + image_size(); pa += PAGE_SIZE)
		mapped += !!pte_lookup(pa + direct_map_offset, &level);
	KTEST_EXPECT_EQ(mapped, 0);
}

KTEST(boot, no_identity_map)
{
	const pte_t *root = kernel_page_table();
	unsigned int used = 0;

	for (unsigned int i = 0; i < PTES_PER_TABLE / 2; i++)
		used += root[i] != 0;
	KTEST_EXPECT_EQ(used, 0);
	KTEST_EXPECT_EQ(csr_read(CSR_SATP), kernel_satp());
}

KTEST(boot, firmware_not_mapped)
{
	unsigned int level, no_map = 0;

	for (unsigned int i = 0; i < memmap.nr_kept; i++) {
		if (!memmap.kept[i].no_map)
			continue;
		no_map++;
		KTEST_EXPECT_EQ(pte_lookup(memmap.kept[i].start + direct_map_offset, &level), 0);
		KTEST_EXPECT_EQ(
			pte_lookup(memmap.kept[i].end - PAGE_SIZE + direct_map_offset, &level), 0);
	}
	if (!no_map)
		KTEST_SKIP("the tree has no no-map range");
}

KTEST(boot, stacks_are_guarded)
{
	unsigned long sp = (unsigned long)__builtin_frame_address(0);
	unsigned int level;

	KTEST_EXPECT(sp & STACK_SIZE);
	KTEST_EXPECT(stack_readable(ALIGN_DOWN(sp, STACK_SIZE)));
	KTEST_EXPECT(!stack_readable(ALIGN_DOWN(sp, STACK_SIZE) - 8));
	/* Two for each cpu that had memory: its stack and its overflow stack. */
	for (unsigned int slot = 0; slot < 2 * nr_cpu_ids; slot++) {
		unsigned long base = STACK_MAP_BASE + slot * STACK_SLOT_SIZE;

		KTEST_EXPECT_EQ(pte_lookup(base, &level), 0);
		KTEST_EXPECT_EQ(pte_lookup(base + STACK_SIZE - PAGE_SIZE, &level), 0);
		KTEST_EXPECT(pte_lookup(base + STACK_SLOT_SIZE - PAGE_SIZE, &level) & PTE_W);
	}
}

KTEST(boot, stages_in_order)
{
	unsigned int n;
	const struct boot_stage *stages = boot_stages(&n);
	uint64_t last = boot_entry_ticks;

	KTEST_EXPECT(n >= 7);
	for (unsigned int i = 0; i < n; i++) {
		KTEST_EXPECT(stages[i].end_ticks >= last);
		KTEST_EXPECT(!i || stages[i].level > stages[i - 1].level);
		last = stages[i].end_ticks;
	}
	KTEST_EXPECT(!irqs_disabled());
}

KTEST(boot, record_is_left_by_one_step)
{
	static struct boot_record record;
	uint64_t first, second;

	first = boot_record_arm(&record, 7, NULL, 0);
	KTEST_EXPECT_EQ(first & ~(BOOT_RECORD_ALIGN - 1UL), virt_to_phys(&record));
	KTEST_EXPECT_EQ(first & (BOOT_RECORD_ALIGN - 1), record.generation);
	KTEST_EXPECT(boot_record_expire(&record));
	KTEST_EXPECT(!boot_record_expire(&record));
	second = boot_record_arm(&record, 7, NULL, 0);
	KTEST_EXPECT(first != second);
	/* As the entry code does. */
	record.state = BOOT_TAKEN;
	KTEST_EXPECT(!boot_record_expire(&record));
	KTEST_EXPECT_EQ(record.state, BOOT_TAKEN);
	/* Generations come round without leaving the low bits. */
	for (unsigned int i = 0; i < 2 * BOOT_RECORD_ALIGN; i++)
		KTEST_EXPECT_EQ(boot_record_arm(&record, 7, NULL, 0) & ~(BOOT_RECORD_ALIGN - 1UL),
				virt_to_phys(&record));
}
