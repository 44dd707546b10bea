#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Torture of calls on each back end: few harts that run at once, 8 and 16 whose turns are counted.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scenario import FAILED, Scenario, run_all  # noqa: E402

SSWI = '--machine virt,aclint=on'
IMSIC = '--machine virt,aia=aplic-imsic'
STATS = r'^STATS torture=calls harts={} .* tried=\d{{{},}} accepted='


def at_once(name, options, words, harts):
    """Real time: each hart is a thread, as far as there are cores."""
    return Scenario(f'{name}, {harts} harts at once', f'--smp {harts} {options}', f'torture=3 {words}',
                    expect=[STATS.format(harts, 2)])


def counted(name, options, words, harts, full=False):
    """Counted instructions: repeatable, and fast with many harts."""
    return Scenario(f'{name}, {harts} harts', f'--smp {harts} --deterministic {options}',
                    f'torture=1000 torture_ops={16000 // harts} {words}', expect=[STATS.format(harts, 5)], full=full)


SCENARIOS = [
    at_once('SBI', '', '', 2),
    at_once('SSWI', SSWI, '', 3),
    at_once('IMSIC', IMSIC, '', 3),
    at_once('legacy', '', 'ipi=legacy', 2),
    at_once('polling', '', 'idle=poll', 3),
    at_once('queues that close', '', 'torture_close=1', 3),
    counted('SBI', '', '', 8),
    counted('SBI', '', '', 16, full=True),
    counted('SSWI', SSWI, '', 8),
    counted('SSWI', SSWI, '', 16, full=True),
    counted('IMSIC', IMSIC, '', 8),
    counted('IMSIC', IMSIC, '', 16),
    counted('legacy', '', 'ipi=legacy', 8, full=True),
    counted('legacy', '', 'ipi=legacy', 16, full=True),
    counted('queues that close, IMSIC', IMSIC, 'torture_close=1', 8),
    Scenario('1 hart, which calls itself', '--smp 1', 'torture=1', expect=[STATS.format(1, 2)]),
    Scenario('behind tests, before benchmarks: one report', '--smp 2', 'torture=1 test=percpu,time bench=ecall_null',
             expect=[r'^1\.\.3$', r'^ok 1 percpu$', r'^ok 2 time$', r'^ok 3 torture$', r'^BENCH name=ecall_null'],
             forbid=[r'^1\.\.[12]$']),
    Scenario('beside tests that there are not', '--smp 2', 'torture=1 test=none', code=FAILED,
             expect=[r'^1\.\.1$', r'no test suite', r'^ok 1 torture$']),
    Scenario('malformed', '--smp 2', 'torture=much test=percpu', expect=[r'torture.*much']),
]

sys.exit(run_all(SCENARIOS))
