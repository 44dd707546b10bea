# SPDX-License-Identifier: BSD-2-Clause
"""Holds a console against what a good boot says. What it does not understand is not good."""

import re
from collections import deque
from dataclasses import dataclass, field

from muster import ktap

LOG = re.compile(r'\[ *\d+\.\d{6}\] ')
EXIT = re.compile(r'muster: exit (-?\d+)$')
ONLINE = re.compile(r'muster: (\d+) of (\d+) harts online in (\d+) us$')
PARKED = 'muster: no way to power off, parked'
RECORD = re.compile(r'(BENCH|STATS|TRACE) ')
FIELDS = re.compile(r'(?:BENCH|STATS)(?: [\w.:-]+=\S+)+$')
FATAL = re.compile(r'\bpanic: |^sbi_trap_error: |^firmware: ')
# Openings of lines that must open a line; elsewhere two lines were mixed.
STRAY = re.compile(ktap.STRAY.pattern + r'|muster: (?:exit|\d+ of) |BENCH name=|STATS \w+=|\[ *\d+\.\d{6}\] ')

PASSED, FAILED, NOT_RUN, SILENT = range(4)
ANY_NUMBER = -1
ERRORS_MAX = 30
TAIL = 12


@dataclass
class Expectations:
    """What this boot must show, beyond telling no lies."""
    tests: bool = True            # results are due
    records: bool = False         # BENCH or STATS lines are due
    something: bool = True        # some of either is due
    exit: bool = True             # the last line is due
    harts: int = None             # so many are due online; None: all there are; ANY_NUMBER
    possible: int = None          # so many there are; None: as many as the kernel says
    online: bool = True           # the bring-up line is due
    status: bool = True           # the process's exit status must be the exit line's
    blocks: int = 1               # reports that may follow one another
    expect: list = field(default_factory=list)   # patterns, each must match a line
    forbid: list = field(default_factory=list)   # patterns, none may match a line
    allow: list = field(default_factory=list)    # patterns, other lines allowed among results
    panic: bool = False           # a panic is what this boot is for


@dataclass
class Report:
    """What came of a boot."""
    tests: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    records: list = field(default_factory=list)  # BENCH, STATS and TRACE lines
    tail: list = field(default_factory=list)     # the last lines seen
    online: int = None
    possible: int = None
    bring_up_us: int = None
    exit: int = None
    status: int = None
    seconds: float = 0.0
    code: int = PASSED

    def failed(self):
        """The tests that failed."""
        return [test for test in self.tests if not test.passed]

    def skipped(self):
        """The tests that did not run."""
        return [test for test in self.tests if test.skipped is not None]

    def benches(self):
        """BENCH lines as dicts of text."""
        return [dict(pair.split('=', 1) for pair in line.split()[1:])
                for line in self.records if line.startswith('BENCH ')]


class Judge:
    """Feed it lines, then call end() once."""

    def __init__(self, expectations=None, on_suite=None):
        self.want = expectations or Expectations()
        self.report = Report()
        self._ktap = ktap.Parser(self.want.blocks, on_suite)
        self._expect = {pattern: re.compile(pattern) for pattern in self.want.expect}
        self._forbid = [re.compile(pattern) for pattern in self.want.forbid]
        self._allow = [re.compile(pattern) for pattern in self.want.allow]
        self._tail = deque(maxlen=TAIL)
        self._after_exit = False
        self.started = False    # the kernel has spoken
        self.panicked = False
        self.parked = False     # it stays on, on a machine that need not be able to go off

    @property
    def exited(self):
        """The exit line was seen."""
        return self.report.exit is not None

    @property
    def last_line(self):
        """The last line that is not empty, or ''."""
        return self._tail[-1] if self._tail else ''

    def error(self, text, always=False):
        """
        Something is wrong. Of a flood only the first are kept, but for those that say why it ended.
        """
        errors = self.report.errors
        if text in errors:
            return
        if len(errors) < ERRORS_MAX or always:
            errors.append(text)
        elif len(errors) == ERRORS_MAX:
            errors.append('more errors follow')

    def line(self, line):
        """Judges one Line."""
        text = line.text
        if text.strip():
            self._tail.append(text)
        for pattern, regex in list(self._expect.items()):
            if regex.search(text):
                del self._expect[pattern]
        for regex in self._forbid:
            if regex.search(text):
                self.error(f'forbidden line: "{text}"')
        kernel = self._is_kernel_line(text)
        self.started = self.started or kernel
        # Before the kernel speaks a line may float: a board that is switched on prints noise.
        if line.garbage and self.started:
            self.error(f'bytes that no console prints: "{_short(text)}"')
        if line.too_long:
            self.error(f'a line without end: "{_short(text)}"')
        if not line.whole and (kernel or self._ktap.open):
            self.error(f'the last line was cut off: "{_short(text)}"')
        if line.edited and kernel and self._ktap.open:
            self.error(f'control characters in a result line: "{_short(text)}"')
        self._content(text)

    @staticmethod
    def _is_kernel_line(text):
        return bool(LOG.match(text) or text.startswith('muster: ') or ktap.VERSION.match(text) or
                    RECORD.match(text))

    def _content(self, text):
        if self._after_exit and text.strip() and text != PARKED and self._looks_ours(text):
            self.error(f'the kernel went on after its exit line: "{_short(text)}"')
        if FATAL.search(text):
            self.panicked = True
            if not self.want.panic:
                self.error(f'the kernel or the firmware gave up: "{text}"')
        if self._ktap.feed(text):
            return
        if self._own_line(text):
            return
        stray = STRAY.search(text)
        if stray and not (stray.start() == 0 and LOG.match(text) and not STRAY.search(text, stray.end())):
            self.error(f'a garbled line: "{_short(text)}"')
        elif self._ktap.open and text.strip() and not LOG.match(text) and \
                not any(regex.search(text) for regex in self._allow):
            self.error(f'a line that belongs to nobody, among results: "{_short(text)}"')

    def _looks_ours(self, text):
        return self._is_kernel_line(text) or ktap.STRAY.search(text) or ktap.PLAN.match(text.strip())

    def _own_line(self, text):
        """Takes the kernel's lines of a fixed form; False for any other."""
        found = EXIT.match(text)
        if found:
            if self.exited:
                self.error(f'a second exit line: "{text}"')
            if self._ktap.open:
                self.error('the exit line came before the report was complete')
            self.report.exit = int(found.group(1))
            self._after_exit = True
            return True
        found = ONLINE.match(text)
        if found:
            if self.report.online is not None:
                self.error(f'a second bring-up line: "{text}"')
            report = self.report
            report.online, report.possible, report.bring_up_us = map(int, found.groups())
            return True
        if RECORD.match(text) and not STRAY.search(text, 1):
            if not text.startswith('TRACE ') and not FIELDS.match(text):
                self.error(f'a garbled line: "{_short(text)}"')
            self.report.records.append(text)
            return True
        if text == PARKED:
            self.parked = not self.want.status
            return True
        return False

    # --- the end ---

    def end(self, status=None, stopped=False):
        """
        The console has ended. status: how the emulator left, None where there is none to ask;
        stopped: we ended it, because what was waited for had come.
        """
        report = self.report
        report.status = status
        report.tail = list(self._tail)
        # Errors of the reports come in the order of the console, before those of the whole.
        self._ktap.end()
        report.tests = self._ktap.tests
        for text in self._ktap.errors[:ERRORS_MAX]:
            self.error(text)
        if not stopped:
            self._whole()
        for pattern in self._expect:
            self.error(f'no line matched the expected {pattern}')
        if self.want.exit and not self.exited and not stopped:
            report.code = SILENT
        elif report.errors or report.failed() or (self.exited and report.exit != 0 and not self.want.panic):
            report.code = FAILED
        return report

    def _whole(self):
        want, report = self.want, self.report
        if want.exit and not self.exited:
            # What else is missing follows from this.
            left = '' if report.status is None else f' (the machine left with status {report.status})'
            self.error(f'the boot ended before its exit line{left}')
            return
        if want.tests and not report.tests:
            self.error('no tests ran')
        elif want.tests and all(test.skipped is not None for test in report.tests):
            self.error('all tests were skipped: nothing was tested')
        if want.records and not report.records:
            self.error('no BENCH or STATS line was printed')
        if want.something and not (report.tests or report.records):
            self.error('nothing was tested or measured')
        self._judge_harts()
        if self.exited:
            self._judge_exit()

    def _judge_harts(self):
        want, report = self.want, self.report
        if report.online is None:
            if want.online:
                self.error('no line said how many harts came online')
            return
        if want.possible is not None and report.possible != want.possible:
            self.error(f'the machine has {want.possible} harts, the kernel found {report.possible}')
        due = want.harts if want.harts is not None else report.possible
        if due not in (ANY_NUMBER, report.online):
            self.error(f'{report.online} harts came online, {due} were due')

    def _judge_exit(self):
        want, report = self.want, self.report
        bad = bool(report.failed())
        if report.exit == 0 and (bad or (self.panicked and not want.panic)):
            self.error('the kernel calls this a success (exit 0), its own lines do not')
        elif report.exit != 0 and not bad and not self.panicked:
            self.error(f'the kernel calls this a failure (exit {report.exit}), no result of it says why')
        if want.status and report.status is not None and report.status != report.exit:
            self.error(f'the exit line says {report.exit}, the machine left with status {report.status}')


def _short(text):
    return text if len(text) <= 160 else text[:157] + '...'
