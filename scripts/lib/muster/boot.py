# SPDX-License-Identifier: BSD-2-Clause
"""
One boot from the first byte to a report: reads a console, keeps the deadlines, asks the judge.
"""

import re
import select
import time
from dataclasses import dataclass, field

from muster.judge import Judge, SILENT
from muster.machine import CannotRun
from muster.lines import LineReader

# More than any boot prints; who prints more will not stop.
OUTPUT_MAX = 16 << 20
LINES_MAX = 100000
# How long a machine may take to leave after its last word.
LEAVE_S = 10
AFTER_PANIC_S = 10
TICK_S = 0.02   # of clocks that are not the host's
PROMPT = r'muster> ?$'


@dataclass
class Watch:
    """When to stop reading, and what to type meanwhile."""
    timeout: float = 180     # seconds for all of it
    silence: float = 30      # seconds between two bytes
    until: str = None        # a pattern: the boot is good when a line, or its beginning, matches
    send: list = field(default_factory=list)    # lines to type, each when a prompt shows
    prompt: str = PROMPT
    after_panic: float = AFTER_PANIC_S      # seconds of silence that a panic leaves
    clock: object = time.monotonic          # counts these seconds; it may be slower than the host's


def deadlines(harts, append='', slow=1.0):
    """
    (timeout, silence) in seconds: more harts share the same cores, and torture takes its time.
    """
    torture = re.search(r'(?:^|\s)torture=(\d+)', append)
    extra = int(torture.group(1)) * 2 if torture else 0
    return (120 + 6 * harts) * slow + extra, (30 + 2 * harts) * slow + extra


class _Reader:
    """The state of one run()."""

    def __init__(self, console, judge, watch, log):
        self.console = console
        self.judge = judge
        self.watch = watch
        self.log = log
        self.lines = LineReader()
        self.until = re.compile(watch.until) if watch.until else None
        self.prompt = re.compile(watch.prompt)
        self.to_send = list(watch.send)
        self.total = 0      # bytes
        self.count = 0      # lines
        self.seen = False   # until matched

    def take(self, data):
        """Passes bytes on; False when there is nothing left to wait for."""
        if self.log:
            self.log.write(data)
        self.total += len(data)
        for line in self.lines.feed(data):
            self.count += 1
            self.judge.line(line)
            self._look(line.text)
        partial = self.lines.partial.text
        self._look(partial)
        if self.to_send and self.prompt.search(partial):
            # What is typed comes back behind the prompt, so this prompt does not match again.
            self.console.write(self.to_send.pop(0).encode() + b'\r')
        if self.total > OUTPUT_MAX or self.count > LINES_MAX:
            self.judge.error(f'output without end: {self.count} lines, {self.total} bytes', always=True)
            return False
        return not self.seen

    def _look(self, text):
        if self.until and self.until.search(text):
            self.seen = True

    def deadline(self, start, last_byte):
        """(when, why) the patience ends."""
        ends = [(start + self.watch.timeout, f'not done after {self.watch.timeout:g} s')]
        patience = self.watch.silence
        if self.judge.panicked:
            patience = min(patience, self.watch.after_panic)
        if self.judge.exited:
            ends.append((last_byte + min(LEAVE_S, self.watch.silence), None))
        elif self.total or self.console.exits:
            ends.append((last_byte + patience, f'silent for {patience:g} s'))
        return min(ends, key=lambda end: end[0])


def _read(reader, on_tick):
    """Reads until the console ends or patience does; returns why, or None."""
    clock = reader.watch.clock
    start = last_byte = clock()
    while True:
        when, why = reader.deadline(start, last_byte)
        left = when - clock()
        if left <= 0:
            return why
        left = max(left, TICK_S)
        # A board stays on after its last line: listen for a moment whether more comes.
        if reader.judge.exited and not reader.console.exits:
            left = min(left, 1.0)
        if on_tick:
            on_tick(reader.judge.last_line)
            left = min(left, 1.0)
        if not select.select([reader.console], [], [], left)[0]:
            if reader.judge.exited and not reader.console.exits:
                return None
            continue
        data = reader.console.read()
        if data is None:
            continue
        if not data:
            return None
        last_byte = clock()
        if not reader.take(data) or reader.judge.parked:
            return None


def run(console, expectations, watch, log=None, on_suite=None, on_tick=None):
    """
    Reads console (a Process or Serial) to its end, closes it and returns the Report.
    log: a binary file for all bytes; on_suite(name, tests): a suite is done; on_tick(last line):
    called about once a second.
    """
    judge = Judge(expectations, on_suite)
    reader = _Reader(console, judge, watch, log)
    start = time.monotonic()
    status = None
    try:
        why = _read(reader, on_tick)
        stopped = reader.seen
        rest = reader.lines.end()
        if rest and not stopped:
            judge.line(rest)
        if why:
            said = f'the last line was: "{judge.last_line}"' if judge.last_line else 'nothing was said'
            judge.error(f'{why}; {said}', always=True)
        elif watch.until and not stopped:
            judge.error(f'the boot ended before {watch.until} was seen')
        if console.exits and not stopped and not why:
            status = console.status(0 if judge.parked else 2)
            if status is None and judge.exited and not judge.parked:
                judge.error('the machine did not go off after its exit line')
            elif status and not reader.total and console.messages():
                raise CannotRun(console.messages())
        if console.exits and not stopped and console.messages():
            judge.error(f'the emulator says: {console.messages()}')
    finally:
        console.close()
    report = judge.end(status, stopped)
    if why or (watch.until and not stopped):
        report.code = SILENT
    report.seconds = time.monotonic() - start
    return report
