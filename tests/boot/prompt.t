#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A person at the prompt: commands, keys, and each way of breaking the kernel, over a pseudo terminal."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
import tty

from scenario import OUT, TOP, Tap, plain

PROMPT = 'muster> '
# For one answer; the machine may be shared.
SECONDS = 60


class Session:
    """One boot with somebody at the keyboard."""

    def __init__(self, smp=2, append=''):
        ours, theirs = pty.openpty()
        tty.setraw(theirs)
        environment = dict(os.environ, SMP=str(smp), APPEND=append, IMAGE=str(OUT / 'Image'))
        self._run = subprocess.Popen([TOP / 'scripts/run'], stdin=theirs, stdout=theirs, stderr=theirs,
                                     env=environment, start_new_session=True)
        os.close(theirs)
        self._pty = ours
        self.console = ''
        self._read_to = 0
        self.alive = self.wait_for(PROMPT) is not None

    def _read(self, deadline):
        ready, _, _ = select.select([self._pty], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._pty, 65536)
        except OSError:
            return False
        # What the pseudo terminal makes of line ends depends on who has set it.
        self.console = re.sub('\r+\n', '\n', self.console + data.decode(errors='replace'))
        return bool(data)

    def wait_for(self, text):
        """What came before the next occurrence of text, or None."""
        deadline = time.monotonic() + SECONDS
        while True:
            at = self.console.find(text, self._read_to)
            if at >= 0:
                said = self.console[self._read_to:at]
                self._read_to = at + len(text)
                return said
            if not self._read(deadline):
                return None

    def type(self, keys):
        """Sends keys one by one, as fingers do."""
        for key in keys:
            os.write(self._pty, key.encode())

    def command(self, line):
        """The answer to a line, without its echo."""
        self.type(line + '\r')
        said = self.wait_for('\n' + PROMPT)
        if said is None:
            return 'NO PROMPT AFTER THIS: ' + plain(self.console[self._read_to:])
        return plain(said + '\n').partition('\n')[2]

    def end(self):
        """All that was still said, and the exit status; a machine that goes on is ended."""
        deadline = time.monotonic() + SECONDS
        while self._read(deadline):
            pass
        try:
            status = self._run.wait(max(1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(self._run.pid, signal.SIGKILL)
            status = self._run.wait()
        os.close(self._pty)
        return plain(self.console[self._read_to:]), status


def all_match(said, *patterns):
    """True if each pattern is found, in this order."""
    at = 0
    for pattern in patterns:
        found = re.compile(pattern, re.MULTILINE).search(said, at)
        if not found:
            return False
        at = found.end()
    return True


COMMANDS = [
    ('help', [r'^dmesg +\[.*\] +\S', r'^harts ', r'^mem ', r'^poweroff +\[status\] ', r'^version ']),
    ('help mem', [r'\Amem\n  RAM: ']),
    ('harts', [r'\A cpu ', r'^ +0 +\d+ online +\S+ +boot +rv64', r'^ +1 +\d+ online +\S+ +\d+ us +rv64',
               r'^ +2 +\d+ offline .* maxcpus=|^ +2 +\d+ offline .*not started', r'^ +- +\d+ left out ',
               r'^2 of 3 possible cpus online\n\Z']),
    ('sbi', [r'\Aspecification +\d+\.\d+$', r'^implementation +\w+', r'^HSM +0x0048534d +present$',
             r'^legacy shutdown']),
    ('mem', [r'\Aphysical memory', r'^0000000080200000-.* kernel$', r'^all +\d+', r'^objects ',
             r'^per-cpu area \d+ bytes for each of 3 cpus\n\Z']),
    ('dmesg', [r'\A\[ *\d+\.\d{6}\] cpu0: ', r'warning: .*nosuch']),
    ('dmesg -l warn', [r'\A\[ *\d+\.\d{6}\] cpu0: warning: .*nosuch.*\n\Z']),
    ('dmesg -l loud', [r"\Admesg: 'loud' is not a level.*\nusage: dmesg "]),
    ('dmesg -x 1', [r"\Admesg: '-x' is not an option\nusage: dmesg "]),
    ('params', [r'^loglevel +7 ', r'^maxcpus +2 ']),
    ('version', [r'\AMuster \S+\ncompiler \S.*\nbuilt with ']),
    ('uptime', [r'\A\d+\.\d{3} s since reset\n\Z']),
    ('fault', [r'^load ', r'^stack ', r'^irq ']),
    ('fault nothing', [r"\Afault: 'nothing' is not a kind of fault\nusage: fault \[kind\]\n\Z"]),
    ('poweroff 256', [r"\Apoweroff: '256' is not a number up to 255\nusage: "]),
    ("help 'two words'", [r"\Ahelp: 'two words' is not a command\n"]),
    ("'open", [r'\Aa quote is not closed\n\Z']),
    ('nonsense', [r'\Anonsense: no such command; try help\n\Z']),
    ('', [r'\A\Z']),
]

# Keys and what the line then is, told by the shell's complaint about it. ctrl-a is QEMU's own: typed twice it is ours.
KEYS = [
    ('backspace', 'xz\x7fy', 'xy'),
    ('cursor keys', 'xz\x1b[Dy\x1b[C!', 'xyz!'),
    ('home and end', 'b\x1b[Ha\x1b[Fc', 'abc'),
    ('ctrl-a and ctrl-e', 'b\x01\x01a\x05c', 'abc'),
    ('kill and yank', 'one\x15two\x19', 'twoone'),
    ('ctrl-w', 'gone\x17x', 'x'),
    ('ctrl-d in the middle', 'xgy\x1b[D\x1b[D\x04', 'xy'),
    ('transpose', 'ab\x14', 'ba'),
    ('history', '\x1b[A', 'ba'),
    ('noise', '\x00\x1b[99;99;99Zx\x1b', 'x'),
]

BACKTRACE = r'cpu0:   \[<[0-9a-f]{16}>\] %s\+0x[0-9a-f]+/0x'
# A fault's kind, what the report must say of it, and who is to be blamed.
FAULTS = [
    ('load', r'panic: load page fault at 0xffffffdffffff000: not mapped', 'fault_load'),
    ('store', r'panic: store or AMO page fault at 0xffffffdffffff000: not mapped', 'fault_store'),
    ('null', r'panic: store or AMO page fault at 0x0: a NULL pointer', 'fault_null'),
    ('exec', r'panic: instruction page fault at 0xf+80[0-9a-f]+: data, not executable', 'fault_exec'),
    ('wx', r'panic: store or AMO page fault at 0xf+80[0-9a-f]+: kernel text, not writable', 'fault_wx'),
    ('rodata', r'panic: store or AMO page fault at 0xf+80[0-9a-f]+: read-only data', 'fault_rodata'),
    ('illegal', r'panic: illegal instruction', 'fault_illegal'),
    ('break', r'panic: breakpoint', 'fault_breakpoint'),
    ('misaligned', r'panic: .*(misaligned|access fault)', 'fault_misaligned'),
    ('stack', r'panic: stack overflow at sp 0x', r'recurse[.a-z0-9]*'),
    ('irq', r'panic: store or AMO page fault at 0x0: a NULL pointer', 'fault_null'),
]


def test_commands(tap):
    """Each command says what it is to say."""
    session = Session(smp=4, append='cpus=0-2 nr_cpus=3 maxcpus=2 nosuch=1')
    if not tap.result(session.alive, 'prompt', plain(session.console)):
        session.end()
        return
    for line, patterns in COMMANDS:
        said = session.command(line)
        tap.result(all_match(said, *patterns), f"command '{line}'", said)
    session.type('poweroff 42\r')
    said, status = session.end()
    tap.result(status == 42 and all_match(said, r'^muster: exit 42\n\Z'), 'poweroff with a status',
               f'{said}\nexit status {status}')


def test_keys(tap):
    """The line is what the keys make of it."""
    session = Session()
    for name, keys, line in KEYS:
        session.type(keys)
        said = session.command('')
        tap.result(said.endswith(f'{line}: no such command; try help\n'), f'keys: {name}', repr(said))
    session.type('gone\x03')
    session.wait_for('\n' + PROMPT)
    session.type('upt\t')
    said = session.command('')
    tap.result(all_match(said, r'^\d+\.\d{3} s since reset'), 'keys: ctrl-c and completion', repr(said))
    session.type('reboot\r')
    again = session.wait_for('\n' + PROMPT)
    tap.result(again is not None and 'harts online' in again, 'reboot', repr(again))
    session.type('panic what a pity\r')
    said, status = session.end()
    tap.result(status == 1 and all_match(said, r'panic: what a pity$', BACKTRACE % 'cmd_panic',
                                         r'^muster: exit 1\n\Z'), 'panic', f'{said}\nexit status {status}')


def test_faults(tap):
    """Each fault is caught, reported, and the machine ends with a failure."""
    for kind, report, culprit in FAULTS:
        session = Session(smp=1)
        session.type(f'fault {kind}\r')
        said, status = session.end()
        good = status == 1 and all_match(said, report, 'backtrace:$', BACKTRACE % culprit,
                                         r'^muster: exit 1\n\Z')
        if kind == 'irq':
            # The handler, and what it interrupted.
            good = good and all_match(said, BACKTRACE % 'fault_null', BACKTRACE % 'handle_interrupt',
                                      BACKTRACE % 'fault_irq', BACKTRACE % 'cmd_fault')
        tap.result(good, f'fault {kind}', f'{said}\nexit status {status}')


def main():
    """All of it."""
    tap = Tap()
    test_commands(tap)
    test_keys(tap)
    test_faults(tap)
    return tap.done()


if __name__ == '__main__':
    sys.exit(main())
