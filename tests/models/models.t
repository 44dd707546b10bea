#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Searches every model here exhaustively, and each of its mutants until it is caught. Prints TAP.

models.t [MODEL]...   MODELS=full in the environment adds the searches that take minutes.

A model is NAME.pml, for spin. A mutant is any name MUTANT_* in it: defined, it plants an error that must be found.
LIMIT_* names an assumption in the same way: without it the claim is false, and that must be found, too. Steps that a
model marks with the comment "must happen" must be reached in one of its searches, so that none passes for want of
anything happening.
"""

import functools
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent

# What is searched: the constants of each search, and (full) those on demand only.
SEARCHES = {
    'queue': ['SENDERS=2 CALLS=2 CSDS=2 LIVES=2', 'SENDERS=2 CALLS=2 CSDS=1 LIVES=2',
              'SENDERS=3 CALLS=1 CSDS=1 LIVES=1'],
    'fences': ['WINDOW=1', 'WINDOW=2', 'WINDOW=3', 'WINDOW=4', 'WINDOW=5'],
    'nested': ['HARTS=2 DEPTH=2 PAIR', 'HARTS=2 DEPTH=4', 'HARTS=3 DEPTH=1 PAIR'],
    'watchdog': ['LOSSES=2'],
    'irq_work': ['ROUNDS=1', 'ROUNDS=2'],
    'reasons': ['SENDS=2 LIVES=2'],
    'boot_record': ['STARTS=3'],
    'hotplug': ['CONTROLS=1 OPS=3', 'CONTROLS=2 OPS=1'],
    'hsm': ['BACK=0', 'BACK=1', 'BACK=1 LATE=0'],
    'timed': [''],
    'sched': ['CPUS=2 WAKES=2', 'CPUS=3 HOPS=0 WAKES_0=0', 'CPUS=2 WAKES=2 HOPS=0 LIVES=3 STAYS'],
    'park': ['ROUNDS=2 UNPARKER PATIENT', 'ROUNDS=2 WAKER KEEPS', 'ROUNDS=1 TWO UNPARKER'],
    'stop_machine': ['', 'CROSS'],
    'workqueue': ['', 'CANCEL'],
    'timer_move': ['OPS=2 LIVES=2 AGAIN=1'],
}
FULL = {
    'queue': ['SENDERS=2 CALLS=3 CSDS=1 LIVES=2', 'SENDERS=2 CALLS=3 CSDS=2 LIVES=1',
              'SENDERS=3 CALLS=2 CSDS=1 LIVES=2'],
    'nested': ['HARTS=3 DEPTH=2'],
    'watchdog': ['LOSSES=4'],
    'sched': ['CPUS=3 WAKES_0=0', 'CPUS=3 HOPS=0'],
    'park': ['ROUNDS=2 TWO UNPARKER WAKER KEEPS'],
    'timer_move': ['HARTS=3', 'HARTS=3 LIVES=2 AGAIN=1'],
}
DEPTH = 100000
WANT_ALL = os.environ.get('MODELS') == 'full'
DEADLINE_S = 1200 if WANT_ALL else 120
# On demand: slower, in less memory. Else to compile a search well costs more than it saves: most are mutants.
COMPILE = ['gcc', '-O2', '-DCOLLAPSE'] if WANT_ALL else ['tcc']


class Broken(Exception):
    """The search could not be made, or says nothing."""


def call(*command, cwd, deadline=DEADLINE_S):
    """Output of a command; Broken if it is missing, takes too long, or (but for ./pan) fails."""
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=deadline)
    except FileNotFoundError:
        raise Broken(f'{command[0]} is missing: scripts/setup check') from None
    except subprocess.TimeoutExpired:
        raise Broken(f'{command[0]} took longer than {deadline} s') from None
    output = done.stdout + done.stderr
    if done.returncode and command[0] != './pan':
        raise Broken(f'{command[0]} fails:\n{output}')
    return output


class Search:
    """One exhaustive search: its verdict, how many states, and which marked lines were not reached."""

    def __init__(self, path, constants, mutant=None):
        defines = [f'-D{constant}' for constant in constants.split()] + ([f'-D{mutant}'] if mutant else [])
        with tempfile.TemporaryDirectory(prefix='muster-model-') as folder:
            # Steps are not merged (-o3), so that each that is not reached is told.
            call('spin', '-a', '-o3', *defines, str(path), cwd=folder)
            call(*COMPILE, '-w', '-DSAFETY', '-DMEMLIM=4000', '-o', 'pan', 'pan.c', cwd=folder)
            # A mutant is found among few states.
            self.output = call('./pan', f'-m{DEPTH}', '-w18' if mutant else '-w23', cwd=folder)
        states = re.search(r'^\s*([0-9.e+]+) states, stored', self.output, re.M)
        errors = re.search(r'errors: (\d+)$', self.output, re.M)
        if not states or not errors:
            raise Broken('the search has no result:\n' + self.output)
        for sign in ('Search not completed', 'max search depth too small', 'out of memory', 'MEMLIM', 'hash compact',
                     'bit-state', 'aborted'):
            if sign in self.output and not (mutant and int(errors[1])):
                raise Broken(f'the search is not whole ({sign}):\n' + self.output)
        if 'Full statespace search' not in self.output or not re.search(r'assertion violations\s+\+', self.output) or \
                not re.search(r'invalid end states\s+\+', self.output):
            raise Broken('the search is not a full one:\n' + self.output)
        self.states = int(float(states[1]))
        self.found = re.findall(r'^pan:\d+: ((?:assertion violated|invalid end state).*)', self.output, re.M)
        if bool(self.found) != bool(int(errors[1])):
            raise Broken('the search ended in something else than a property:\n' + self.output)
        source = path.read_text(encoding='utf-8').splitlines()
        lines = {int(line) for line in re.findall(r'^\s+\S*:(\d+), state \d+, ', self.output, re.M)}
        self.missed = {line for line in lines if 'must happen' in source[line - 1]}


class Tap:
    """Numbers and prints results; ends with the plan."""

    def __init__(self):
        self.number = self.failed = 0

    def result(self, good, name, explanation=''):
        """One result line, and remarks where it is bad."""
        self.number += 1
        self.failed += not good
        print(f'{"ok" if good else "not ok"} {self.number} - {name}', flush=True)
        for line in '' if good else explanation.splitlines():
            print(f'# {line}', flush=True)


def names_of(path, kind):
    """The names of mutants or limits in a model, in order, once each."""
    return list(dict.fromkeys(re.findall(rf'\b{kind}_\w+', path.read_text(encoding='utf-8'))))


def search_timed(path, constants):
    """A search, or what is wrong with it, and how long it took."""
    start = time.monotonic()
    try:
        return Search(path, constants), time.monotonic() - start
    except Broken as broken:
        return broken, time.monotonic() - start


@functools.cache
def text_of(path, constants, mutant=''):
    """The model as it is searched."""
    defines = [f'-D{constant}' for constant in f'{constants} {mutant}'.split()]
    return call('cpp', '-P', *defines, str(path), cwd=HERE)


def search_wrong(path, wrong):
    """What is found in the first search that finds something; None: nothing; or what is wrong with the search."""
    try:
        for constants in SEARCHES.get(path.stem, ['']):
            if text_of(path, constants, wrong) == text_of(path, constants):
                continue
            search = Search(path, constants, wrong)
            if search.found:
                return search.found[0]
        return None
    except Broken as broken:
        return broken


class Model:
    """The model itself, then what must be found in it when something is wrong; all searches handed to a pool."""

    def __init__(self, pool, path):
        self.path, self.name = path, path.stem
        searches = SEARCHES.get(self.name, ['']) + (FULL.get(self.name, []) if WANT_ALL else [])
        self.searches = [(constants, pool.submit(search_timed, path, constants)) for constants in searches]
        self.wrongs = [(wrong, pool.submit(search_wrong, path, wrong))
                       for wrong in names_of(path, 'MUTANT') + names_of(path, 'LIMIT')]

    def tell(self, tap):
        """The results, as they come, in order."""
        missed = None
        for constants, future in self.searches:
            title = f'{self.name} {constants}'.strip()
            search, took = future.result()
            if isinstance(search, Broken):
                tap.result(False, title, str(search))
                continue
            missed = search.missed if missed is None else missed & search.missed
            tap.result(not search.found, f'{title}: {search.states} states, {took:.1f} s', search.output)
        for line in sorted(missed or ()):
            tap.result(False, f'{self.name}:{line} never happens')
        if not self.wrongs:
            tap.result(False, f'{self.name} has mutants')
        for wrong, future in self.wrongs:
            found = future.result()
            if isinstance(found, Broken):
                tap.result(False, f'{self.name} {wrong}', str(found))
            else:
                tap.result(found, f'{self.name} {wrong}: {found or "not caught"}')


# Models that must not pass: what would be a false proof. Then one that must.
BAD = {
    'an assertion that fails': 'byte x; active proctype p() { x++; assert(x == 0) }',
    'a process that never ends': 'byte x; active proctype p() { x == 1 }',
    'a depth that does not suffice': 'int x; active proctype p() { do :: x < 110000 -> x++ :: else -> break od }',
    'what must happen and does not': 'byte x;\nactive proctype p() { if\n:: x == 1 -> x = 3 /* must happen */\n'
                                     ':: x == 0 -> x = 2\nfi }',
    'no syntax': 'active proctype p() { nonsense }',
}
GOOD = 'byte x;\nactive proctype p() { if\n:: x == 0 -> x = 3 /* must happen */\n:: x == 1 -> x = 2\nfi }'


def check_judge(tap):
    """The search itself notices what it must."""
    with tempfile.TemporaryDirectory(prefix='muster-model-') as folder:
        path = Path(folder, 'bad.pml')
        for what, text in BAD.items():
            path.write_text(text, encoding='utf-8')
            try:
                search = Search(path, '')
                tap.result(search.found or search.missed, f'judge: {what} is no proof', search.output)
            except Broken:
                tap.result(True, f'judge: {what} is no proof')
        path.write_text(GOOD, encoding='utf-8')
        try:
            search = Search(path, '')
            tap.result(not search.found and not search.missed, 'judge: what holds is proved', search.output)
        except Broken as broken:
            tap.result(False, 'judge: what holds is proved', str(broken))


def main():
    """Runs all, or the models that are named."""
    tap = Tap()
    check_judge(tap)
    paths = [HERE / f'{name}.pml' for name in sys.argv[1:]] or sorted(HERE.glob('*.pml'))
    # So many searches at a time: one needs up to 1 GB.
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        for model in [Model(pool, path) for path in paths]:
            model.tell(tap)
    for name in sorted(set(SEARCHES) - {path.stem for path in HERE.glob('*.pml')}):
        tap.result(False, f'{name}: its model is missing')
    print(f'1..{tap.number}', flush=True)
    sys.exit(tap.failed > 0)


if __name__ == '__main__':
    main()
