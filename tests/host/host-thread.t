#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Faults planted in copies of the sources of threads are caught on the host, each for a reason that fits.

O is the build folder. Words on the command line pick plants by name.
"""

import sys

from plants import RACE, Plant, main

LOST = 'wait for ever|waits for ever'

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
]

if __name__ == '__main__':
    sys.exit(main(PLANTS))
