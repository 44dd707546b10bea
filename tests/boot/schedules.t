#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Seeded schedules of the real image: SEEDS (25) of each kind of work pass, and each bug planted in
the protocols is caught within 25. A few seeds are run without a plant as those with one are.

schedules.t [WORD]...   only plants whose name holds a word.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

TOP = Path(__file__).resolve().parents[2]
OUT = Path(os.environ.get('O', TOP / 'build'))
CAUGHT_WITHIN = 25
# Of the processors' time: several times what a seed that passes takes. Half of it without a word is too long, too.
PATIENCE_S = {'calls': '8', 'threads': '4'}
# Its boots cost a fifth of OpenSBI's, which prints much; what is planted is in the kernel.
PLANTS_BIOS = 'test'
# So much that a plant shows in every fifth seed at least, or one in 25 may well not show it.
OPTIONS = {'calls': ['--ops', '1000'], 'threads': []}
# Many seeds in a boot, where nothing is planted.
OPTIONS_AS_IT_IS = ['--rounds', '5']
# Till then most plants have been caught.
CONTROL_SEEDS = 8
CPUS = min(4, os.cpu_count() or 1)

# What is wrong, file, text as it is, text as it must never be. The text occurs once.
PLANTS = {'calls': [
    ('a queue is flushed, then closed', 'ipi/call.c',
     '	newest = call_queue_close(&me->queue);\n	if (newest)\n		run_calls(me, newest);\n',
     '	newest = call_queue_take(&me->queue);\n	if (newest)\n		run_calls(me, newest);\n'
     '	atomic_store(&me->queue.head, CALL_QUEUE_CLOSED);\n'),
    ('a closed queue takes calls', 'ipi/call_queue.h',
     'if (unlikely(old == CALL_QUEUE_CLOSED))\n			return CALL_PUSH_REFUSED;\n'
     '		node->next = (struct call_node *)old;',
     'node->next = (struct call_node *)(old == CALL_QUEUE_CLOSED ? CALL_QUEUE_OPEN : old);'),
    ('acknowledged after the handler', 'arch/riscv/trap_entry.S',
     '	csrci	CSR_SIP, 1 << IRQ_S_SOFT\n	fence	iorw, iorw\n	ld	t0, software_interrupt_handler\n	jalr	t0\n',
     '	ld	t0, software_interrupt_handler\n	jalr	t0\n	csrci	CSR_SIP, 1 << IRQ_S_SOFT\n'),
    ('never rung while polling is ended', 'ipi/call.c',
     '		if (call_queue_poll_end(queue))\n			return interrupt;\n',
     '		call_queue_poll_end(queue);\n		return interrupt;\n'),
    ('calls taken in two steps', 'ipi/call_queue.h',
     '	return call_queue_nodes(\n		atomic_exchange_explicit(&queue->head, CALL_QUEUE_OPEN, memory_order_acquire));\n',
     '	uintptr_t head = atomic_load(&queue->head);\n\n	atomic_store(&queue->head, CALL_QUEUE_OPEN);\n'
     '	return call_queue_nodes(head);\n'),
    ('freed before the function has run', 'ipi/call.c',
     '	func(csd->info);\n	/* Release: pairs with',
     '	store_release(&csd->locked, CALL_FREE);\n	func(csd->info);\n	return;\n	/* Release: pairs with'),
    ('a csd used while in flight', 'ipi/call.c', '	csd_lock_wait(csd, this_cpu(single_cpu));\n', ''),
    ('newest first', 'ipi/call.c',
     'call_queue_reverse(newest);\n\n	if (unlikely(me->todo))',
     'newest;\n\n	if (unlikely(me->todo))'),
    ('what a run has not come to is forgotten', 'ipi/call.c', '	while (*tail)\n		tail = &(*tail)->next;\n', ''),
    ('a broadcast does not wait', 'ipi/call_many.c',
     '	if (scf_flags & SCF_WAIT)\n		wait_many(cfd);\n', '	if (scf_flags & SCF_WAIT && !n)\n		wait_many(cfd);\n'),
], 'threads': [
    ('no way back where a row of hotplug fails', 'core/hotplug_move.c',
     '	if (err)\n		roll_back(cpu, st, from, target, err);\n',
     '	if (err && from < 0)\n		roll_back(cpu, st, from, target, err);\n'),
    ('it is not awaited that a hart has stopped', 'threads/cpuhp.c',
     '	return wait_dead(cpu, deadline_ms(STOP_MS));\n', '	return 0;\n'),
    ('timers stay on a dead hart', 'core/timer.c',
     '	move_all(base, base_of(to), to);\n', '	(void)move_all;\n'),
    ('runnable threads stay on a dead hart', 'threads/sched.c',
     '			send_away(task, select_cpu(task, cpu));\n', '			(void)cpu;\n'),
    ('a hart stops while firmware waits for it', 'ipi/rfence.c',
     '		await_request(other);\n', '		(void)await_request;\n'),
    ('an unpark before the park is lost', 'threads/kthread.c',
     '	if (!(flags & SHOULD_PARK))\n		return;\n', '	if (!(flags & PARKED))\n		return;\n'),
    ('a park is over before the thread has left its hart', 'threads/kthread.c',
     ' || !wait_until_left(k))', ' || (flags & ENDED && !wait_until_left(k)))'),
    ('a wake-up of who is about to sleep is lost', 'threads/wake.c',
     '		if (atomic_load_explicit(&task->state, memory_order_relaxed) != TASK_DEAD)\n'
     '			store_relaxed(&task->state, TASK_RUNNING);\n		return true;\n', '		return true;\n'),
    ('a refused wake-up is given up', 'threads/wake.c', '			if (err == -EBUSY)\n				return;\n', '			return;\n'),
    ('who sleeps on a dead hart is not taken over', 'threads/wake.c',
     '			cas_acq_rel(&task->home, &home, select_cpu(task, me));\n', '			return;\n'),
    ('ON_RQ goes before the context is saved', 'threads/sched.c',
     '		prev->leaving = LEAVES_SLEEPING;\n',
     '		prev->leaving = LEAVES_SLEEPING;\n		store_release(&prev->home, smp_processor_id());\n'),
    ('who moves is sent before its context is saved', 'threads/sched.c',
     '		prev->leaving = LEAVES_MOVING;\n		rq_add_nr(q, -1);\n',
     '		rq_add_nr(q, -1);\n		send_away(prev, prev->move_to);\n		prev->move_to = CPU_ANY;\n'),
]}


class Trees:
    """
    Copies of the tree, each built once, or copied with what was built in it: a plant costs what it changes. One for
    each processor.
    """

    def __init__(self, folder, count):
        self.free = SimpleQueue()
        first = Path(folder) / 'tree-0'
        files = subprocess.run(['git', 'ls-files'], cwd=TOP, stdout=subprocess.PIPE, text=True, check=True)
        for name in files.stdout.split():
            if (TOP / name).is_file():
                (first / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(TOP / name, first / name)
        (first / '.cache').symlink_to(TOP / '.cache')
        # As make sees it: what was built under another name is built anew.
        others = shutil.ignore_patterns('llvm', 'debug', 'bare', 'host', 'fuzz', 'schedules')
        shutil.copytree(OUT, first / 'build', ignore=others)
        self.broken = make(first, count)
        self.free.put(first)
        for number in range(1, count):
            other = first.with_name(f'tree-{number}')
            shutil.copytree(first, other, symlinks=True)
            self.free.put(other)


def make(tree, jobs):
    """Builds a tree; returns what the compiler says if it does not."""
    done = subprocess.run(['make', f'-j{jobs}', 'O=build', 'build/Image'], cwd=tree, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout if done.returncode else None


def write(tree, path, text):
    """
    Changes a file of a tree. Of a header make is not told, but for what is compiled in the same folder: all else that
    includes it has no use for what is planted.
    """
    file = tree / path
    before = file.stat()
    file.write_text(text, encoding='utf-8')
    if file.suffix == '.h':
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        for compiled in (tree / 'build' / path).parent.glob('*.o'):
            compiled.unlink()


def plant(tree, path, texts):
    """Changes a file; returns its old content, or None if the place is not there."""
    old = new = (tree / path).read_text(encoding='utf-8')
    for good, bad in zip(texts[::2], texts[1::2]):
        if new.count(good) != 1:
            return None
        new = new.replace(good, bad)
    write(tree, path, new)
    return old


def schedules(image, work, *options):
    """Runs seeds; (status, output)."""
    done = subprocess.run([TOP / 'scripts/schedules', '--work', work, *options, image],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    return done.returncode, done.stdout


def as_with_plant(work, seeds):
    """Options for so many seeds as those with a plant are run."""
    return [*OPTIONS[work], '--seeds', str(seeds), '--bios', PLANTS_BIOS, '--patience', PATIENCE_S[work]]


def caught(trees, work, path, texts):
    """
    Plants a bug, looks for a seed that fails, and takes it out again: None if one did, else what
    went wrong.
    """
    if trees.broken:
        return trees.broken
    tree = trees.free.get()
    old = plant(tree, path, texts)
    try:
        if old is None:
            return f'{path} does not hold the text any more: plant it anew'
        said = make(tree, 1)
        if said:
            return said
        status, said = schedules(tree / 'build/Image', work, *as_with_plant(work, CAUGHT_WITHIN), '--stop', '1',
                                 '--jobs', '1')
        return None if status == 1 and '\nFAILED seed' in f'\n{said}' else f'not caught (status {status})\n{said}'
    finally:
        if old is not None:
            write(tree, path, old)
        trees.free.put(tree)


def result(number, name, wrong):
    """One line of TAP, with what went wrong."""
    print(f'{"not " if wrong else ""}ok {number} - {name}', flush=True)
    for line in (wrong or '').splitlines():
        print(f'# {line}', flush=True)
    return bool(wrong)


def main():
    """The seeds first, then the plants."""
    words = sys.argv[1:]
    plants = [(work, *row) for work, rows in PLANTS.items() for row in rows
              if not words or any(word in row[0] for word in words)]
    images = [] if words else [run for work in PLANTS for run in (
        (work, 'many in a boot', OPTIONS_AS_IT_IS), (work, 'as with a plant', as_with_plant(work, CONTROL_SEEDS)))]
    print(f'1..{len(images) + len(plants)}', flush=True)
    failed = number = 0
    for number, (work, name, options) in enumerate(images, 1):
        status, said = schedules(OUT / 'Image', work, *options)
        failed += result(number, f'nothing planted: {work}, {name}', said if status else None)
    with tempfile.TemporaryDirectory(prefix='muster-schedules-') as folder, ThreadPoolExecutor(CPUS) as pool:
        trees = Trees(folder, CPUS)
        futures = [(name, pool.submit(caught, trees, work, path, texts))
                   for work, name, path, *texts in plants]
        for number, (name, future) in enumerate(futures, number + 1):
            failed += result(number, f'caught: {name}', future.result())
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
