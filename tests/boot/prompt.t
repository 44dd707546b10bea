#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""At the prompt, through a terminal: commands, line editing, every kind of fault, the ways out."""

import random
import re
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scenario import OUT, RULES_ADDRESS, Tap, tool  # noqa: E402
from terminal import PROMPT, Session, Timeout  # noqa: E402

LEFT, RIGHT, UP, DOWN = '\x1b[D', '\x1b[C', '\x1b[A', '\x1b[B'
START, END, KILL, CLEAR, CANCEL, BACKSPACE = '\x01', '\x05', '\x0b', '\x15', '\x03', '\x7f'
COMMANDS = ('help', 'harts', 'dmesg', 'mem', 'params', 'sbi', 'test', 'bench', 'fault', 'panic', 'poweroff', 'reboot',
            'sleep', 'call', 'ipi', 'backtrace', 'stats', 'trace', 'irqs')

# Kind of fault, what the report must say, a function that must be in the backtrace. Kinds the
# kernel lists and that are not here must at least panic and be symbolised.
REPORTS = {
    'load': ('load page fault', 'fault_load'),
    'store': ('store or AMO page fault', 'fault_store'),
    'null': ('store or AMO page fault at 0x0', 'fault_null'),
    'exec': ('instruction page fault', 'fault_exec'),
    'wx': ('store or AMO page fault', 'fault_wx'),
    'rodata': ('store or AMO page fault', 'fault_rodata'),
    'illegal': ('illegal instruction', 'fault_illegal'),
    'break': ('breakpoint', 'fault_breakpoint'),
    'misaligned': ('misaligned', 'fault_misaligned'),
    'stack': ('stack', 'recurse'),
    'irq': ('store or AMO page fault', 'fault_null'),
}


def broken_rows(session):
    """Rows in which a prompt stands anywhere but in front."""
    return [row for row in session.screen.rows if PROMPT.strip() in row.lstrip()[1:]]


def commands(tap):
    """What can be typed, edited and asked."""
    with Session('then=shell', smp=3) as s:
        rows = s.command('help')
        tap.result(all(any(re.match(rf'\s*{name}\b', row) for row in rows) for name in COMMANDS),
                   'help lists the commands', '\n'.join(rows))
        rows = s.command('harts')
        tap.result(sum(bool(re.match(r'\s*\d+ +\d+ online ', row)) for row in rows) == 3 and
                   '3 of 3 possible cpus online' in rows, 'harts shows three of them online', '\n'.join(rows))
        rows = s.command('no-such-thing')
        tap.result(any('no-such-thing' in row for row in rows), 'an unknown command is named', '\n'.join(rows))
        rows = s.command('harts --frobnicate')
        tap.result(any('harts' in row for row in rows) and not any('online' in row for row in rows),
                   'a wrong argument is not taken for right', '\n'.join(rows))
        rows = s.command('poweroff 256')
        tap.result(any('256' in row for row in rows), 'an exit status above 255 is refused', '\n'.join(rows))
        rows = s.command('')
        tap.result(rows == [], 'an empty line does nothing', '\n'.join(rows))

        wanted = s.command('harts')
        edits = {
            'insertion in the middle': 'hrts' + LEFT * 3 + 'a',
            'backspace': 'hartz' + BACKSPACE + 's',
            'start of line, kill and type anew': 'nonsense' + START + KILL + 'harts',
            'start and end of line': 'art' + START + 'h' + END + 's',
            'clear the line': 'nonsense' + CLEAR + 'harts',
            'the line before': UP,
            'up, up, down': UP + UP + DOWN,
            'completion': 'har\t',
        }
        for what, keys in edits.items():
            rows = s.command(keys)
            tap.result([re.sub(r'\d+ us', '', row) for row in rows] == [re.sub(r'\d+ us', '', row) for row in wanted],
                       f'line editing: {what}', '\n'.join(rows))
        before = len(s.screen.rows)
        s.type('poweroff' + CANCEL)
        s.wait(lambda: len(s.screen.rows) > before, 'a new row')
        rows = s.command('harts')
        tap.result('3 of 3 possible cpus online' in rows, 'a cancelled line is not run', '\n'.join(rows))
        rows = s.command('help ' + 'x' * 300)
        tap.result(s.screen.row.rstrip() == PROMPT.strip(), 'a line longer than the screen', s.text)
        rows = s.command('dmesg')
        tap.result(any('cpu2 (hart 2): online' in row for row in rows), 'dmesg shows what the console did not',
                   '\n'.join(rows))
        tap.result(not broken_rows(s), 'no prompt was broken', '\n'.join(broken_rows(s)))


def typing_early(tap):
    """
    Typing before the kernel has a UART: what the firmware leaves alone is not lost. The first byte waits in the UART
    before the kernel starts; of more, one could come just when the FIFO is turned on, and is lost on any machine.
    """
    what = 'what is typed before the kernel starts arrives'
    if not tool('bios', 'test'):
        tap.skip(what, 'no test firmware here (make firmware)')
        return
    with tempfile.NamedTemporaryFile('w') as rules:
        rules.write('await-typing')
        rules.flush()
        loader = f'loader,file={rules.name},addr={RULES_ADDRESS:#x},force-raw=on'
        with Session('', smp=2, bios='test', args=['-device', loader]) as s:
            s.type('h')
            s.wait(lambda: s.screen.row == f'{PROMPT}h', 'a prompt with the first letter')
            s.type('arts\r')
            s.wait(lambda: '2 of 2 possible cpus online' in s.text, 'harts')
            tap.result(f'{PROMPT}harts' in s.text, what, s.text)


def typing_ahead(tap):
    """Typing while something else is printed, and pasting."""
    with Session('', smp=2) as s:
        s.prompt()
        s.type('test printk\rharts\rmem\r')
        s.wait(lambda: '2 of 2 possible cpus online' in s.text, 'harts')
        s.prompt()
        tap.result(not broken_rows(s), 'typing ahead breaks no row', s.text)
        rows = [row.rstrip() for row in s.screen.rows]
        bad = [row for row in rows if re.search(r'\S.*(KTAP version|muster: |\[ *\d+\.\d{6}\])', row)
               and not re.match(r'(\[|muster> )', row)]
        tap.result(not bad, 'and no line of output', '\n'.join(bad))
        before = len(s.screen.rows)
        s.type(''.join(f'echo{n}\r' for n in range(40)))
        s.wait(lambda: 'echo39' in '\n'.join(s.screen.rows[before:]), 'the last of 40 pasted lines')
        s.prompt()
        text = '\n'.join(s.screen.rows[before:])
        tap.result(all(f'echo{n}' in text for n in range(40)), '40 pasted lines all arrive', text)


def sleeping(tap):
    """sleep waits as long as it says, and no longer than a person lets it."""
    with Session('', smp=2) as s:
        s.prompt()
        start = time.monotonic()
        rows = s.command('sleep 0.5')
        took = time.monotonic() - start
        tap.result(rows == [] and took >= 0.49, f'sleep 0.5 takes {took:.2f} s', '\n'.join(rows))
        s.type('sleep 100000\r')
        s.wait(lambda: s.screen.row == '', 'the command')
        s.type('typed before' + CANCEL)
        s.wait(lambda: 'sleep: ended by ctrl-c' in s.text, 'its end')
        s.prompt()
        tap.result(True, 'ctrl-c ends sleep, and drops what was typed before it')
        s.type('sleep 1\rharts\r')
        s.wait(lambda: '2 of 2 possible cpus online' in s.text, 'harts')
        s.prompt()
        tap.result(not broken_rows(s), 'what is typed ahead of its end is kept', s.text)
        for bad in ('', '1 2', 'x', '-1', '.5', '1.0001', '1e3', '100001', '99999999999999999999', '1s'):
            rows = s.command(f'sleep {bad}')
            good = rows[-1:] == ['usage: sleep <seconds>'] and (len(bad.split()) != 1 or f"sleep: '{bad}'" in rows[0])
            tap.result(good, f"sleep {bad or 'without a time'}", '\n'.join(rows))


# What is typed, and what the rows of the answer must look like, in this order; other rows may stand between.
CALLS = [
    ('call', r'cpu +calls +min +median +max  ns', r'cpu0 +1000( +\d+){3}$', r'cpu1 +1000 ', r'cpu2 +1000 ',
     r'others +1000 '),
    ('call 1 10', r'cpu +calls', r'cpu1 +10( +\d+){3}$'),
    ('call all 5', r'cpu2 +5 ', r'others +5 '),
    ('ipi', r'back end  rating  state', r'sbi +20  present, in use', r' *cpu +rings interrupts +spurious',
     r' *2 +\d+ +\d+ +\d+$'),
    ('backtrace 1', r'.*backtrace of cpu1:', r'.*\[<[0-9a-f]{16}>\] \w+\+0x', r'backtrace: 1 of 1 answered$'),
    ('backtrace', r'.*backtrace of cpu0:', r'.*backtrace of cpu1:', r'.*backtrace of cpu2:',
     r'backtrace: 3 of 3 answered$'),
    ('backtrace all', r'backtrace: 3 of 3 answered$'),
    ('stats', r'STATS cpu=0 queued=\d+ run=\d+ refused=0 ', r'STATS cpu=1 ', r'STATS cpu=2 ',
     r'STATS cpu=all queued=\d+ ', r'STATS calls=balanced in_flight=0$',
     r'STATS stop_machine=0 max_irqoff_ns=0$'),
    ('trace show', r'trace: nothing recorded$'),
    ('trace on',),
    ('call 1 2', r'cpu1 +2 '),
    ('trace show 100', r'TRACE ns=\d+ cpu=0 event=queue target=1 func=nothing$',
     r'TRACE ns=\d+ cpu=0 event=send target=1$',
     r'TRACE ns=\d+ cpu=1 event=entry$', r'TRACE ns=\d+ cpu=1 event=begin func=nothing$',
     r'TRACE ns=\d+ cpu=1 event=end func=nothing$'),
    ('trace off',),
    ('trace show 1', r'TRACE ns=\d+ cpu=\d event=\w+ ?'),
    ('bench ecall_null', r'BENCH name=ecall_null harts=3 n=1000 min=\d+ '),
    ('bench ecall_null,send_ipi', r'BENCH name=ecall_null ', r'BENCH name=send_ipi '),
    ('torture 1 7', r'KTAP version 1$', r'1\.\.1$', r'# torture: 3 harts, 1 s, seed 7, IPIs by sbi$',
     r'STATS torture=calls harts=3 seed=7 ',
     r'    KTAP version 1$', r'    1\.\.13$', r'    ok 1 all_harts_came_home$', r'    ok 13 memory_is_steady$',
     r'ok 1 torture$'),
    ('stats', r'STATS calls=balanced in_flight=0$', r'STATS stop_machine=[1-9]\d* max_irqoff_ns=[1-9]\d*$'),
]
# What is typed wrongly, and what is said before the usage.
WRONG = [
    ('call 9', r"call: '9' is not a number up to 2$"), ('call x', r"call: 'x' is neither a cpu nor 'all'$"),
    ('call -1', r"call: '-1' is neither"), ('call 1 0', r"call: '0' calls would tell nothing$"),
    ('call 1 100001', r"call: '100001' is not a number up to 100000$"), ('call 1 x', r"call: 'x' is not a number"),
    ('call 1 2 3',), ('ipi x',), ('stats x',),
    ('backtrace 17', r"backtrace: '17' is not a number up to 2$"), ('backtrace x', r"backtrace: 'x' is neither"),
    ('backtrace all x',),
    ('trace',), ('trace fly', r"trace: 'fly' is not on, off or show$"),
    ('trace show 0', r"trace: '0' events are none$"),
    ('trace show x', r"trace: 'x' is not a number"), ('trace on 1', r"trace: 'on' "), ('trace show 1 2',),
    ('bench a b',), ('test a b',),
    ('torture',), ('torture 0', r"torture: '0' seconds would test nothing$"),
    ('torture x', r"torture: 'x' is not a number"),
    ('torture 1 z', r"torture: 'z' is not a number"), ('torture 1 2 3',),
]


def in_order(rows, patterns):
    """The first pattern that no row matches behind the row of the one before, or None."""
    left = iter(rows)
    for pattern in patterns:
        if not any(re.match(pattern, row) for row in left):
            return pattern
    return None


def calls(tap):
    """Commands about calls, and what they say when they are used wrongly."""
    with Session('', smp=3) as s:
        for line, *patterns in CALLS:
            rows = s.command(line)
            missing = in_order(rows, patterns)
            silent = not patterns and any(rows)
            tap.result(not missing and not silent and not any('usage' in row for row in rows), f'"{line}"',
                       '\n'.join([f'no row is like {missing}', *rows]))
        for line, *patterns in WRONG:
            rows = s.command(line)
            usage = rf'usage: {line.split()[0]}\b'
            tap.result(len(rows) == len(patterns) + 1 and not in_order(rows, [*patterns, usage]), f'wrong: "{line}"',
                       '\n'.join(rows))
        for line, said in (('bench none', "# no benchmark 'none'"), ('test none', "# no test suite 'none'")):
            rows = s.command(line)
            tap.result(rows[0] == said, f'wrong: "{line}"', '\n'.join(rows))
        tap.result(not broken_rows(s), 'no prompt was broken by calls', '\n'.join(broken_rows(s)))


def noise(tap, seed=1):
    """Bytes that nobody would type do no harm."""
    rng = random.Random(seed)
    with Session('', smp=2) as s:
        s.prompt()
        for _ in range(40):
            # Without Enter: a random command could end the session rightly.
            s.type(''.join(chr(rng.choice([byte for byte in range(256) if byte not in (10, 13)])) for _ in range(100)))
        # What is typed while the shell is behind may find no room.
        s.quiet()
        s.type(CANCEL + CLEAR)
        s.screen.feed('\r\n')
        s.quiet()
        s.type(CLEAR + 'poweroff 5\r')
        tap.result(s.status() == 5, f'4000 random bytes, then poweroff (seed {seed})', s.text[-3000:])


def faults(tap):
    """
    Each kind of fault ends in a report that names it, with a symbolised backtrace, and exit status
    1.
    """
    with Session('', smp=2) as s:
        kinds = [row.split()[0] for row in s.command('fault') if row and not row.startswith('[')]
    tap.result(set(REPORTS) <= set(kinds), 'fault lists what it can do', ' '.join(kinds))
    for kind in kinds:
        with Session('', smp=2) as s:
            s.prompt()
            s.type(f'fault {kind}\r')
            status = s.status()
            cause, function = REPORTS.get(kind, ('', ''))
            # A compiler may have made its own version of a function: recurse.isra.0.
            trace = re.findall(r'\[<[0-9a-f]{16}>\] (\w+)[\w.]*\+0x[0-9a-f]+', s.raw)
            panics = [row for row in s.raw.splitlines() if 'panic: ' in row]
            good = (status == 1 and len(panics) == 1 and cause in panics[0] and function in trace[:4] + [''] and
                    ('cmd_fault' in trace or kind == 'stack') and s.text.rstrip().endswith('muster: exit 1'))
            tap.result(good, f'fault {kind}: {panics[0].split("panic: ")[1].strip() if panics else "no report"}',
                       f'status {status}, backtrace {trace}\n{s.text[-4000:]}')


def ways_out(tap):
    """panic, poweroff and reboot."""
    with Session('', smp=2) as s:
        s.prompt()
        s.type('panic of the day\r')
        status = s.status()
        tap.result(status == 1 and 'panic: of the day' in s.text and s.text.rstrip().endswith('muster: exit 1'),
                   'panic TEXT', f'status {status}\n{s.text[-2000:]}')
    for code in (0, 3, 255):
        with Session('', smp=2) as s:
            s.prompt()
            s.type(f'poweroff {code}\r')
            status = s.status()
            tap.result(status == code and s.text.rstrip().endswith(f'muster: exit {code}'), f'poweroff {code}',
                       f'status {status}\n{s.text[-1000:]}')
    with Session('', smp=3, reboots=True) as s:
        s.prompt()
        s.type('reboot\r')
        s.wait(lambda: s.text.count('3 of 3 harts online') == 2, 'a second boot')
        s.prompt()
        s.type('poweroff 4\r')
        tap.result(s.status() == 4, 'reboot comes up again', s.text[-2000:])
    with Session('', smp=2) as s:
        s.prompt()
        s.type('reboot\r')
        tap.result(s.status() == 0, 'reboot where the machine is told not to', s.text[-2000:])


def main():
    """All of it, where there is an emulator."""
    tap = Tap()
    if not tool('qemu'):
        tap.skip('the prompt', 'no emulator here (scripts/setup run)')
        return tap.done()
    if not (OUT / 'Image').exists():
        print('Bail out! no Image: run make')
        return 1
    for part in (commands, typing_early, typing_ahead, sleeping, calls, noise, faults, ways_out):
        if sys.argv[1:] and part.__name__ not in sys.argv[1:]:
            continue
        try:
            part(tap)
        except Timeout as error:
            tap.result(False, f'{part.__name__}: {str(error).splitlines()[0]}', error)
    return tap.done()


sys.exit(main())
