/* SPDX-License-Identifier: BSD-2-Clause */
/* How a hart enters the kernel: its boot record, and what the boot hart learnt at entry. */
#ifndef ARCH_RISCV_BOOT_H
#define ARCH_RISCV_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/compiler.h"

/*
 * One for each possible cpu, never freed: a hart may come at any time. Its physical address, with
 * the generation in the low bits, is the opaque argument of hart_start.
 *
 *           boot hart                     the hart                      boot hart
 * IDLE -- boot_record_arm --> ARMED -- entry code --> TAKEN (goes on to secondary_hart_main)
 *                               |
 *                               +-- boot_record_expire --> EXPIRED -- entry code --> LATE (parks)
 *
 * ARMED and EXPIRED have the generation beside them in the same word, and are left by one atomic
 * step: a hart either was in time or knows that it is late, and one that arrives by an older start
 * neither takes a new record nor spoils it. A new arm starts from any state but ARMED. Generations
 * come again after 64 starts: no older start is on its way by then.
 */
enum boot_record_state { BOOT_IDLE, BOOT_ARMED, BOOT_TAKEN, BOOT_EXPIRED, BOOT_LATE };

#define BOOT_RECORD_ALIGN     64
#define BOOT_GENERATION_SHIFT 8 /* in the state */

struct boot_record {
	uint64_t magic;
	uint64_t hartid;
	uint64_t satp;
	uint64_t virt_offset; /* linked minus physical address of the image */
	uint64_t sp;	      /* linked addresses from here on */
	uint64_t tp;
	uint32_t generation;   /* below BOOT_RECORD_ALIGN */
	_Atomic int32_t state; /* enum boot_record_state, and maybe generation */
} __aligned(BOOT_RECORD_ALIGN);

/*
 * In memory, so that a stray record is told from a true one by an image's own random-looking word.
 */
extern const uint64_t boot_record_magic;

/*
 * Fills in a record for one start and returns the opaque argument. Boot hart; the record must not
 * be ARMED.
 */
uint64_t boot_record_arm(struct boot_record *record, unsigned long hartid, void *sp,
			 unsigned long tp);

/* Gives up on a start. False: the hart has taken the record in the meantime. Boot hart. */
bool boot_record_expire(struct boot_record *record);

/* Physical address of secondary_hart, for hart_start. */
phys_addr_t secondary_entry(void);

/*
 * Harts that entered with a record that was not theirs, or no longer: counted by entry code,
 * parked.
 */
extern _Atomic uint32_t stray_harts;
/* What the last of them said that its hart id was. */
extern _Atomic unsigned long stray_hartid;

/* Boot hart's first C function, on its mapped stack. */
__noreturn void boot_hart_main(unsigned long hartid, phys_addr_t fdt, phys_addr_t image);
/* Every other hart's; set up by core/smp. */
__noreturn void secondary_hart_main(void);
/* Goes there as at a first start: on the stack whose top is sp. Interrupts off. */
__noreturn void secondary_hart_again(void *sp);

/* What the firmware handed over: the boot hart's id and the device tree, mapped read only. */
extern unsigned long boot_hartid;
extern phys_addr_t boot_fdt_phys;
/* Start of the image in physical memory, and its size with .bss. */
extern phys_addr_t image_phys;
uint64_t image_size(void);

#endif
