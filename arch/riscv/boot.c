/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot records, and what the entry code learnt. */
#include <stdatomic.h>

#include "arch/riscv/boot.h"
#include "arch/riscv/pgtable.h"

extern char secondary_hart[], _image_start[], _image_end[];

_Static_assert(sizeof(struct boot_record) == BOOT_RECORD_ALIGN,
	       "generation bits are below the record");

const uint64_t boot_record_magic = 0x6d75737465722e31; /* "muster.1" */

unsigned long boot_hartid;
phys_addr_t boot_fdt_phys;
phys_addr_t image_phys;

uint64_t image_size(void)
{
	return (uint64_t)(_image_end - _image_start);
}

phys_addr_t secondary_entry(void)
{
	return virt_to_phys(secondary_hart);
}

static int with_generation(enum boot_record_state state, const struct boot_record *record)
{
	return (int)state | (int)(record->generation << BOOT_GENERATION_SHIFT);
}

uint64_t boot_record_arm(struct boot_record *record, unsigned long hartid, void *sp,
			 unsigned long tp)
{
	/*
	 * An earlier start of this hart that is still on its way must not take the record while it
	 * changes.
	 */
	record->magic = 0;
	atomic_store_explicit(&record->state, BOOT_IDLE, memory_order_release);
	record->hartid = hartid;
	record->satp = kernel_satp();
	record->virt_offset = KERNEL_BASE - image_phys;
	record->sp = (uint64_t)sp;
	record->tp = tp;
	record->generation = (record->generation + 1) % BOOT_RECORD_ALIGN;
	record->magic = boot_record_magic;
	/*
	 * Pairs with the lr.aq of the entry code; hart_start orders memory for a hart that it
	 * wakes.
	 */
	atomic_store_explicit(&record->state, with_generation(BOOT_ARMED, record),
			      memory_order_release);
	return virt_to_phys(record) | record->generation;
}

bool boot_record_expire(struct boot_record *record)
{
	int armed = with_generation(BOOT_ARMED, record);

	return cas_acq_rel(&record->state, &armed, with_generation(BOOT_EXPIRED, record));
}
