/* SPDX-License-Identifier: BSD-2-Clause */
/* Constants for assembly, taken from the structures themselves. Compiled to text only. */
#include <stddef.h>

#include "arch/riscv/boot.h"
#include "arch/riscv/event.h"
#include "arch/riscv/switch.h"
#include "arch/riscv/suspend.h"
#include "arch/riscv/trap.h"

#define DEFINE(name, value) __asm__ volatile(".ascii \"->" #name " %0\"" : : "i"(value))

void asm_offsets(void);
void asm_offsets(void)
{
	DEFINE(BR_MAGIC, offsetof(struct boot_record, magic));
	DEFINE(BR_HARTID, offsetof(struct boot_record, hartid));
	DEFINE(BR_SATP, offsetof(struct boot_record, satp));
	DEFINE(BR_VIRT_OFFSET, offsetof(struct boot_record, virt_offset));
	DEFINE(BR_SP, offsetof(struct boot_record, sp));
	DEFINE(BR_TP, offsetof(struct boot_record, tp));
	DEFINE(BR_STATE, offsetof(struct boot_record, state));
	DEFINE(BR_STATE_ARMED, BOOT_ARMED);
	DEFINE(BR_GENERATION_SHIFT, BOOT_GENERATION_SHIFT);
	DEFINE(BR_STATE_TAKEN, BOOT_TAKEN);
	DEFINE(BR_STATE_EXPIRED, BOOT_EXPIRED);
	DEFINE(BR_STATE_LATE, BOOT_LATE);
	DEFINE(BOOT_GENERATION_MASK, BOOT_RECORD_ALIGN - 1);
	DEFINE(TF_SIZE, sizeof(struct trap_frame));
	DEFINE(TF_RA, offsetof(struct trap_frame, ra));
	DEFINE(TF_SP, offsetof(struct trap_frame, sp));
	DEFINE(TF_GP, offsetof(struct trap_frame, gp));
	DEFINE(TF_TP, offsetof(struct trap_frame, tp));
	DEFINE(TF_T, offsetof(struct trap_frame, t));
	DEFINE(TF_A, offsetof(struct trap_frame, a));
	DEFINE(TF_S, offsetof(struct trap_frame, s));
	DEFINE(TF_STATUS, offsetof(struct trap_frame, sstatus));
	DEFINE(TF_CAUSE, offsetof(struct trap_frame, scause));
	DEFINE(TF_TVAL, offsetof(struct trap_frame, stval));
	DEFINE(TF_S0, offsetof(struct trap_frame, s0));
	DEFINE(CTX_RA, offsetof(struct context, ra));
	DEFINE(CTX_SP, offsetof(struct context, sp));
	DEFINE(CTX_S, offsetof(struct context, s));
	DEFINE(EC_STACK, offsetof(struct event_context, stack));
	DEFINE(EC_TP, offsetof(struct event_context, tp));
	DEFINE(EC_SP, offsetof(struct event_context, sp));
	DEFINE(SC_MAGIC, offsetof(struct suspend_context, magic));
	DEFINE(SC_HARTID, offsetof(struct suspend_context, hartid));
	DEFINE(SC_SATP, offsetof(struct suspend_context, satp));
	DEFINE(SC_VIRT_OFFSET, offsetof(struct suspend_context, virt_offset));
	DEFINE(SC_RA, offsetof(struct suspend_context, ra));
	DEFINE(SC_SP, offsetof(struct suspend_context, sp));
	DEFINE(SC_TP, offsetof(struct suspend_context, tp));
	DEFINE(SC_S, offsetof(struct suspend_context, s));
	DEFINE(SC_STATE, offsetof(struct suspend_context, state));
	DEFINE(SC_STATE_ASLEEP, SUSPEND_ASLEEP);
	DEFINE(TF_EPC, offsetof(struct trap_frame, sepc));
}
