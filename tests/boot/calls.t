#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Calls, irq_work and IPIs on each back end, polling and sleeping, from one hart to many."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scenario import Scenario, run_all  # noqa: E402

TESTS = 'test=call,irq_work,ipi'
SSWI = '--machine virt,aclint=on'
IMSIC = '--machine virt,aia=aplic-imsic'


def by(backend):
    """What the console says where this back end is used."""
    return [rf'IPIs by {backend}$']


SCENARIOS = [
    Scenario('1 hart', '--smp 1', TESTS),
    Scenario('SBI, 2 harts', '--smp 2', TESTS, expect=by('sbi')),
    Scenario('SBI, 8 harts', '--smp 8', TESTS, expect=by('sbi')),
    Scenario('SBI, deterministic', '--smp 3 --deterministic', TESTS, expect=by('sbi')),
    Scenario('SSWI', f'--smp 4 {SSWI}', TESTS, expect=by('sswi')),
    Scenario('SSWI, deterministic', f'--smp 3 {SSWI} --deterministic', TESTS, expect=by('sswi'), full=True),
    Scenario('SSWI, QEMU 7.2', f'--smp 3 --qemu 7.2 {SSWI}', TESTS, expect=by('sswi'), full=True),
    Scenario('IMSIC', f'--smp 4 {IMSIC}', TESTS, expect=by('imsic')),
    Scenario('IMSIC, deterministic', f'--smp 3 {IMSIC} --deterministic', TESTS, expect=by('imsic'), full=True),
    Scenario('IMSIC, QEMU 7.2', f'--smp 3 --qemu 7.2 {IMSIC}', TESTS, expect=by('imsic'), full=True),

    Scenario('ipi=sbi beside SSWI', f'--smp 3 {SSWI}', f'{TESTS} ipi=sbi', expect=by('sbi')),
    Scenario('ipi=sbi beside IMSIC', f'--smp 3 {IMSIC}', f'{TESTS} ipi=sbi', expect=by('sbi'), full=True),
    Scenario('ipi=legacy', '--smp 3', f'{TESTS} ipi=legacy', expect=by('legacy')),
    Scenario('ipi=sswi', f'--smp 3 {SSWI}', f'{TESTS} ipi=sswi', expect=by('sswi'), full=True),
    Scenario('ipi=imsic', f'--smp 3 {IMSIC}', f'{TESTS} ipi=imsic', expect=by('imsic'), full=True),
    Scenario('ipi=imsic where there is none', '--smp 2', f'{TESTS} ipi=imsic',
             expect=[r'parameter ipi: imsic is not to be had here', *by('sbi')]),
    Scenario('ipi=sswi where there is none', '--smp 2', f'{TESTS} ipi=sswi',
             expect=[r'parameter ipi: sswi is not to be had here', *by('sbi')], full=True),
    Scenario('ipi=pigeons', '--smp 2', f'{TESTS} ipi=pigeons',
             expect=[r"parameter ipi: no back end 'pigeons'", *by('sbi')]),

    Scenario('idle=poll', '--smp 3', f'{TESTS} idle=poll'),
    Scenario('idle=poll, IMSIC', f'--smp 3 {IMSIC}', f'{TESTS} idle=poll', full=True),
    Scenario('idle=poll, deterministic', '--smp 3 --deterministic', f'{TESTS} idle=poll', full=True),
    Scenario('idle=wfi', '--smp 3', f'{TESTS} idle=wfi'),

    Scenario('sse=1', '--smp 3', 'test=backtrace,call,ipi sse=1', forbid=['interrupts_off_in_another_life # SKIP']),
    Scenario('sse=1 where there is none', '--smp 2 --bios 1.1', 'test=backtrace sse=1',
             expect=['the firmware has no SSE extension']),

    Scenario('OpenSBI 1.1', '--smp 3 --bios 1.1', TESTS, full=True),
    Scenario('OpenSBI 1.5.1', '--smp 3 --bios 1.5.1', TESTS, full=True),
    Scenario('the test firmware', '--smp 3 --bios test', TESTS),
    Scenario('no sPI: the legacy back end is all there is', '--smp 3', TESTS, rules='no-ipi', expect=by('legacy'),
             full=True),
    Scenario('SBI 0.1', '--smp 3 --online 1', TESTS, rules='spec=0.1', expect=by('legacy'), full=True),
    Scenario('32 harts', '--smp 32', f'{TESTS} bringup_ms=100000', full=True),
    Scenario('debug image', '--smp 3', TESTS, image='debug/Image', full=True),
]

sys.exit(run_all(SCENARIOS))
