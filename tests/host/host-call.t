#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Faults planted in copies of the sources of calls, wake-ups and timers are caught on the host, each for a reason
that fits.

O is the build folder. Words on the command line pick plants by name.
"""

import sys

from plants import RACE, Plant, main

LOST = r'calls lost|timeouts|recovered|ran 0 times|accepted \d+ times, ran'
TWICE = r'ran [2-9]\d* times|calls lost: -'

WAKE = 'FAILED TEST'

DEAD = 'a dead hart|assertion'

# Of a push: what comes before its compare-exchange, and one that orders nothing.
LINK = '\t\tnode->next = (struct call_node *)old;\n\t} while (!'
RELAXED_CAS = ('atomic_compare_exchange_strong_explicit(&queue->head, &old, (uintptr_t)node, memory_order_relaxed, '
               'memory_order_relaxed));')

PLANTS = [
    Plant('the queue is flushed before it is closed', 'call', 'ipi/call.c',
          'newest = call_queue_close(&me->queue);',
          'newest = call_queue_take(&me->queue);\n\tif (newest)\n\t\trun_calls(me, newest);\n'
          '\tnewest = NULL;\n\tcall_queue_close(&me->queue);', LOST),
    Plant('a push succeeds on a closed queue', 'call', 'ipi/call_queue.h',
          'if (unlikely(old == CALL_QUEUE_CLOSED))\n\t\t\treturn CALL_PUSH_REFUSED;\n'
          '\t\tnode->next = (struct call_node *)old;',
          'node->next = old == CALL_QUEUE_CLOSED ? NULL : (struct call_node *)old;',
          LOST + '|closed|work left|assertion failed: was_closed'),
    Plant('the queue is drained before the line is acknowledged', 'call', 'tests/host/shim/irq.c',
          '\t\tcsr_clear(CSR_SIP, SIE_SSIE);\n\t\thost_interrupt();',
          '\t\thost_interrupt();\n\t\tcsr_clear(CSR_SIP, SIE_SSIE);', LOST),
    Plant('a push does not release', 'call', 'ipi/call_queue.h',
          LINK + 'cas8_release(&queue->head, &old, (uintptr_t)node));\n\treturn old',
          LINK + RELAXED_CAS + '\n\treturn old', RACE),
    Plant('a quiet push does not release', 'call', 'ipi/call_queue.h',
          LINK + 'cas8_release(&queue->head, &old, (uintptr_t)node));\n\treturn true',
          LINK + RELAXED_CAS + '\n\treturn true', RACE),
    Plant('a quiet push succeeds on an empty queue', 'call', 'ipi/call_queue.h',
          'if (unlikely(old <= CALL_QUEUE_CLOSED))', 'if (unlikely(old == CALL_QUEUE_CLOSED))', LOST),
    Plant('a take does not acquire', 'call', 'ipi/call_queue.h',
          'CALL_QUEUE_OPEN, memory_order_acquire)', 'CALL_QUEUE_OPEN, memory_order_relaxed)', RACE),
    Plant('the waiter does not acquire', 'call', 'ipi/internal.h',
          'return !atomic_load_explicit(&csd->locked, memory_order_acquire);',
          'return !atomic_load_explicit(&csd->locked, memory_order_relaxed);', RACE),
    Plant('a csd is freed before its function has run', 'call', 'ipi/call.c',
          '\tfunc(csd->info);\n\t/* Release: pairs with the waiter',
          '\tvoid *info = csd->info;\n\tstore_release(&csd->locked, CALL_FREE);\n\tfunc(info);\n\treturn;\n'
          '\t/* Release: pairs with the waiter', RACE + '|ran 0 times'),
    Plant('an async csd is freed before it is read', 'call', 'ipi/call.c',
          '\tsmp_call_func_t func = csd->func;\n\tvoid *info = csd->info;',
          '\tstore_release(&csd->locked, CALL_FREE);\n\tsmp_call_func_t func = csd->func;\n'
          '\tvoid *info = csd->info;',
          RACE + '|' + LOST + '|' + TWICE),
    Plant('next is read after the csd is free', 'call', 'ipi/call.c',
          '\t\tme->todo = node->next;\n\t\tif (unlikely(traced))\n\t\t\trun_traced(me, csd);\n\t\telse if '
          '(likely(csd_kind(csd) == CALL_ASYNC))\n\t\t\trun_async(me, csd);\n\t\telse\n\t\t\trun_other(me, csd);\n',
          '\t\trun_other(me, csd);\n\t\tme->todo = node->next;\n',
          'crash|' + RACE + '|' + LOST + '|' + TWICE + '|free was queued'),
    Plant('rings are saved on an open queue', 'call', 'ipi/call_queue.h',
          'return old == CALL_QUEUE_OPEN ?', 'return old == CALL_QUEUE_POLLING ?', LOST),
    Plant('whether to ring is decided by a look before the push', 'call', 'ipi/call_queue.h',
          '\t} while (!cas8_release(&queue->head, &old, (uintptr_t)node));\n\treturn old == CALL_QUEUE_OPEN ?',
          '\t} while (0);\n\tuintptr_t looked = old;\n\n'
          '\twhile (!cas8_release(&queue->head, &old, (uintptr_t)node)) {\n'
          '\t\tif (old == CALL_QUEUE_CLOSED)\n\t\t\treturn CALL_PUSH_REFUSED;\n'
          '\t\tnode->next = (struct call_node *)old;\n\t}\n\treturn looked == CALL_QUEUE_OPEN ?', LOST),
    Plant('what comes at the end of polling is left', 'call', 'ipi/call.c',
          'if (call_queue_poll_end(queue))\n\t\t\treturn interrupt;',
          'call_queue_poll_end(queue);\n\t\treturn interrupt;',
          LOST),
    Plant('newest first', 'call', 'ipi/call.c',
          'struct call_node *oldest = call_queue_reverse(newest);',
          'struct call_node *oldest = newest, *n = newest;\n\twhile (call_queue_more(n))\n'
          '\t\tn = n->next;\n\tn->next = NULL;', 'wrong order'),
    Plant('what comes late overtakes what was taken', 'call_wait:order_in_spite_of_nesting', 'ipi/call.c',
          '\tif (unlikely(me->todo))\n\t\tappend_calls(me, oldest);\n',
          '\tif (me->todo) {\n\t\tstruct call_node *rest = me->todo;\n\n\t\tme->todo = oldest;\n'
          '\t\tappend_calls(me, rest);\n\t}\n', r'order\[0\]|2 != 0x1|0x2 != 0x1'),
    Plant('a call that waits does not run others', 'call_wait:circles_with_interrupts_off', 'ipi/call_wait.c',
          'flush_own_calls(me);', '', LOST),
    Plant('a handler may come between a push and its ring', 'call_windows:interrupts_in_windows', 'ipi/internal.h',
          'unsigned long flags = local_irq_save();\n\tenum call_push',
          'unsigned long flags = 0;\n\tenum call_push', LOST),
    Plant('a handler may come while a broadcast owes rings', 'call_windows:interrupts_in_windows', 'ipi/call_many.c',
          'flags = local_irq_save();\n\tme =', 'flags = local_irq_save();\n\tlocal_irq_restore(flags);\n\tme =', LOST),
    Plant('a broadcast uses a csd in flight', 'call_windows', 'ipi/call_many.c',
          '\t\t\t\twait_for_csd(cfd, cpu, &rings, flags);', '\t\t\t\t;',
          'crash|free was queued|' + RACE + '|' + LOST + '|' + TWICE),
    Plant('a broadcast forgets that it is under way', 'call_windows:interrupts_in_windows', 'ipi/call_many.c',
          'store_relaxed(&cfd->busy, true);', '',
          'crash|too few|' + RACE + '|' + LOST + '|' + TWICE),
    Plant('a call runs where the caller has been moved to', 'call_windows:moves_in_windows', 'ipi/call.c',
          'bool here = me->cpu == cpu;', 'bool here = true;', 'ran on'),
    Plant('work is queued where the caller has been moved to', 'call_windows:moves_in_windows', 'ipi/irq_work.c',
          'bool here = me->cpu == cpu;', 'bool here = true;', 'ran on'),
    Plant('a broadcast passes over the cpu that it is on when it ends', 'call_windows:moves_in_windows',
          'ipi/call_many.c',
          'run_local(mask, me->cpu, func', 'run_local(mask, smp_processor_id(), func', 'ran|too few'),
    Plant('a broadcast looks for its data, then turns interrupts off', 'call_windows:moves_in_windows',
          'ipi/call_many.c',
          'flags = local_irq_save();\n\tme = this_cpu_ptr(&ipi_cpu);\n\tcfd = &me->many;\n',
          'me = this_cpu_ptr(&ipi_cpu);\n\tcfd = &me->many;\n\tflags = local_irq_save();\n',
          'ran|crash|too few|free was queued|' + RACE + '|' + LOST + '|' + TWICE),
    Plant('the wrong cpu is rung for a call without wait', 'call_wait:lost_ring_of_call_without_wait', 'ipi/call.c',
          'csd_lock_wait(csd, this_cpu(single_cpu));', 'csd_lock_wait(csd, cpu);', LOST + '|host_log'),
    Plant('a call that timed out is freed by its waiter', 'call_wait', 'ipi/call_timeout.c',
          'return -ETIMEDOUT;', 'kfree(call);\n\t\t\treturn -ETIMEDOUT;', 'crash|' + RACE + '|use-after-free'),
    Plant('a work is pending until its run is over', 'irq_work', 'ipi/irq_work.c',
          '\twork->func(work);\n', '\tatomic_fetch_or(&work->flags, IRQ_WORK_PENDING);\n\twork->func(work);\n'
          '\tatomic_fetch_and(&work->flags, ~IRQ_WORK_PENDING);\n', RACE + '|ran|assert|lost|idle'),
    Plant('who waits for a work only waits', 'irq_work:lost_ring', 'ipi/irq_work.c',
          '\t\t\twait_watch_look(&watch, (const void *)work->func, cpu);', '\t\t\t;', LOST),
    Plant('a work does not release at its end', 'irq_work:sync_orders', 'ipi/irq_work.c',
          'IRQ_WORK_RUNNING, memory_order_release)', 'IRQ_WORK_RUNNING, memory_order_relaxed)', RACE),
    Plant('who sleeps is taken over by a plain store', 'wake', 'threads/wake.c',
          'else\n\t\t\tcas_acq_rel(&task->home, &home, select_cpu(task, me));',
          'else\n\t\t\tstore_release(&task->home, select_cpu(task, me));', WAKE),
    Plant('who is still switching is taken over', 'wake', 'threads/wake.c',
          'if (home & TASK_ON_RQ)\n\t\t\tcpu_relax();', 'if (false)\n\t\t\tcpu_relax();', WAKE),
    Plant('who sleeps is woken at home by a plain store', 'wake', 'threads/wake.c',
          '\tif (!cas_acq_rel(&task->home, &home, me | TASK_ON_RQ))\n\t\treturn false;\n',
          '\tstore_release(&task->home, me | TASK_ON_RQ);\n', WAKE),
    Plant('a refused wake-up is given up', 'wake', 'threads/wake.c',
          'if (err == -EBUSY)\n\t\t\t\treturn;', 'return;', WAKE),
    Plant('a hotplug thread is taken over from its cpu, and waits for itself', 'wake', 'threads/wake.c',
          'if (task->stays)\n\t\t\treturn;', '', WAKE),
    Plant('timers stay on a dead hart', 'timer', 'core/timer.c', 'move_all(base, base_of(to), to);', ';', DEAD),
    Plant('a timer is armed by a dead hart', 'timer', 'core/timer.c', 'if (likely(is_online(to)))', 'if (true)', DEAD),
    Plant('a timer is sent to a dead hart', 'timer:hotplug', 'core/timer.c',
          'if (!is_online(cpu)) {', 'if (false) {', DEAD + '|assertion'),
    Plant('who inherits timers does not know', 'timer', 'core/timer.c',
          '\tfollow(base_of(to), to);\n\tfollow(base, cpu);', '\tfollow(base, cpu);', 'timers lost|assertion'),
    Plant('a timer moves before its lock is held', 'timer:hotplug', 'core/timer.c',
          'if (likely(cpu_of(timer) == from))', 'if (true)', 'crash|panic|assertion|' + RACE),
    Plant('a timer is taken from where its function runs', 'timer:hotplug', 'core/timer.c',
          'unlikely(runs_on(base_of(from), timer))', 'false', 'runs twice|' + RACE),
    Plant('who deletes a timer does not wait', 'timer:stuck', 'core/timer.c',
          'if (!runs_on(base, timer))', 'if (true)', 'crash|fired|assertion|' + RACE),
    Plant('a timer that hops is waited for where it was sent', 'timer:hops', 'core/timer.c',
          'timer->hopped = true;', ';', 'crash|assertion|' + RACE),
    Plant('a timer fires early', 'timer', 'core/timer.c',
          'base->root->expires <= now;', 'base->root->expires <= now + 3;', 'early|assertion'),
    Plant('the heap forgets the children of what is taken', 'timer', 'core/timer_heap.c',
          'return rest ? meld(root, rest) : root;', 'return root;', 'timers lost|assertion'),
]


if __name__ == '__main__':
    sys.exit(main(PLANTS))
