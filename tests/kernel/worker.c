/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread as most are, which tells what it does. */
#include "tests/kernel/worker.h"

#include "core/cpu.h"
#include "tests/kernel/calls.h"
#include "threads/kthread.h"

static int work(void *data)
{
	struct worker *w = data;

	atomic_fetch_add(&w->begun, 1);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		if (kthread_should_park()) {
			__set_current_state(TASK_RUNNING);
			kthread_parkme();
			continue;
		}
		schedule();
		atomic_store(&w->inside, 1);
		while (atomic_load(&w->busy))
			yield();
		atomic_store(&w->cpu, smp_processor_id());
		atomic_store(&w->inside, 0);
		atomic_fetch_add(&w->rounds, 1);
	}
	__set_current_state(TASK_RUNNING);
	atomic_fetch_add(&w->ended, 1);
	return w->result;
}

bool make_worker(struct worker *w, int result)
{
	*w = (struct worker){.result = result};
	w->task = kthread_create(work, w, "worker");
	return !IS_ERR(w->task);
}

bool worker_has_begun(struct worker *w)
{
	wake_up_process(w->task);
	return reaches(&w->begun, 1);
}

bool sleeps_now(void *task)
{
	return state_of(task) == TASK_INTERRUPTIBLE;
}
