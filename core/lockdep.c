/* SPDX-License-Identifier: BSD-2-Clause */
/* The graph of lock orders, and what is wrong with it. */
#include "core/lockdep.h"

#ifdef DEBUG

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/trap.h"
#include "core/compiler.h"
#include "core/init.h"
#include "core/panic.h"
#include "core/preempt.h"
#include "core/printk.h"

#define CLASSES 64
#define NONE	CLASSES

#define IN_IRQ	 1U /* taken within an interrupt */
#define IRQS_ON	 2U /* taken with interrupts on */
#define IS_MUTEX 4U

/*
 * A slot is taken once and for ever; after and uses only gain bits. So nothing here needs a lock.
 */
static struct {
	const char *_Atomic name;
	_Atomic uint64_t after; /* classes that were taken while this one was held */
	_Atomic unsigned int uses;
} classes[CLASSES];

static _Atomic unsigned int findings, expected;

/*
 * A finding is told when its thread holds nothing: printing takes locks, too.
 *   [ EMPTY ] -- find --> [ FILLING ] --> [ FULL ] -- tell --> [ FILLING ] --> [ EMPTY ]
 */
enum report_state { REPORT_EMPTY, REPORT_FILLING, REPORT_FULL };
static struct {
	_Atomic int state; /* enum report_state */
	char text[200];
} reports[8];

static const char *name_of(unsigned int class)
{
	return atomic_load_explicit(&classes[class].name, memory_order_relaxed);
}

static unsigned int class_of(const char *name)
{
	for (unsigned int i = 0; i < CLASSES; i++) {
		const char *there = name_of(i);

		if (!there && atomic_compare_exchange_strong_explicit(&classes[i].name, &there,
								      name, memory_order_relaxed,
								      memory_order_relaxed))
			return i;
		if (there == name)
			return i;
	}
	return NONE;
}

static __printf(1, 2) void find(const char *fmt, ...)
{
	va_list args;

	atomic_fetch_add_explicit(&findings, 1, memory_order_relaxed);
	va_start(args, fmt);
	for (unsigned int i = 0; i < ARRAY_SIZE(reports); i++) {
		int empty = REPORT_EMPTY;

		if (!cas_acq_rel(&reports[i].state, &empty, REPORT_FILLING))
			continue;
		vsnprintf(reports[i].text, sizeof(reports[i].text), fmt, args);
		/* Release: pairs with the one who tells it. */
		atomic_store_explicit(&reports[i].state, REPORT_FULL, memory_order_release);
		break;
	}
	va_end(args);
}

static void tell(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(reports); i++) {
		int full = REPORT_FULL;

		if (!cas_acq_rel(&reports[i].state, &full, REPORT_FILLING))
			continue;
		pr_err("lockdep: %s", reports[i].text);
		atomic_store_explicit(&reports[i].state, REPORT_EMPTY, memory_order_release);
	}
}

/* All that can be reached from class, itself not unless by a cycle. */
static uint64_t reach(unsigned int class)
{
	uint64_t seen = 0, next = atomic_load_explicit(&classes[class].after, memory_order_relaxed);

	while (next) {
		unsigned int at = (unsigned int)__builtin_ctzl(next);

		seen |= 1UL << at;
		next |= atomic_load_explicit(&classes[at].after, memory_order_relaxed);
		next &= ~seen;
	}
	return seen;
}

static void check_order(unsigned int held, unsigned int class)
{
	uint64_t bit = 1UL << class;

	if (held == class || held == NONE ||
	    atomic_fetch_or_explicit(&classes[held].after, bit, memory_order_relaxed) & bit)
		return;
	if (reach(class) >> held & 1)
		find("'%s' is taken while '%s' is held, and elsewhere '%s' comes after '%s'%s",
		     name_of(class), name_of(held), name_of(held), name_of(class),
		     atomic_load_explicit(&classes[class].after, memory_order_relaxed) >> held & 1
			     ? ""
			     : ", by way of others");
}

static unsigned int note_use(unsigned int class, unsigned int use)
{
	return atomic_fetch_or_explicit(&classes[class].uses, use, memory_order_relaxed);
}

static void check_context(unsigned int class, const struct lockdep_task *me)
{
	unsigned int use = me->irq ? IN_IRQ : irqs_disabled() ? 0 : IRQS_ON;
	unsigned int before = note_use(class, use), both = IN_IRQ | IRQS_ON;

	if (((before | use) & both) == both && (before & both) != both)
		find("'%s' is taken in interrupts, and elsewhere with interrupts on",
		     name_of(class));
}

void lockdep_acquire(const char *name, enum lockdep_kind kind, bool tried)
{
	struct lockdep_task *me = &current_head()->lockdep;
	unsigned long flags;
	unsigned int class;

	if (me->busy || panic_in_progress())
		return;
	class = class_of(name);
	/* An interrupt in between would find half a list. */
	flags = local_irq_save();
	if (class != NONE) {
		for (unsigned int i = 0; i < MIN(me->depth, LOCKDEP_HELD) && !tried; i++)
			check_order(me->held[i], class);
		if (me->depth < LOCKDEP_HELD)
			me->held[me->depth] = (unsigned char)class;
	} else if (me->depth < LOCKDEP_HELD) {
		me->held[me->depth] = NONE;
	}
	me->depth++;
	local_irq_restore(flags);
	if (class == NONE)
		return;
	if (kind == LOCKDEP_MUTEX)
		note_use(class, IS_MUTEX);
	else if (!tried)
		check_context(class, me);
}

void lockdep_release(const char *name)
{
	struct lockdep_task *me = &current_head()->lockdep;
	unsigned int class = class_of(name), at;
	unsigned long flags;

	if (me->busy || panic_in_progress())
		return;
	flags = local_irq_save();
	/* Not always the last: locks need not be left in order. */
	for (at = MIN(me->depth, LOCKDEP_HELD); at && me->held[at - 1] != class; at--)
		;
	for (; at && at < me->depth && at < LOCKDEP_HELD; at++)
		me->held[at - 1] = me->held[at];
	if (me->depth)
		me->depth--;
	local_irq_restore(flags);
	lockdep_tell();
}

void lockdep_tell(void)
{
	struct lockdep_task *me = &current_head()->lockdep;

	if (me->busy || me->depth || me->irq || irqs_disabled() || panic_in_progress())
		return;
	me->busy = true;
	tell();
	me->busy = false;
}

void lockdep_sleep(void)
{
	const struct lockdep_task *me = &current_head()->lockdep;

	for (unsigned int i = 0; i < MIN(me->depth, LOCKDEP_HELD); i++) {
		unsigned int class = me->held[i];

		if (class != NONE &&
		    !(atomic_load_explicit(&classes[class].uses, memory_order_relaxed) & IS_MUTEX))
			find("sleeping while '%s' is held", name_of(class));
	}
}

unsigned int lockdep_findings(void)
{
	return atomic_load_explicit(&findings, memory_order_relaxed) -
	       atomic_load_explicit(&expected, memory_order_relaxed);
}

void lockdep_expect(unsigned int n)
{
	atomic_fetch_add_explicit(&expected, n, memory_order_relaxed);
}

/* The handlers, and around each of them what tells that this is an interrupt. */
static void (*software_handler)(void), (*external_handler)(void), (*timer_handler)(void);

/* The thread is another one afterwards if the handler has scheduled; each has its own count. */
#define WRAP(which)                              \
	static void in_##which##_interrupt(void) \
	{                                        \
		current_head()->lockdep.irq++;   \
		which##_handler();               \
		current_head()->lockdep.irq--;   \
	}
WRAP(software)
WRAP(external)
WRAP(timer)

/* When everybody has set theirs; this adds nothing to a boot without DEBUG. */
static int lockdep_init(void)
{
	software_handler = software_interrupt_handler;
	external_handler = external_interrupt_handler;
	timer_handler = timer_interrupt_handler;
	software_interrupt_handler = in_software_interrupt;
	external_interrupt_handler = in_external_interrupt;
	timer_interrupt_handler = in_timer_interrupt;
	return 0;
}
INITCALL_FIRST(INIT_MAIN, lockdep_init);

#endif
