/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: switches between pthreads that share a hart. */
#include "arch/riscv/switch.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/tp.h"
#include "core/panic.h"

/*
 *              somebody switches to it                    it switches to another
 *   [ saved ] -------------------------> [ runs: turn ] -------------------------> [ saved ]
 */
struct host_thread {
	_Atomic unsigned int turn; /* it has been switched to, and has not seen it yet */
	_Atomic bool runs;
	bool over; /* its thread has ended */
	unsigned long tp;
	struct context *left; /* for it */
	void (*entry)(struct context *prev);
};

void (*host_thread_starts)(void);

static _Thread_local struct host_thread *self;

void host_futex_wait(_Atomic unsigned int *word, unsigned int value)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

void host_futex_wake(_Atomic unsigned int *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1 << 30, NULL, NULL, 0);
}

static struct host_thread *new_thread(void (*entry)(struct context *prev))
{
	struct host_thread *thread = calloc(1, sizeof(*thread));

	if (!thread)
		abort();
	thread->entry = entry;
	return thread;
}

/* Release and acquire: whatever runs on a hart runs one after the other. */
static void give_turn(struct host_thread *to)
{
	atomic_store_explicit(&to->turn, 1, memory_order_release);
	host_futex_wake(&to->turn);
}

static void wait_for_turn(void)
{
	while (!atomic_exchange_explicit(&self->turn, 0, memory_order_acquire))
		host_futex_wait(&self->turn, 0);
	if (self->over) {
		free(self);
		pthread_exit(NULL);
	}
	host_tp = self->tp;
}

static void *thread_main(void *arg)
{
	self = arg;
	host_irqs_on = false;
	wait_for_turn();
	if (host_thread_starts)
		host_thread_starts();
	self->entry(self->left);
	return NULL;
}

void context_init(struct context *ctx, void *top, void (*entry)(struct context *prev))
{
	struct host_thread **kept = (struct host_thread **)top - 2;
	struct host_thread *before = *kept;
	pthread_t pthread;
	pthread_attr_t attr;

	ctx->thread = *kept = new_thread(entry);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 1 << 20);
	if (pthread_create(&pthread, &attr, thread_main, ctx->thread)) {
		perror("pthread_create");
		abort();
	}
	pthread_attr_destroy(&attr);
	if (before) {
		before->over = true;
		give_turn(before);
	}
}

struct context *switch_context(struct context *prev, struct context *next)
{
	struct host_thread *to = next->thread;

	/* The pthread of a hart becomes a thread when it first switches. */
	if (!self) {
		self = new_thread(NULL);
		atomic_store_explicit(&self->runs, true, memory_order_relaxed);
	}
	prev->thread = self;
	if (atomic_exchange_explicit(&to->runs, true, memory_order_relaxed))
		panic("a thread that runs is switched to");
	to->tp = host_tp;
	to->left = prev;
	/* Saved: from here on it only waits. */
	atomic_store_explicit(&self->runs, false, memory_order_relaxed);
	give_turn(to);
	wait_for_turn();
	return self->left;
}
