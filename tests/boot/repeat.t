#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Boots again and again: each reaches the prompt with all harts, and in deterministic mode each is the
same to the instruction. BOOTS says how often (4; the complete matrix 100).
"""

import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scenario import FULL, PASSED, Scenario, Tap, boot, missing  # noqa: E402

BOOTS = int(os.environ.get('BOOTS') or (100 if FULL else 4))

MANY = [
    ('8 harts', '--smp 8', ''),
    ('16 harts', '--smp 16', ''),
    ('3 harts on threads, OpenSBI 1.5.1', '--smp 3 --bios 1.5.1', ''),
    ('8 harts, IPIs that nobody sent', '--smp 8', 'ipi-spurious=200'),
]

SAME = [
    ('2 harts', '--smp 2', 'bench=all'),
    ('5 harts', '--smp 5', 'bench=boot,bringup'),
    ('2 harts, the test firmware', '--smp 2 --bios test', 'bench=boot,bringup'),
]


def again(tap, name, args, rules):
    """To the prompt and out, BOOTS times."""
    what = f'{name}: {BOOTS} boots to the prompt'
    if missing(args):
        tap.skip(what, missing(args))
        return
    bad = []
    for n in range(BOOTS):
        outcome = boot(Scenario(what, f'{args} --send poweroff', rules=rules))
        prompts = [line for line in outcome.log.splitlines() if 'muster>' in line]
        if outcome.code != PASSED:
            bad.append(f'boot {n + 1}: scripts/check left with {outcome.code}\n{outcome.said}')
        elif prompts != ['muster> poweroff']:
            bad.append(f'boot {n + 1}: the prompt is {prompts}')
    tap.result(not bad, what, '\n'.join(bad[:3]))


def same(tap, name, args, append):
    """Each boot says what the first said, times and counts included."""
    what = f'{name}: {BOOTS} deterministic boots are one'
    if missing(args):
        tap.skip(what, missing(args))
        return
    first, bad = None, ''
    for n in range(BOOTS):
        outcome = boot(Scenario(what, f'{args} --deterministic', append))
        if outcome.code != PASSED:
            bad = f'boot {n + 1}: scripts/check left with {outcome.code}\n{outcome.said}'
            break
        first = first or outcome.log
        if outcome.log != first:
            pairs = zip(first.splitlines(), outcome.log.splitlines())
            bad = f'boot {n + 1} differs:\n' + '\n'.join(f'- {a}\n+ {b}' for a, b in pairs if a != b)
            break
    counted = first and re.search(r'unit=insn', first)
    tap.result(not bad and counted, what, bad or 'nothing was counted')


def main():
    """All of it."""
    tap = Tap()
    for row in MANY:
        again(tap, *row)
    for row in SAME:
        same(tap, *row)
    return tap.done()


sys.exit(main())
