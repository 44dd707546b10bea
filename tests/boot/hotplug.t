#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Harts off and on, the boot hart included: on each machine, typed at the prompt, and by firmware that
does not stop, start or tell as it should.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import trees  # noqa: E402
from scenario import OUT, Scenario, Tap, run_rows, tool  # noqa: E402
from terminal import Session, Timeout  # noqa: E402

SSWI = '--machine virt,aclint=on'
IMSIC = '--machine virt,aia=aplic-imsic'
APLIC = '--machine virt,aia=aplic'
NO_SSTC = '--qemu-arg "-cpu rv64,sstc=off"'
CANCEL = '\x03'


def typed(commands):
    """Options that type these at the prompt, one after the other, and then leave."""
    return ' '.join(f'--send "{command}"' for command in [*commands, 'poweroff'])


def gone(cpu):
    """What harts says of one that is down."""
    return rf'^ *{cpu} +\d+ offline +- +- +stopped$'


def boot_hart(name, options, full=False, **more):
    """
    The hart that booted, whichever the firmware took, goes down: who typed that, and the console's
    interrupt, go on elsewhere.
    """
    return Scenario(f'boot hart down and up at the prompt, {name}',
                    f'--smp 4 {options} ' +
                    typed(['offline 0', 'harts', 'offline 1,3', 'harts', 'online all', 'harts']),
                    expect=[r'^cpu0 \(hart \d+\) is offline after', gone(0), r'^3 of 4 possible cpus online', gone(3),
                            r'^1 of 4 possible cpus online', r'^cpu0 \(hart \d+\) is online after',
                            r'^4 of 4 possible cpus online'],
                    forbid=['failed, error'], full=full, **more)


def suite(name, options, append='', full=False, **more):
    """The suite that takes each hart down, and makes each row fail."""
    return Scenario(f'suite, {name}', f'--smp 4 --timeout 120 {options}', f'test=hotplug {append}',
                    expect=[r'\bok \d+ each_in_turn_under_calls$', r'\bok \d+ every_row_fails$'], full=full, **more)


def fault(rules, commands, *expect, full=False, **more):
    """Typed at the prompt of four harts under these rules."""
    return Scenario(f'{rules}: {", ".join(commands)}', '--smp 4 --timeout 60 ' + typed(commands), expect=list(expect),
                    rules=f'boot=0 {rules}', full=full, **more)


ALL_BACK = r'^4 of 4 possible cpus online'

SCENARIOS = [
    suite('SBI', ''),
    suite('SSWI', SSWI),
    suite('IMSIC', IMSIC),
    suite('APLIC', APLIC, full=True),
    suite('legacy IPIs', '', 'ipi=legacy'),
    suite('no Sstc', NO_SSTC, full=True),
    suite('QEMU 7.2, OpenSBI 1.1', '--qemu 7.2 --bios 1.1', full=True),
    suite('QEMU 7.2, OpenSBI 1.6, IMSIC', f'--qemu 7.2 {IMSIC}', full=True),
    suite('QEMU 7.2, OpenSBI 1.5.1', '--qemu 7.2 --bios 1.5.1', full=True),
    suite('OpenSBI 1.1', '--bios 1.1', full=True),
    suite('OpenSBI 1.5.1', '--bios 1.5.1'),
    suite('the last hart boots', '--dtb {tree}', files={'tree': trees.boots(tool('qemu'), 4, 3)}),
    suite('the test firmware', '', rules='boot=0'),
    suite('sparse hart ids', '', rules='hartids=7:1000:4294967295:3 boot=4294967295', full=True),
    suite('a hart that is down poisons masks', '', rules='boot=0 ipi-strict rfence-strict', fired=[]),
    suite('slow to stop', '', rules='boot=0 stop-slow=2000'),
    suite('slow to start', '', rules='boot=0 start-late=2000'),
    suite('turns are counted', '--deterministic'),
    Scenario('suite, one hart', '--smp 1', 'test=hotplug', expect=['SKIP one hart only']),
    Scenario('suite, no HSM', '--smp 2 --online 1', 'test=hotplug', rules='boot=0 no-hsm',
             expect=['SKIP the firmware has no HSM']),

    boot_hart('SBI', ''),
    boot_hart('hart 2 boots', '--dtb {tree}', files={'tree': trees.boots(tool('qemu'), 4, 2)}),
    boot_hart('SSWI', SSWI),
    boot_hart('IMSIC', IMSIC),
    boot_hart('QEMU 7.2, OpenSBI 1.1', '--qemu 7.2 --bios 1.1', full=True),
    boot_hart('OpenSBI 1.5.1', '--bios 1.5.1', full=True),
    boot_hart('no Sstc', NO_SSTC, full=True),

    Scenario('cycles at the prompt', '--smp 4 --timeout 60 ' + typed(['hotplug 40', 'hotplug 5 0', 'harts']),
             expect=[r'^40 cycles off and on in \d+ ms', r'^5 cycles off and on in \d+ ms',
                     r'^offline +\d+ +\d+ +\d+  us', r'^online +\d+ +\d+ +\d+  us', ALL_BACK],
             forbid=['failed, error']),

    # A stop that is none.
    fault('stop-return@2=-1', ['offline 2', 'harts', 'online 2', 'call 2 5', 'harts'],
          r'cpu2 \(hart 2\): the firmware does not stop it', r'^ *2 +2 parked', ALL_BACK,
          forbid=['failed, error']),
    fault('stop-wfi@2', ['offline 2', 'online 2', 'call 2 5', 'harts'], r'^cpu2 +5 ', ALL_BACK),
    fault('stop-slow@2=300000', ['offline 2', 'online 2', 'call 2 5', 'harts'],
          r'^cpu2 \(hart 2\) is offline after ([3-9]\d{5}|\d{7,}) us', r'^cpu2 +5 ', ALL_BACK,
          forbid=['failed, error']),
    fault('stop-slow@2=9000000', ['offline 2', 'online 2', 'sleep 5', 'online 2', 'call 2 5', 'harts'],
          'cpu2 .*has not stopped', r'^offline: failed, error -', r'^online: failed, error -', r'^cpu2 +5 ',
          ALL_BACK, waits=True),

    # A second start that fails; the boot hart's is the first that the firmware sees.
    fault('start-refuse@0=-1/1', ['offline 0', 'online 0', 'harts', 'online 0', 'call 0 5', 'harts'],
          r'cpu0 \(hart 0\): the firmware refuses to start it', r'^online: failed, error -', r'^3 of 4 possible',
          r'^cpu0 +5 ', ALL_BACK),
    fault('start-refuse@0=-3/3', ['offline 0', 'online 0', 'call 0 5', 'harts'], r'^cpu0 +5 ', ALL_BACK,
          forbid=['failed, error']),
    fault('start-late@0=200000', ['offline 0', 'online 0', 'call 0 5', 'harts'],
          r'^cpu0 \(hart 0\) is online after ([2-9]\d{5}|\d{7,}) us', r'^cpu0 +5 ', ALL_BACK, forbid=['failed, error']),
    # It comes when it has been given up, and is not let in; the next start is another.
    fault('start-late@0=8000000/1', ['offline 0', 'online 0', 'harts', 'sleep 5', 'online 0', 'call 0 5', 'harts'],
          r'cpu0 \(hart 0\): start accepted, never arrived', r'^online: failed, error -', r'^3 of 4 possible',
          r'^cpu0 +5 ', ALL_BACK, waits=True),
    fault('start-lost@0', ['offline 0', 'online 0', 'online 0', 'harts', 'offline 2', 'online 2', 'call 2 5'],
          r'cpu0 \(hart 0\): start accepted, never arrived', r'^online: failed, error -', r'^3 of 4 possible',
          r'^cpu2 +5 ', waits=True),

    # States that are not true: said to be stopped too early, and never.
    fault('status-lie@2=1 stop-slow@2=100000', ['offline 2', 'online 2', 'call 2 5', 'harts'], r'^cpu2 +5 ',
          ALL_BACK, forbid=['failed, error']),
    fault('status-lie@2=0', ['offline 2', 'harts', 'call 1 5'], 'cpu2 .*has not stopped',
          r'^offline: failed, error -', r'^3 of 4 possible', r'^cpu1 +5 ', waits=True),
]


def suspend(machine='virt', options='', full=False):
    """The machine sleeps, its other harts off, and all come back."""
    return Scenario(f'suspend at the prompt, {machine}',
                    f'--smp 3 --timeout 60 --machine {machine} --dtb {{tree}} {options} ' +
                    typed(['offline 1', 'suspend', 'harts', 'call 2 5']),
                    expect=[r'^suspend: slept for \d+ ms; 2 of 2 cpus are back', r'^2 of 3 possible cpus online',
                            r'^cpu2 +5 '],
                    files={'tree': trees.system_suspend(tool('qemu'), 3, machine)}, full=full, waits=True)


SCENARIOS += [
    suspend(), suspend('virt,aia=aplic-imsic', full=True),
    Scenario('torture of a machine that also sleeps', '--smp 3 --timeout 200 --dtb {tree}', 'torture=40',
             expect=[r'^STATS torture=threads .* suspends=[1-9]'],
             files={'tree': trees.system_suspend(tool('qemu'), 3)}, full=True),
]

# What is typed wrongly, and what is said.
WRONG = [
    ('offline', 'usage: offline <list|all>'),
    ('offline 9', "offline: '9' names a cpu that is not there, the last is 2"),
    ('offline 1,x', "offline: '1,x' is no list of cpus"), ('offline 2-1', "offline: '2-1' is no list of cpus"),
    ('offline 1 2', 'usage: offline'), ('online 1', 'not brought up: it is up'), ('online 3', "online: '3' names"),
    ('states 7', "states: '7' is no cpu here"), ('states x', "states: 'x' is not a number"),
    ('fail nothing 1 up', "fail: 'nothing' is no row"), ('fail smpboot:threads 7 up', "fail: '7' is no cpu here"),
    ('fail smpboot:threads 1 sideways', "fail: 'sideways' is neither up nor down"),
    ('fail ap:online 1 up', "fail: 'ap:online' cannot fail upwards"), ('fail smpboot:threads', 'usage: fail'),
    ('park', 'usage: park'), ('park nobody', "park: 'nobody' is no thread"),
    ('park init', "park: 'init' is no kernel thread"), ('unpark nobody', "unpark: 'nobody' is no thread"),
    ('hotplug 0', "hotplug: '0' cycles would tell nothing"), ('hotplug x', "hotplug: 'x' is not a number"),
    ('hotplug 5 9', "hotplug: '9' names a cpu"), ('threads x', "threads: 'x' is not a number"),
    ('threads 0', "threads: '0' seconds"), ('suspend now', 'usage: suspend'),
    ('suspend', 'suspend: the firmware has no system suspend'),
]


def commands(tap):
    """What a person types, rightly and wrongly."""
    with Session('', smp=3) as s:
        for line, due in WRONG:
            rows = s.command(line)
            tap.result(any(due in row for row in rows), f'{line}: {due}', '\n'.join(rows))
        rows = s.command('threads')
        tap.result(sum('cpuhp/' in row for row in rows) == 3 and
                   any(row.startswith('init') and 'running' in row for row in rows),
                   'threads shows those of hotplug, and the one that asks', '\n'.join(rows))
        rows = s.command('fail smpboot:threads 2 down')
        rows += s.command('offline 2') + s.command('states 2')
        tap.result(any('error -11' in row for row in rows) and any('was undone' in row for row in rows) and
                   any('is online' in row for row in rows), 'a row that fails is undone, and named', '\n'.join(rows))
        rows = s.command('offline 2') + s.command('states')
        tap.result(any(row.split()[:2] == ['0', 'offline'] and row.endswith(' 2') for row in rows),
                   'states shows who is down', '\n'.join(rows))
        rows = s.command('offline all') + s.command('offline 0')
        tap.result(any('it is the last one' in row for row in rows), 'the last one stays', '\n'.join(rows))
        rows = s.command('online all') + s.command('harts')
        tap.result('3 of 3 possible cpus online' in rows, 'all come back', '\n'.join(rows))


def endings(tap):
    """What takes long tells how it goes, and ends when asked to."""
    with Session('', smp=3) as s:
        s.prompt()
        s.type('hotplug 10000000\r')
        s.wait(lambda: '# hotplug: ' in s.text, 'progress')
        s.type(CANCEL)
        s.wait(lambda: 'ended by ctrl-c' in s.text, 'the end')
        rows = s.command('harts')
        tap.result('3 of 3 possible cpus online' in rows, 'ctrl-c ends cycles, with all harts on', '\n'.join(rows))
        s.prompt()
        s.type('park cpuhp/1\r')
        s.wait(lambda: 'does not park yet' in s.text, 'a word of patience')
        s.type(CANCEL)
        s.wait(lambda: 'park: failed, error -4' in s.text, 'the end')
        rows = s.command('offline 1') + s.command('online 1')
        tap.result(any('is online' in row for row in rows), 'ctrl-c takes back a park that does not come about',
                   '\n'.join(rows))


def main():
    """All of it, or what is named on the command line."""
    tap = Tap()
    if not (OUT / 'Image').exists():
        print(f'Bail out! {OUT / "Image"} is not there: run make')
        return 1
    wanted = sys.argv[1:]
    run_rows(tap, SCENARIOS, wanted)
    for function in (commands, endings):
        if not wanted or function.__name__ in wanted:
            try:
                function(tap)
            except Timeout as error:
                tap.result(False, function.__name__, error)
    return tap.done()


sys.exit(main())
