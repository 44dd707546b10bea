# SPDX-License-Identifier: BSD-2-Clause
"""
A person at a terminal: a booted machine on a pty, what was typed, and the screen that comes of it.
"""

import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time

from scenario import OUT, TOP

sys.path.insert(0, str(TOP / 'scripts/lib'))

from muster import machine  # noqa: E402

PROMPT = 'muster> '
COLUMNS = 80
DEADLINE_S = 30


class Screen:
    """Rows of text as a terminal of 80 columns shows them; knows what a line editor sends."""

    def __init__(self):
        self.rows = ['']
        self.column = 0
        self._rest = ''

    def _put(self, char):
        if self.column == COLUMNS:
            self._newline()
        row = self.rows[-1].ljust(self.column)
        self.rows[-1] = row[:self.column] + char + row[self.column + 1:]
        self.column += 1

    def _newline(self):
        self.rows.append('')
        self.column = 0

    def _escape(self, number, letter):
        if letter == 'C':
            self.column = min(COLUMNS - 1, self.column + max(1, number))
        elif letter == 'D':
            self.column = max(0, self.column - max(1, number))
        elif letter == 'K':
            row = self.rows[-1]
            self.rows[-1] = row[:self.column] if number == 0 else '' if number == 2 else row
        elif letter == 'J' and number == 2:
            self.rows.append('')
            self.column = 0

    def feed(self, text):
        """Takes what the machine sent."""
        text = self._rest + text
        at = 0
        while at < len(text):
            char = text[at]
            if char == '\x1b':
                found = re.compile(r'\x1b\[\??([0-9]*)(?:;[0-9]+)*([A-Za-z])').match(text, at)
                if not found:
                    if len(text) - at < 12:
                        break
                    at += 1
                    continue
                self._escape(int(found[1] or 0), found[2])
                at = found.end()
                continue
            if char == '\n':
                # The kernel sends CR LF; a bare LF would leave the column, and show as a broken
                # row.
                self.rows.append(' ' * self.column if self.column else '')
            elif char == '\r':
                self.column = 0
            elif char == '\b':
                self.column = max(0, self.column - 1)
            elif char >= ' ':
                self._put(char)
            at += 1
        self._rest = text[at:]

    @property
    def row(self):
        """The row with the cursor."""
        return self.rows[-1]


class Timeout(Exception):
    """What was waited for did not come."""


class Session:
    """A machine whose serial line is this process's terminal."""

    def __init__(self, append='', smp=2, reboots=False, **more):
        self._moved = tempfile.NamedTemporaryFile(suffix='.elf')
        wanted = machine.Machine(image=str(OUT / 'Image'), smp=smp, append=append, **more)
        command = wanted.command(self._moved)
        at = command.index('-serial')
        command[at:at + 2] = ['-chardev', 'stdio,id=con,signal=off', '-serial', 'chardev:con']
        if reboots:
            command.remove('-no-reboot')
        self._fd, slave = pty.openpty()
        # pylint: disable=consider-using-with
        self._process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=subprocess.STDOUT,
                                         start_new_session=True)
        os.close(slave)
        self.raw = ''
        self.screen = Screen()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._fd)
        self._moved.close()

    def type(self, text):
        """Types, as fast as the line takes it."""
        data = text.encode('latin-1')
        while data:
            self._read(0)
            data = data[os.write(self._fd, data[:64]):]

    def _read(self, seconds):
        """True if something came."""
        if not select.select([self._fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            return False
        text = data.decode('latin-1')
        self.raw += text
        self.screen.feed(text)
        return bool(data)

    def wait(self, done, what, seconds=DEADLINE_S):
        """Reads until done() is true."""
        end = time.monotonic() + seconds
        while not done():
            left = end - time.monotonic()
            if left <= 0 or (not self._read(min(left, 0.5)) and self._process.poll() is not None and not done()):
                raise Timeout(f'{what} did not come; on the screen:\n' + '\n'.join(self.screen.rows[-25:]))

    def prompt(self):
        """Waits for an empty prompt."""
        self.wait(lambda: self.screen.row.rstrip() == PROMPT.rstrip() and self.screen.column == len(PROMPT),
                  'a prompt')

    def command(self, line):
        """Types a line at a prompt, waits for the next prompt; returns the rows in between."""
        self.prompt()
        before = len(self.screen.rows)
        self.type(line + '\r')
        self.wait(lambda: len(self.screen.rows) > before and self.screen.row.rstrip() == PROMPT.rstrip(), 'a prompt')
        return [row.rstrip() for row in self.screen.rows[before:-1]]

    def status(self, seconds=DEADLINE_S):
        """Reads to the end; the exit status."""
        self.wait(lambda: self._process.poll() is not None, 'the end of the machine', seconds)
        while self._read(0.05):
            pass
        return self._process.returncode

    def quiet(self, seconds=2.0):
        """Reads until nothing has come for so long."""
        end = time.monotonic() + DEADLINE_S
        while self._read(seconds):
            if time.monotonic() > end:
                raise Timeout('an end of the output did not come')

    @property
    def text(self):
        """All rows."""
        return '\n'.join(row.rstrip() for row in self.screen.rows)
