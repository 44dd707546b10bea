#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Kernel parameters do what they say; one that is unknown or malformed is named and ignored."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scenario import FAILED, Scenario, run_all  # noqa: E402


def bad(parameter, *expect):
    """One that must be named, and do no harm."""
    return Scenario(f'bad: {parameter[:40]}', '--smp 4 --online 4', f'test=boot {parameter}',
                    expect=[r'warning: .*ignored', *expect, '^muster: 4 of 4 harts'])


def harts(parameters, online, possible, *expect, smp=4):
    """One that chooses harts."""
    return Scenario(parameters, f'--smp {smp} --online {online}', f'{parameters} test=boot,smp,irq',
                    expect=[f'^muster: {online} of {possible} harts online', *expect], rules='boot=0')


SCENARIOS = [
    bad('frobnicate=1', '"frobnicate" is unknown, ignored'),
    bad('maxcpus=0', 'maxcpus: "0" is too small, ignored'),
    bad('maxcpus=-1', 'maxcpus: "-1" is not a number, ignored'),
    bad('nr_cpus=99999999999999999999', 'nr_cpus: .* is too large, ignored'),
    bad('nr_cpus', 'nr_cpus: "" needs a value, ignored'),
    bad('cpus=1,3-', "'1,3-' is no list of hart ids"),
    bad('cpus=' + '1,' * 150, 'cpus: .* is too long, ignored'),
    bad('quiet=perhaps', 'quiet: "perhaps" was refused'),
    bad('loglevel=loud', 'loglevel: "loud"'),
    bad('then=tea', 'then: "tea"'),
    bad('"no end', 'quote without an end, ignored'),
    bad('=5', 'is no name, ignored'),

    harts('maxcpus=1', 1, 4, r'cpu1 \(hart 1\): not started \(maxcpus=\)'),
    harts('maxcpus=3', 3, 4, r'cpu3 \(hart 3\): not started \(maxcpus=\)'),
    harts('nr_cpus=2', 2, 2, '2 harts left out by cpus= or nr_cpus='),
    harts('cpus=1,3-5', 5, 5, '1 harts left out by cpus= or nr_cpus=', smp=6),
    harts('cpus=77', 1, 1, '3 harts left out'),
    harts('nr_cpus=1000 maxcpus=1000', 4, 4),

    Scenario('no such suite', '--smp 1', 'test=no-such-suite', code=FAILED, expect=["no test suite 'no-such-suite'"]),
    Scenario('no such benchmark', '--smp 1', 'bench=no-such-benchmark', code=FAILED,
             expect=["no benchmark 'no-such-benchmark'"]),
    Scenario('quiet shows results only', '--smp 2', 'quiet test=boot',
             expect=['^muster: 2 of 2 harts', '^    # Subtest: boot'], forbid=[r'^\[ *\d+\.\d+\]']),
    Scenario('debug messages on demand', '--smp 2', 'loglevel=8 test=boot', expect=[r'cpu1 \(hart 1\): online \d+ us']),
    Scenario('one suite twice and another', '--smp 2', 'test=boot,boot,time', expect=['Subtest: boot', 'Subtest: time'],
             forbid=['Subtest: sbi']),
    Scenario('tests, then the shell', '--smp 2 --send "poweroff 0"', 'test=boot then=shell',
             expect=['^muster> poweroff']),
    Scenario('a benchmark', '--smp 2', 'bench=boot', expect=['^BENCH name=']),
    Scenario('tests and a benchmark', '--smp 2', 'bench=boot test=boot', expect=['^BENCH name=', 'Subtest: boot']),
    Scenario('deterministic=1 where nobody counts', '--smp 2', 'deterministic=1 test=boot,smp'),
    Scenario('fences while harts are missing', '--smp 4 --online 2', 'maxcpus=2 test=tlb',
             expect=[r'\bok \d+ all_only_when_none_is_missing$']),
    Scenario('a deadline that nobody can keep', '--smp 8 --online -1 --send harts --send poweroff', 'bringup_ms=1',
             expect=['^muster: [1-8] of 8 harts online']),
]

sys.exit(run_all(SCENARIOS))
