#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Torture of calls on each back end: few harts that run at once, 8 and 16 whose turns are counted.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scenario import FAILED, FULL, Scenario, run_all  # noqa: E402

SSWI = '--machine virt,aclint=on'
IMSIC = '--machine virt,aia=aplic-imsic'
STATS = r'^STATS torture=calls harts={} .* tried=\d{{{},}} accepted='


def at_once(name, options, words, harts):
    """Real time: each hart is a thread, as far as there are cores."""
    return Scenario(f'{name}, {harts} harts at once', f'--smp {harts} {options}',
                    f'torture=2 torture_mix=calls {words}', expect=[STATS.format(harts, 2)])


def counted(name, options, words, harts, full=False):
    """Counted instructions: repeatable, and fast with many harts."""
    return Scenario(f'{name}, {harts} harts', f'--smp {harts} --deterministic {options}',
                    f'torture=1000 torture_mix=calls torture_ops={16000 // harts} {words}',
                    expect=[STATS.format(harts, 5)], full=full)


# Each of these came about, at least once.
ACTED = [r'^STATS torture=threads hotplug=[1-9]\d* failed_rows=\d+ freezes=\d+ suspends=\d+ park=[1-9]\d* '
         r'smpboot=[1-9]\d* stop=[1-9]\d* wakes=[1-9]']


def mixed(name, options, harts, full=False):
    """All at once, harts that come and go among it."""
    return Scenario(f'all at once, {name}, {harts} harts', f'--smp {harts} --timeout 300 {options}',
                    f'torture={60 if FULL else 10}', expect=[STATS.format(harts, 3), *ACTED], full=full, waits=True)


SCENARIOS = [
    mixed('SBI', '', 4),
    mixed('IMSIC', IMSIC, 4),
    mixed('SSWI', SSWI, 4, full=True),
    mixed('QEMU 7.2, OpenSBI 1.1', '--qemu 7.2 --bios 1.1', 3),
    mixed('OpenSBI 1.5.1', '--bios 1.5.1', 4, full=True),
    mixed('the test firmware', '--bios test', 4, full=True),
    Scenario('all at once, turns are counted', '--smp 8 --deterministic --timeout 300',
             'torture=1000 torture_ops=80 seed=5',
             expect=[STATS.format(8, 4), *ACTED, '^STATS torture=threads .* failed_rows=[1-9]']),
    Scenario('in turn off and on, no leak at any offline', '--smp 4 --timeout 300',
             'torture=200 torture_cycles=24 torture_mix=hotplug,timers,wakes',
             expect=[STATS.format(4, 3), '^STATS torture=turns cycles=24 due=24 of_each_hart=6 '
                     'failed_offlines=0 failed_onlines=0 leaks=0 ']),
    Scenario('fewer cycles than due', '--smp 2 --deterministic', 'torture=1 torture_ops=200 torture_cycles=10000',
             code=FAILED, expect=['^ *not ok 3 all_came_about']),
    Scenario('a part that there is not', '--smp 2', 'torture=1 torture_mix=calls,nothing', code=FAILED,
             expect=["^# no part of torture 'nothing'"]),
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
