#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Harts and the machine sleep and wake, by firmware that can, by firmware that cannot, and by one that
refuses.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import trees  # noqa: E402
from scenario import Scenario, run_all, tool  # noqa: E402

QEMU = tool('qemu')
TEST = 'test=suspend,pmu'
BOTH_TYPES = [rf'\bok \d+ {name}_{what}$' for name in ('retentive', 'non_retentive') for what in ('timer', 'pending')]


def sleeps(name, args, machine='virt', harts=1, expect=(), **more):
    """A machine whose firmware has system suspend; it sleeps for five seconds at least."""
    return Scenario(name, f'--smp {harts} --machine {machine} --dtb {{tree}} {args}', TEST,
                    expect=[*BOTH_TYPES, *expect],
                    files={'tree': trees.system_suspend(QEMU, harts, machine)}, **more)


SCENARIOS = [
    sleeps('system suspend', '', expect=[r'\bok \d+ system_sleeps$']),
    sleeps('system suspend, no Sstc', '--qemu-arg "-cpu rv64,sstc=off"', expect=[r'\bok \d+ system_sleeps$'],
           full=True),
    sleeps('system suspend, APLIC and IMSIC', '', 'virt,aia=aplic-imsic', expect=[r'\bok \d+ system_sleeps$'],
           full=True),
    sleeps('system suspend with another hart on', '', harts=2,
           expect=[r'\bok \d+ system_needs_the_rest_off$', 'SKIP other harts are on']),
    Scenario('the test firmware', '--smp 2 --bios test', TEST, expect=BOTH_TYPES),
    Scenario('QEMU 7.2, OpenSBI 1.1', '--smp 2 --qemu 7.2 --bios 1.1', TEST, expect=BOTH_TYPES),
    *(Scenario(f'idle={mode}, {firmware or "default"}', f'--smp 4 {firmware}',
               f'idle={mode} test=idle,sbi,call,irq_work,wait,timer,kthread', expect=[r'\bok \d+ idle$'], full=full)
      for mode in ('suspend', 'suspend-deep')
      for firmware, full in (('', False), ('--qemu 7.2 --bios 1.1', True), ('--machine virt,aia=aplic-imsic', True))),
    Scenario('no hart_suspend in SBI 0.2', '--smp 2', TEST, rules='boot=0 spec=0.2',
             expect=['SKIP the firmware does not have it']),
    Scenario('hart_suspend refused', '--smp 2', TEST, rules='boot=0 suspend-refuse=-2',
             expect=['SKIP the firmware does not have it']),
]

sys.exit(run_all(SCENARIOS))
