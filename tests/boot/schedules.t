#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Seeded schedules of the real image: SEEDS (25) pass, and each bug planted in the protocols is caught
within 25.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
OUT = Path(os.environ.get('O', TOP / 'build'))
CAUGHT_WITHIN = 25

# What is wrong, file, text as it is, text as it must never be. The text occurs once.
PLANTS = [
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
    ('rung by a look before the push', 'ipi/call_queue.h',
     'memory_order_relaxed);\n\n	do {\n		if (unlikely(old == CALL_QUEUE_CLOSED))',
     'memory_order_relaxed), looked = old;\n\n#define old_is_open (looked == CALL_QUEUE_OPEN)\n'
     '	do {\n		if (unlikely(old == CALL_QUEUE_CLOSED))',
     'return old == CALL_QUEUE_OPEN ?', 'return old_is_open ?'),
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
    ('read after it was freed', 'ipi/call.c',
     '	store_release(&csd->locked, CALL_FREE);\n	func(info);\n',
     '	(void)info;\n	store_release(&csd->locked, CALL_FREE);\n'
     '	((volatile struct call_single_data *)csd)->func(((volatile struct call_single_data *)csd)->info);\n'),
    ('a csd used while in flight', 'ipi/call.c', '	csd_lock_wait(csd, this_cpu(single_cpu));\n', ''),
    ('newest first', 'ipi/call.c',
     'call_queue_reverse(newest);\n\n	if (unlikely(me->todo))',
     'newest;\n\n	if (unlikely(me->todo))'),
    ('what a run has not come to is forgotten', 'ipi/call.c', '	while (*tail)\n		tail = &(*tail)->next;\n', ''),
    ('work is pending until its function is over', 'ipi/irq_work.c',
     'IRQ_WORK_RUNNING - IRQ_WORK_PENDING,', 'IRQ_WORK_RUNNING,',
     'atomic_fetch_sub_explicit(&work->flags, IRQ_WORK_RUNNING, memory_order_release)',
     'atomic_fetch_sub_explicit(&work->flags, IRQ_WORK_RUNNING + IRQ_WORK_PENDING, memory_order_release)'),
    ('a broadcast does not wait', 'ipi/call_many.c',
     '	if (scf_flags & SCF_WAIT)\n		wait_many(cfd);\n', '	if (scf_flags & SCF_WAIT && !n)\n		wait_many(cfd);\n'),
]


class Tree:
    """A copy of the tree, built once; a plant costs what it changes."""

    def __init__(self, folder):
        self.dir = Path(folder) / 'tree'
        files = subprocess.run(['git', 'ls-files'], cwd=TOP, stdout=subprocess.PIPE, text=True, check=True)
        for name in files.stdout.split():
            if (TOP / name).is_file():
                (self.dir / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(TOP / name, self.dir / name)
        (self.dir / '.cache').symlink_to(TOP / '.cache')

    def make(self):
        """Builds it; returns what the compiler says if it does not."""
        done = subprocess.run(['make', '-j2', 'O=build', 'all'], cwd=self.dir, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        return done.stdout if done.returncode else None

    def plant(self, path, texts):
        """Changes a file; returns its old content, or None if the place is not there."""
        old = new = (self.dir / path).read_text(encoding='utf-8')
        for good, bad in zip(texts[::2], texts[1::2]):
            if new.count(good) != 1:
                return None
            new = new.replace(good, bad)
        (self.dir / path).write_text(new, encoding='utf-8')
        return old


def schedules(image, *options):
    """Runs seeds; (status, output)."""
    done = subprocess.run([TOP / 'scripts/schedules', *options, image], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def caught(tree, path, texts):
    """
    Plants a bug, looks for a seed that fails, and takes it out again: None if one did, else what
    went wrong.
    """
    old = tree.plant(path, texts)
    if old is None:
        return f'{path} does not hold the text any more: plant it anew'
    try:
        said = tree.make()
        if said:
            return said
        status, said = schedules(tree.dir / 'build/Image', '--seeds', str(CAUGHT_WITHIN), '--stop', '1')
        return None if status == 1 else f'not caught (status {status})\n{said}'
    finally:
        (tree.dir / path).write_text(old, encoding='utf-8')


def result(number, name, wrong):
    """One line of TAP, with what went wrong."""
    print(f'{"not " if wrong else ""}ok {number} - {name}', flush=True)
    for line in (wrong or '').splitlines():
        print(f'# {line}', flush=True)
    return bool(wrong)


def main():
    """The seeds first, then the plants."""
    print(f'1..{1 + len(PLANTS)}', flush=True)
    status, said = schedules(OUT / 'Image')
    failed = result(1, 'the image as it is', said if status else None)
    with tempfile.TemporaryDirectory(prefix='muster-schedules-') as folder:
        tree = Tree(folder)
        said = tree.make()
        for number, (name, path, *texts) in enumerate(PLANTS, 2):
            failed += result(number, f'caught: {name}', said or caught(tree, path, texts))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
