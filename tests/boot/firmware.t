#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
The kernel under firmware that refuses, lies, loses and dawdles: what is wrong is named, the rest
works.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scenario import FAILED, FULL, Scenario, run_all  # noqa: E402

# What firmware can do wrong to; the rest is tested elsewhere, and takes long.
TESTS = 'test=boot,call,irq,irq_work,printk,sbi,smp,time,tlb,uart' + (',fdt,lock,mm,percpu' if FULL else '')
# Those suites that do not look at the firmware itself: where it breaks the rules, theirs fail, and
# rightly.
OTHERS = 'test=boot,fdt,irq,mm,percpu,printk,time'


def fault(rules, *expect, online=4, append=TESTS, args='', full=False, **more):
    """
    Four harts under these rules; so many come online, and the console says all that is expected.
    """
    return Scenario(rules + (f' ({args})' if args else ''), f'--smp 4 --online {online} {args}', append,
                    expect=[rf'^muster: {online} of \d+ harts online', *expect],
                    rules=rules if 'boot=' in rules else f'boot=0 {rules}', full=full, **more)


STRAY = 'entered the kernel unasked, or with a record not theirs, the last as hart'


def panic(rules, *expect, sleep=0, **more):
    """A panic at the prompt under these rules."""
    return Scenario(f'panic, {rules}', f'--smp 4 --panic --send "sleep {sleep}" --send "panic now"',
                    expect=['panic: now', *expect],
                    rules=rules if 'boot=' in rules else f'boot=0 {rules}', **more)


NO_SSTC = '--qemu-arg "-cpu rv64,sstc=off"'
SHELL = '--send harts --send poweroff'

SCENARIOS = [
    # What is missing.
    fault('spec=0.1', 'no HSM extension: one hart only', online=1),
    fault('spec=0.2'),
    fault('spec=0.3', full=True),
    fault('spec=1.0'),
    fault('no-hsm', 'no HSM extension: one hart only', online=1),
    fault('no-time'),
    fault('no-time', args=NO_SSTC),
    fault('no-ipi', 'IPIs by legacy'),
    fault('no-ipi no-legacy', 'no IPI to hart 1: ERR_NOT_SUPPORTED', append='test=irq', code=FAILED),
    fault('no-rfence'),
    fault('no-dbcn'),
    fault('no-srst'),
    fault('no-legacy'),
    fault('no-dbcn no-legacy'),
    fault('spec=0.1', 'no HSM extension: one hart only', online=1, args=NO_SSTC, full=True),
    Scenario('stimecmp traps', '--smp 2 --panic', expect=['panic: illegal instruction'], rules='boot=0 no-sstc'),

    # A hart that does not start.
    fault('start-refuse@2=-1', r'cpu2 \(hart 2\): the firmware refuses to start it', online=3),
    fault('start-refuse@2=-3', r'cpu2 \(hart 2\): the firmware refuses to start it', online=3),
    fault('start-refuse@2=-9', r'cpu2 \(hart 2\): the firmware refuses to start it', online=3, full=True),
    fault('start-refuse@2=-6', r'cpu2 \(hart 2\): runs already, started by somebody else', online=3),
    fault('start-refuse=-1', r'cpu1 \(hart 1\)', r'cpu2 \(hart 2\)', r'cpu3 \(hart 3\)', online=1, append=OTHERS),
    fault('start-refuse@2=-3/2', online=4),
    fault('start-lost@2', r'bring-up: 1 harts missing', r'cpu2 \(hart 2\): start accepted, never arrived', online=3,
          append=f'{TESTS} bringup_ms=1000'),
    fault('start-lost', r'bring-up: 3 harts missing', online=1, append=f'{TESTS} bringup_ms=1000'),
    fault('start-late@2=100000'),
    # Two seconds behind the deadline, and looked for two seconds later: whatever the machine's
    # speed.
    fault('start-late@2=3000000', r'cpu2 \(hart 2\): start accepted, never arrived',
          r'2 +2 late .* came after the deadline, parked', online=3, append='bringup_ms=1000',
          args=f'--send "sleep 4" {SHELL}', waits=True),

    # A hart that comes with what is not its own.
    fault('start-opaque@2=0x1234', rf'{STRAY} 2: parked', r'cpu2 \(hart 2\): start accepted, never arrived', online=3,
          append=f'{OTHERS} bringup_ms=1000'),
    fault('start-opaque@2=0x80200000', rf'{STRAY} 2: parked', online=3, append=f'{OTHERS} bringup_ms=1000'),
    fault('start-opaque@2=0xffffffffffffffff', rf'{STRAY} 2: parked', online=3, append=f'{OTHERS} bringup_ms=1000',
          full=True),
    fault('start-a0@2=77', rf'{STRAY} 77: parked', online=3, append=f'{OTHERS} bringup_ms=1000'),
    fault('start-a0@2=1', rf'{STRAY} 1: parked', online=3, append='test=smp bringup_ms=1000', code=FAILED),
    fault('start-sie start-ssip'),
    fault('start-satp'),
    # Torn away at the prompt, when nobody needs it.
    fault('start-twice@2=2000000', r'1 entered unasked, .* the last as hart 2', append='',
          args=f'--send "sleep 3" {SHELL}', waits=True),
    fault('enter-all'),

    # Answers about harts that are not true.
    fault('status-lie=1', 'not ok .* hsm_status', append='test=sbi', code=FAILED),
    fault('status-lie=1', append=OTHERS, fired=[]),
    fault('status-lie=0', full=True),
    fault('status-refuse=-1', 'not ok .* hsm_status', append='test=sbi', code=FAILED),
    fault('status-refuse=-1 start-refuse@2=-3', r'cpu2 \(hart 2\): the firmware refuses to start it', online=3,
          append=OTHERS),

    # Interrupts that do not come, come late, or come for nothing.
    fault('ipi-drop@3=1', 'cpu3: its hotplug thread does not answer, rung again',
          'cpu3 does not set up its interrupts within', append='test=irq', code=FAILED, waits=True),
    # The IPI that ends bring-up: the boot hart looks for itself, and does not sleep until its
    # deadline.
    fault('ipi-drop@0=1', r'harts online in \d{1,6} us', append=OTHERS, fired=[], waits=True),
    fault('ipi-delay=2000'),
    # An interrupt too many brings home a call whose ring a test has thrown away: without that
    # suite.
    fault('ipi-dup=1', fired=['ipi-dup=1'], append='test=boot,call,irq,irq_work,mm,percpu,smp,time'),
    fault('ipi-spurious=300', append='test=boot,irq,mm,percpu,smp,time'),
    fault('ipi-strict rfence-strict', fired=[]),
    fault('ipi-strict rfence-strict start-refuse@2=-1', online=3, fired=[]),
    fault('timer-late=1000', args=NO_SSTC),

    # A firmware that is slow or half there.
    fault('ecall-slow=20000'),
    fault('dbcn-short=3'),
    # A console that takes nothing is waited for once, not for each line that is lost in it until the UART's is there.
    Scenario('dbcn-short=0', '--smp 4', 'test=uart', rules='boot=0 dbcn-short=0', code=FAILED,
             expect=[r'^\[ +\d\.\d+\] cpu0: IPIs by', r'^muster: exit 0'], forbid=[r'^muster: \d of']),
    fault('dbcn-refuse=-1'),
    fault('srst-refuse=-1', fired=[]),

    # Ids as real machines have them, and more.
    fault('hartids=0:63:64:65'),
    fault('hartids=7:1000:4294967295:3 boot=4294967295'),
    fault('boot=3'),

    # The end stops them all, or says that it could not.
    panic('', forbid=['did not stop']),
    panic('hartids=7:1000:4294967295:3 boot=1000', forbid=['did not stop']),
    panic('ipi-strict', forbid=['did not stop'], fired=[]),
    # Hart 2 has left behind the kernel's back, and poisons the mask that all of them are told with.
    panic('ipi-strict start-twice@2=2000000', 'no IPI to hart 2', 'panic: 1 harts did not stop', sleep=3,
          waits=True),
    panic('ipi-drop@2=1', 'cpu2: its hotplug thread does not run: given up', 'panic: 1 harts did not stop', waits=True),
    panic('ipi-refuse=-1', 'cpu1: its hotplug thread does not run: given up', 'panic: 3 harts did not stop',
          waits=True),
    panic('no-ipi', forbid=['did not stop']),
    panic('no-ipi no-legacy', 'panic: 3 harts did not stop'),
    panic('srst-refuse=-1', fired=[]),
]

sys.exit(run_all(SCENARIOS))
