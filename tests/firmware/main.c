/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Start of the firmware: one hart reads the tree and the rules, wakes the others and lets one into
 * the kernel.
 */
#include "firmware.h"

#include <libfdt.h>

/*
 * What the loader leaves in a2 for a firmware that is told at run time where to go: QEMU's reset
 * vector fills it from -kernel (magic "OSBI", version 1 and up; all words 64 bits).
 */
struct fw_dynamic_info {
	unsigned long magic, version, next_addr, next_mode, options, boot_hart;
};
#define FW_DYNAMIC_MAGIC 0x4942534fUL

/* Where kernels are loaded if nobody says. */
#define DEFAULT_NEXT_ADDR 0x80200000

unsigned int nr_harts;
extern char hart_slots[];

_Static_assert(sizeof(struct hart) <= HART_SIZE, "a hart outgrew its slot");
_Static_assert(offsetof(struct hart, fixup) == HART_FIXUP, "entry.S knows this offset");
_Static_assert(offsetof(struct hart, s_sp) == HART_S_SP, "entry.S knows this offset");
_Static_assert(sizeof(struct frame) == FRAME_WORDS * 8, "entry.S knows this size");
_Static_assert(offsetof(struct frame, mstatus) == FRAME_MSTATUS * 8, "entry.S knows this offset");

struct hart *hart_at(unsigned int index)
{
	return (struct hart *)(hart_slots + (size_t)(index + 1) * SLOT_SIZE - HART_SIZE);
}

struct hart *hart_by_id(unsigned long id)
{
	for (unsigned int i = 0; i < nr_harts; i++)
		if (hart_at(i)->present && hart_at(i)->id == id)
			return hart_at(i);
	return NULL;
}

/* For what a test got wrong: an exit status that no test expects, before the kernel could run. */
void die(const char *why, const char *what)
{
	print("firmware: %s '%s'\n", why, what);
	platform_exit(97);
}

/* Called by entry.S when the firmware itself faults. */
__attribute__((noreturn)) void firmware_fault(unsigned long cause, unsigned long pc,
					      unsigned long value);
void firmware_fault(unsigned long cause, unsigned long pc, unsigned long value)
{
	/* Who held the lock may be this very hart. */
	uart_unlock();
	print("firmware: unexpected exception %lx at %lx, value %lx, hart %lx\n", cause, pc, value,
	      csr_read(mhartid));
	platform_exit(98);
}

/* A hart that was waiting for cold_boot, on its own stack, tp set. */
void hart_warm(void);
void hart_warm(void)
{
	if (!this_hart()->present)
		for (;;)
			__asm__ __volatile__("wfi");
	hart_prepare();
	hart_wait();
}

__attribute__((noreturn)) void cold_boot(unsigned long index, void *fdt,
					 const struct fw_dynamic_info *info);
void cold_boot(unsigned long index, void *fdt, const struct fw_dynamic_info *info)
{
	unsigned long next = DEFAULT_NEXT_ADDR;
	unsigned long arg, tree = (unsigned long)fdt;
	struct hart *boot;

	if (fdt_check_header(fdt) != 0)
		die("no device tree in", "a1");
	fault_parse(platform_rules());
	platform_probe(fdt);
	if (index >= nr_harts || !hart_at(index)->present)
		die("booting on a hart that is not in", "the device tree");
	fault_check_harts();
	platform_fixup(fdt);

	if (info && info->magic == FW_DYNAMIC_MAGIC && info->next_addr)
		next = info->next_addr;
	if (fault(F_DTB, 0, &arg))
		tree = arg;

	boot = hart_at(index);
	if (fault(F_BOOT, 0, &arg)) {
		boot = hart_by_id(arg);
		if (!boot)
			die("no such hart:", fault_text());
	}
	print("Muster test firmware: %u harts, boot hart %lu, rules '%s'\n", nr_harts, boot->id,
	      fault_text());

	if (fault(F_AWAIT_TYPING, 0, NULL))
		while (!uart_typed())
			;
	if (fault(F_ENTER_ALL, 0, NULL)) {
		for (unsigned int i = 0; i < nr_harts; i++)
			if (hart_at(i)->present)
				hsm_release(hart_at(i), next, tree);
	} else {
		hsm_release(boot, next, tree);
	}

	/* Pairs with the fence in wait_for_boot. */
	atomic_store_explicit(&boot_done, 1, memory_order_release);
	for (unsigned int i = 0; i < nr_harts; i++)
		if (i != index && hart_at(i)->present)
			hart_raise(hart_at(i), EVENT_LOOK);
	restart_stack(hart_at(index), hart_warm);
}
