/* SPDX-License-Identifier: BSD-2-Clause */
/* fault: breaks the kernel in a chosen way, to see that it is caught and how it is reported. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/page.h"
#include "arch/riscv/trap.h"
#include "core/compiler.h"
#include "core/time.h"
#include "shell/shell.h"

/* In the hole between the direct map and the mapped stacks. */
#define UNMAPPED_ADDRESS ((volatile uint64_t *)(STACK_MAP_BASE - PAGE_SIZE))

/* The compiler must not see what it would call undefined. */
static volatile uint64_t *hide(volatile uint64_t *p)
{
	__asm__("" : "+r"(p));
	return p;
}

static void fault_load(void)
{
	*hide(UNMAPPED_ADDRESS);
}

static void fault_store(void)
{
	*hide(UNMAPPED_ADDRESS) = 1;
}

static void fault_null(void)
{
	/* In C it would be the sanitizer's catch, where the kernel is built with one. */
	__asm__ __volatile__("sd zero, 0(%0)" : : "r"(0L) : "memory");
}

static void fault_illegal(void)
{
	__asm__ __volatile__(".4byte 0xffffffff");
}

static void fault_breakpoint(void)
{
	__asm__ __volatile__("ebreak");
}

static void fault_misaligned(void)
{
	static uint64_t words[2];
	uint64_t old;

	/*
	 * Plain accesses may be put right by hardware or firmware; an atomic one that is off its
	 * size never is.
	 */
	__asm__ __volatile__("amoadd.d %0, zero, (%1)"
			     : "=r"(old)
			     : "r"((char *)words + 1)
			     : "memory");
}

/* Data is never executable, not even when it holds a legal instruction. */
static void fault_exec(void)
{
	static uint32_t code[] = {0x00008067 /* ret */};
	void (*run)(void);

	__asm__ __volatile__("fence.i" : : : "memory");
	memcpy(&run, &(void *){code}, sizeof(run));
	run();
}

/* Text is never writable. */
static void fault_wx(void)
{
	extern char _image_start[];

	*hide((volatile uint64_t *)_image_start) = 0;
}

/* And neither is read-only data. */
static void fault_rodata(void)
{
	static const uint64_t constant = 1;
	volatile uint64_t *p;

	memcpy(&p, &(const void *){&constant}, sizeof(p));
	*hide(p) = 2;
}

static __noinline unsigned long recurse(unsigned long depth)
{
	volatile char frame[256];

	if (!depth)
		return 0;
	frame[0] = (char)depth;
	/* Reading the frame after the call keeps it from becoming a loop. */
	return recurse(depth + 1) + (unsigned long)frame[0];
}

static void fault_stack(void)
{
	recurse(1);
}

static bool never(void *unused)
{
	(void)unused;
	return false;
}

/* In a handler the report must show both sides: the handler, and what it interrupted. */
static void fault_irq(void)
{
	timer_interrupt_handler = fault_null;
	wait_until(never, NULL, deadline_ms(10));
}

static const struct fault_kind {
	const char *name;
	void (*fn)(void);
	const char *what;
} kinds[] = {
	{"load", fault_load, "reads an address that is not mapped"},
	{"store", fault_store, "writes an address that is not mapped"},
	{"null", fault_null, "writes through a null pointer"},
	{"exec", fault_exec, "runs data"},
	{"wx", fault_wx, "writes to the kernel's text"},
	{"rodata", fault_rodata, "writes to read-only data"},
	{"illegal", fault_illegal, "runs an illegal instruction"},
	{"break", fault_breakpoint, "runs a breakpoint"},
	{"misaligned", fault_misaligned, "does an atomic access that is not aligned"},
	{"stack", fault_stack, "recurses until the stack ends"},
	{"irq", fault_irq, "writes through a null pointer in a timer interrupt"},
};

static int cmd_fault(int argc, char **argv)
{
	if (argc == 1) {
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
			printk_raw("%-12s %s", kinds[i].name, kinds[i].what);
		return 0;
	}
	if (argc != 2)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].name, argv[1]))
			continue;
		kinds[i].fn();
		/* Whoever gets here has been let through. */
		printk_raw("fault: %s was not caught", argv[1]);
		return -ENOSYS;
	}
	return shell_bad(argv[0], argv[1], "is not a kind of fault");
}

static const char *complete_kind(size_t index)
{
	return index < ARRAY_SIZE(kinds) ? kinds[index].name : NULL;
}
SHELL_COMMAND_COMPLETE(fault, "[kind]", "breaks the kernel on purpose; alone: lists how", cmd_fault,
		       complete_kind);
