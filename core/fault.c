/* SPDX-License-Identifier: BSD-2-Clause */
/* The report of an exception: cause in words, registers, backtrace. */
#include "core/fault.h"

#include <string.h>

#include "arch/riscv/backtrace.h"
#include "arch/riscv/early_map.h"
#include "arch/riscv/pgtable.h"
#include "arch/riscv/trap.h"
#include "core/cpu.h"
#include "core/init.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/symbols.h"

DEFINE_PER_CPU(void *, overflow_sp);

/* The exception under report on this hart: panic prints its registers instead of its own frames. */
static DEFINE_PER_CPU(const struct trap_frame *, fault_frame);

static void print_pc(unsigned long pc)
{
	char name[SYMBOL_TEXT_MAX];

	symbol_lookup(pc, name, sizeof(name));
	pr_emerg("  [<%016lx>] %s", pc, name);
}

/* What a walk has told so far. */
struct walk {
	unsigned long told; /* a return address that register ra has told already */
	unsigned long last; /* printed last, and */
	unsigned int more;  /* how often it came again since: recursion takes one line */
};

static void end_repeats(struct walk *walk)
{
	if (walk->more)
		pr_emerg("  ... and %u times more", walk->more);
	walk->more = 0;
}

static void print_return(unsigned long pc, void *arg)
{
	struct walk *walk = arg;

	if (pc == walk->last) {
		walk->more++;
	} else {
		end_repeats(walk);
		/*
		 * A return address is the instruction behind the call, which may belong to the next
		 * function.
		 */
		if (pc != walk->told)
			print_pc(pc - 1);
		walk->last = pc;
	}
	walk->told = 0;
}

static bool same_function(unsigned long a, unsigned long b)
{
	char name_a[SYMBOL_TEXT_MAX], name_b[SYMBOL_TEXT_MAX];
	size_t n;

	symbol_lookup(a, name_a, sizeof(name_a));
	symbol_lookup(b, name_b, sizeof(name_b));
	n = strcspn(name_a, "+");
	return !strncmp(name_a, name_b, n) && name_b[n] == '+';
}

static void print_registers(const struct trap_frame *f)
{
	pr_emerg("epc %016lx  ra  %016lx  sp  %016lx\n"
		 "gp  %016lx  tp  %016lx  t0  %016lx\n"
		 "t1  %016lx  t2  %016lx  s0  %016lx\n"
		 "s1  %016lx  a0  %016lx  a1  %016lx\n"
		 "a2  %016lx  a3  %016lx  a4  %016lx",
		 f->sepc, f->ra, f->sp, f->gp, f->tp, f->t[0], f->t[1], f->t[2], f->s0, f->s[1],
		 f->a[0], f->a[1], f->a[2], f->a[3], f->a[4]);
	pr_emerg("a5  %016lx  a6  %016lx  a7  %016lx\n"
		 "s2  %016lx  s3  %016lx  s4  %016lx\n"
		 "s5  %016lx  s6  %016lx  s7  %016lx\n"
		 "s8  %016lx  s9  %016lx  s10 %016lx\n"
		 "s11 %016lx  t3  %016lx  t4  %016lx\n"
		 "t5  %016lx  t6  %016lx",
		 f->a[5], f->a[6], f->a[7], f->s[2], f->s[3], f->s[4], f->s[5], f->s[6], f->s[7],
		 f->s[8], f->s[9], f->s[10], f->s[11], f->t[3], f->t[4], f->t[5], f->t[6]);
	pr_emerg("status %016lx  cause %016lx  tval %016lx", f->sstatus, f->scause, f->stval);
}

void fault_backtrace(void)
{
	const struct trap_frame *frame = this_cpu(fault_frame);
	struct walk walk = {0};

	if (frame)
		print_registers(frame);
	pr_emerg("backtrace:");
	if (!frame) {
		backtrace_walk((unsigned long)__builtin_frame_address(0), print_return, &walk);
		end_repeats(&walk);
		return;
	}
	print_pc(frame->sepc);
	/*
	 * In a leaf, in a prologue or epilogue, and after a jump to nowhere, only ra knows the
	 * caller. Elsewhere ra is what the function's own last call left, and points into the
	 * function.
	 */
	if (is_kernel_text(frame->ra) && !same_function(frame->ra - 1, frame->sepc)) {
		print_pc(frame->ra - 1);
		walk.told = frame->ra;
	}
	backtrace_walk(frame->s0, print_return, &walk);
	end_repeats(&walk);
}

/* What is wrong with an address, as far as the page table tells. */
static const char *address_kind(unsigned long va)
{
	unsigned int level;
	pte_t pte;

	if (va < PAGE_SIZE)
		return "a NULL pointer";
	if (va - STACK_MAP_BASE < STACK_MAP_SIZE && !(va & STACK_SIZE))
		return "the guard below a stack";
	pte = pte_lookup(va, &level);
	if (!pte)
		return va >> 38 ? "not mapped" : "below the kernel's half";
	if (pte & PTE_X)
		return "kernel text, not writable";
	if (pte & PTE_W)
		return "data, not executable";
	return "read-only data";
}

static void report_exception(struct trap_frame *frame, bool overflow)
{
	this_cpu(fault_frame) = frame;
	if (overflow)
		panic("stack overflow at sp 0x%lx (%s at 0x%lx)", frame->sp,
		      trap_cause_name(frame->scause), frame->stval);
	switch (frame->scause) {
	case 1:
	case 5:
	case 7:
	case 12:
	case 13:
	case 15:
		panic("%s at 0x%lx: %s", trap_cause_name(frame->scause), frame->stval,
		      address_kind(frame->stval));
	default:
		panic("%s, tval 0x%lx", trap_cause_name(frame->scause), frame->stval);
	}
}

/* Before anything can go wrong in C: the first instructions of the boot hart call it. */
void fault_init(void)
{
	this_cpu(overflow_sp) = (void *)(STACK_MAP_BASE + 2 * STACK_SLOT_SIZE);
	exception_handler = report_exception;
}
