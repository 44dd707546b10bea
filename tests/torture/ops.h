/* SPDX-License-Identifier: BSD-2-Clause */
/* What the operations share: how they draw, and what they do with tickets. */
#ifndef TESTS_TORTURE_OPS_H
#define TESTS_TORTURE_OPS_H

#include "arch/riscv/csr.h"
#include "arch/riscv/irqflags.h"
#include "tests/torture/internal.h"

static inline uint64_t *stream(struct torturer *me)
{
	/*
	 * Handlers draw from their own: where they interrupt does not change what hart context
	 * draws next.
	 */
	return irqs_disabled() ? &me->handler_random : &me->random;
}

static inline bool one_in(struct torturer *me, unsigned int n)
{
	return !random_below(stream(me), n);
}

static inline unsigned int any_cpu(struct torturer *me)
{
	return torture_any_cpu(stream(me));
}

/* Another one, if any other takes part. */
unsigned int other_cpu(struct torturer *me);

static inline void count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Half of them with interrupts off, where a caller must serve others while it waits. */
static inline unsigned long maybe_irq_off(struct torturer *me)
{
	return one_in(me, 2) ? local_irq_save() : (irqs_disabled() ? 0 : SR_SIE);
}

/* A ticket for a call that is about to be tried; NULL, which is counted, if all are out. */
struct ticket *prepare(struct torturer *me, unsigned int target);

/* After an answer: books or drops, and counts. */
void answered(struct torturer *me, struct ticket *t, unsigned int target, uint64_t value, int err);

/* singles.c: calls of one cpu. */
void single_wait(struct torturer *me, unsigned int target);
void async(struct torturer *me, unsigned int target);
void op_single_wait(struct torturer *me);
void op_single_nowait(struct torturer *me);
void op_async(struct torturer *me);
void op_timeout(struct torturer *me);
void op_nonsense(struct torturer *me);

/* broadcasts.c */
void op_many(struct torturer *me);
void op_any(struct torturer *me);

/* irq_works.c */
void op_irq_work(struct torturer *me);

/* pauses.c: nothing is called. */
void op_pause(struct torturer *me);
void op_close(struct torturer *me);

#endif
