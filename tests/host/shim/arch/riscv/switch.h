/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: a thread of the kernel is a pthread, and runs while it has a hart's turn. */
#ifndef ARCH_RISCV_SWITCH_H
#define ARCH_RISCV_SWITCH_H

struct host_thread;

struct context {
	struct host_thread *thread;
};

/*
 * As the kernel's: hands the hart's turn over, and waits until somebody hands it, or another
 * hart's, back. Panics if next has a turn already: one thread would run on two harts.
 */
struct context *switch_context(struct context *prev, struct context *next);

/*
 * Makes a pthread for it, which waits; the one that was there for the thread that has left this
 * stack ends. The stack itself is the pthread's own: top is where its name is kept, below the word
 * that threads/task.c needs.
 */
void context_init(struct context *ctx, void *top, void (*entry)(struct context *prev));

/* Called by each such pthread before entry, on its first hart. Or NULL. */
extern void (*host_thread_starts)(void);

/*
 * Sleeps while *word is value, or less long; wakes all who do. Unlike what pthreads offer it orders
 * nothing, and the thread sanitizer does not take it for an order.
 */
void host_futex_wait(_Atomic unsigned int *word, unsigned int value);
void host_futex_wake(_Atomic unsigned int *word);

#endif
