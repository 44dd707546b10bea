/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeps a hart's registers over a sleep that takes them. */
#include "arch/riscv/suspend.h"

#include "arch/riscv/boot.h"
#include "arch/riscv/csr.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/pgtable.h"

extern char resume_hart[];

long suspend_call(struct suspend_context *context, unsigned long hartid, suspend_fn fn,
		  uint32_t type)
{
	unsigned long sie = csr_read(CSR_SIE);
	unsigned long compare = have_sstc ? csr_read(CSR_STIMECMP) : 0;
	long ret;

	context->magic = boot_record_magic;
	context->hartid = hartid;
	context->satp = kernel_satp();
	context->virt_offset = KERNEL_BASE - image_phys;
	/* This hart alone uses it; whoever wakes it up has seen what it wrote. */
	store_release(&context->state, SUSPEND_ASLEEP);
	ret = suspend_enter(context, fn, type, virt_to_phys(resume_hart), virt_to_phys(context));
	store_relaxed(&context->state, SUSPEND_NONE);
	/* Before sie, or a lost value could interrupt. */
	if (have_sstc)
		csr_write(CSR_STIMECMP, compare);
	csr_write(CSR_SIE, sie);
	return ret;
}
