#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Faults planted in copies of the sources of threads are caught on the host, each for a reason that fits.

O is the build folder. Words on the command line pick plants by name.
"""

import sys

from plants import RACE, Plant, main

LOST = 'wait for ever|waits for ever'

HELD = RACE + '|panic|crash|' + LOST

PLANTS = [
    Plant('a completion is not seen to be acquired', 'thread_wait', 'threads/completion.c',
          'atomic_load_explicit(&w->state, memory_order_acquire) == GOES_ON',
          'atomic_load_explicit(&w->state, memory_order_relaxed) == GOES_ON', RACE),
    Plant('a completion does not release', 'thread_wait', 'threads/completion.c',
          'store_release(&w->state, GOES_ON);', 'store_relaxed(&w->state, GOES_ON);', RACE),
    Plant('who completes looks at the waiter again', 'thread_wait', 'threads/completion.c',
          'wake_up_process(task);\n\tput_task_struct(task);', 'wake_up_process(w->task);\n\tput_task_struct(task);',
          RACE + '|crash'),
    Plant('who gives up does not look whether it is let go on', 'thread_wait', 'threads/completion.c',
          'if (gives_up(x, w))', 'if (gives_up(x, w) || true)', RACE + '|crash|panic|' + LOST),
    Plant('woken, and then let go on', 'thread_wait', 'threads/completion.c',
          'store_release(&w->state, GOES_ON);\n\twake_up_process(task);',
          'wake_up_process(task);\n\tstore_release(&w->state, GOES_ON);', LOST),
    Plant('looked at, and then announced', 'thread_wait', 'threads/wait.c',
          '\tset_current_state(state);\n\tspin_unlock_irqrestore(&wq->lock, flags);',
          '\tspin_unlock_irqrestore(&wq->lock, flags);\n\t__set_current_state(state);', LOST),
    Plant('a waiter leaves without acquiring', 'thread_wait', 'threads/wait.c',
          'if (!atomic_load_explicit(&wait->queued, memory_order_acquire))',
          'if (!atomic_load_explicit(&wait->queued, memory_order_relaxed))', RACE),
    Plant('a waiter is told before it is out of the queue', 'thread_wait', 'threads/wait.c',
          '\t\twake_up_process(wait->task);\n\t\tlist_del_init(&wait->entry);\n',
          '\t\tstore_release(&wait->queued, 0);\n\t\twake_up_process(wait->task);\n\t\tlist_del_init(&wait->entry);\n',
          RACE + '|crash'),
    Plant('a mutex is taken without acquiring', 'thread_wait', 'threads/mutex.c',
          'memory_order_acquire, memory_order_acquire);', 'memory_order_relaxed, memory_order_relaxed);', RACE),
    Plant('a mutex is left without releasing', 'thread_wait', 'threads/mutex.c',
          'cas_release(&lock->owner, &word, 0)',
          'atomic_compare_exchange_strong_explicit(&lock->owner, &word, 0, memory_order_relaxed, memory_order_relaxed)',
          RACE),
    Plant('who comes for a mutex does not mark it', 'thread_wait', 'threads/mutex.c',
          '&lock->owner, &word, word | MUTEX_WAITERS,', '&lock->owner, &word, word,', LOST),
    Plant('a mutex is handed over, and free', 'thread_wait', 'threads/mutex.c',
          '(uintptr_t)task | (list_empty(&lock->waiters) ? 0 : MUTEX_WAITERS));', '0);', RACE + '|two have'),
    Plant('an unpark before the park is lost', 'thread_park', 'threads/kthread.c',
          'if (!(flags & SHOULD_PARK))\n\t\treturn;', 'if (!(flags & PARKED))\n\t\treturn;', LOST),
    Plant('a park is answered whatever has become of it', 'thread_park', 'threads/kthread.c',
          'if (cas_acq_rel(&k->flags, &flags, flags | PARKED))\n\t\t\treturn true;',
          'atomic_fetch_or_explicit(&k->flags, PARKED, memory_order_acq_rel);\n\t\treturn true;', LOST),
    Plant('an unpark does not release', 'thread_park', 'threads/kthread.c',
          '~(SHOULD_PARK | PARKED), memory_order_acq_rel', '~(SHOULD_PARK | PARKED), memory_order_relaxed', RACE),
    Plant('what is asked of a thread is not acquired', 'thread_park', 'threads/kthread.c',
          'return atomic_load_explicit(&k->flags, memory_order_acquire);',
          'return atomic_load_explicit(&k->flags, memory_order_relaxed);', RACE),
    Plant('a park is over before the thread has left its cpu', 'thread_park', 'threads/kthread.c',
          ' || !wait_until_left(k))', ' || (flags & ENDED && !wait_until_left(k)))', 'has not left its cpu'),
    Plant('a stop leaves a parked thread parked', 'thread_park', 'threads/kthread.c',
          'kthread_unpark(task);\n\twake_up_process(task);', 'wake_up_process(task);', LOST),
    Plant('an unpark of one that has not answered tells nobody', 'thread_park', 'threads/kthread.c',
          '\telse\n\t\twake_up_all(&k->changed);', '', LOST),
    Plant('the function runs before it is known that all have come', 'stop_machine', 'threads/stop_machine.c',
          'arrive(ms, s, STAGE_DISABLE_IRQ);\n\twait_for_all(ms, s, STAGE_DISABLE_IRQ);',
          'arrive(ms, s, STAGE_DISABLE_IRQ);', HELD),
    Plant('the next stage begins before its count is set', 'stop_machine', 'threads/stop_machine.c',
          'store_release(&ms->progress, (stage + 1) << STAGE_SHIFT | harts);',
          'store_release(&ms->progress, (stage + 1) << STAGE_SHIFT);\n\tif (!(progress_of(ms) & MISSING))\n'
          '\t\tatomic_fetch_add_explicit(&ms->progress, harts, memory_order_release);', HELD),
    Plant('an arrival does not release', 'stop_machine', 'threads/stop_machine.c',
          '&ms->progress, 1, memory_order_acq_rel)', '&ms->progress, 1, memory_order_relaxed)', RACE),
    Plant('a stage is seen without acquiring', 'stop_machine', 'threads/stop_machine.c',
          'return atomic_load_explicit(&ms->progress, memory_order_acquire);',
          'return atomic_load_explicit(&ms->progress, memory_order_relaxed);', RACE),
    Plant('calls are run, and the arrival stands', 'stop_machine', 'threads/stop_machine.c',
          'if (!take_back_arrival(ms, stage))\n\t\treturn;\n\tflush_call_queue();\n\tarrive(ms, s, stage);',
          '(void)take_back_arrival;\n\t(void)s;\n\tflush_call_queue();', HELD),
    Plant('calls are left while others have to come', 'stop_machine', 'threads/stop_machine.c',
          'run_calls(ms, s, stage);\n', ';\n', LOST + '|stop_machine'),
    Plant('who has stopped all leaves first', 'stop_machine', 'threads/stop_machine.c',
          '\twait_for_all(ms, s, STAGE_EXIT);', '', HELD),
    Plant('two stop all at once', 'stop_machine', 'threads/stop_machine.c',
          '\tmutex_lock(&stop_machine_mutex);\n\tms.harts', '\tms.harts', HELD),
    Plant('a stopper tells, and then does', 'stop_machine', 'threads/stopper.c',
          'work->result = work->fn(work->arg);\n\t\tcomplete(&work->done);',
          'complete(&work->done);\n\t\twork->result = work->fn(work->arg);', HELD),
    Plant('a work is pending until it has run', 'workqueue', 'threads/worker.c',
          '\tworker->func(work);\n', '\tatomic_fetch_or_explicit(&work->state, WORK_PENDING, memory_order_acq_rel);\n'
          '\tworker->func(work);\n\tatomic_fetch_and_explicit(&work->state, ~WORK_PENDING, memory_order_acq_rel);\n',
          RACE + '|crash|ran [0-9]+ times|' + LOST),
    Plant('a work is queued where it does not run', 'workqueue', 'threads/workqueue.c',
          'while (!pool_runner(pool, work)) {', 'while (true) {', RACE + '|has not run|ran '),
    Plant('a flush does not wait for what is only queued', 'workqueue', 'threads/workflush.c',
          'if (queued && pool_lists(pool, work)) {', 'if (false && pool_lists(pool, work)) {',
          RACE + '|crash|has not run'),
    Plant('a work is over before it has run', 'workqueue', 'threads/worker.c',
          '\tif (pool_next(pool))\n\t\tpool_see_to_it(pool);\n',
          '\tpool_end_listing(pool, worker->seq);\n\tif (pool_next(pool))\n\t\tpool_see_to_it(pool);\n',
          RACE + '|crash|has not run'),
    Plant('who cancels does not wait', 'workqueue', 'threads/workqueue.c',
          'wait_for_work(work, false, "cancel_work_sync");', '', RACE + '|crash|panic'),
    Plant('a work may queue itself while it is cancelled', 'workqueue', 'threads/workqueue.c',
          'wait_for_work(work, false, "cancel_work_sync");\n\tgive_pending_back(work);',
          'give_pending_back(work);\n\twait_for_work(work, false, "cancel_work_sync");', RACE + '|crash|panic|' + LOST),
    Plant('a worker announces its rest too late', 'workqueue', 'threads/worker.c',
          '\tleaves = pool->nr_idle > 1;\n\tspin_unlock_irqrestore(&pool->lock, flags);\n',
          '\tleaves = pool->nr_idle > 1;\n\t__set_current_state(TASK_RUNNING);\n'
          '\tspin_unlock_irqrestore(&pool->lock, flags);\n\t__set_current_state(TASK_INTERRUPTIBLE);\n', LOST),
    Plant('a flush of all begins with the next color only', 'workqueue', 'threads/workflush.c',
          'none = !wq->listed[wq->color];\n\twq->color = !wq->color;',
          'wq->color = !wq->color;\n\tnone = !wq->listed[wq->color];', RACE + '|crash|has not run'),
]

if __name__ == '__main__':
    sys.exit(main(PLANTS))
