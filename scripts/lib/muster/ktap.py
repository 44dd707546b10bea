# SPDX-License-Identifier: BSD-2-Clause
"""
Reads KTAP version 1 and takes nothing on trust: plans, numbers and nested results must all agree.
"""

import re
from dataclasses import dataclass, field

INDENT = 4

VERSION = re.compile(r'KTAP version 1$')
PLAN = re.compile(r'1\.\.(\d{1,6})$')
# A name is one word: what follows it can then only be a directive, or a line that was mixed up.
RESULT = re.compile(r'(ok|not ok) (\d{1,6}) ([\w./:+-]+)(?: # SKIP(?: ([^#]*))?)?$')
SKIP = re.compile(r' # SKIP( |$)')
SUBTEST = re.compile(r'# Subtest: ([\w./:+-]+)$')
DIAGNOSTIC = re.compile(r'#( .*)?$')
BAIL_OUT = re.compile(r'Bail out!')

# What cannot stand in the middle of a line unless two lines were mixed.
STRAY = re.compile(r'(?<![\w-])(not )?ok \d+ [\w./:+-]|KTAP version \d|# Subtest: |# SKIP(?!\w)')


@dataclass
class Test:
    """One result that has no results below it."""
    name: str
    suite: str
    passed: bool
    skipped: str = None  # the reason; None if it ran
    diagnostics: list = field(default_factory=list)

    @property
    def full_name(self):
        """suite.name, once."""
        if not self.suite or self.name == self.suite or self.name.startswith(self.suite + '.'):
            return self.name
        return f'{self.suite}.{self.name}'


@dataclass
class _Block:
    """A plan and the results under it."""
    planned: int = None
    seen: int = 0
    name: str = None
    names: set = field(default_factory=set)
    tests: list = field(default_factory=list)
    diagnostics: list = field(default_factory=list)

    @property
    def full(self):
        return self.planned is not None and self.seen == self.planned

    @property
    def shortage(self):
        if self.planned is None:
            return 'has no plan'
        return f'ended after {self.seen} of {self.planned} planned results'


class Parser:
    """Feed it lines; it keeps tests and errors. blocks: how many reports may follow one another."""

    def __init__(self, blocks=1, on_suite=None):
        self.tests = []
        self.errors = []
        self.blocks_left = blocks
        self._stack = []
        self._on_suite = on_suite

    @property
    def open(self):
        """True between a version line and the last planned result."""
        return bool(self._stack)

    def _error(self, text):
        self.errors.append(text)

    def feed(self, line):
        """Takes a line that is KTAP's; returns False for any other."""
        body = line.lstrip(' ')
        depth, rest = divmod(len(line) - len(body), INDENT)
        result = RESULT.match(body)
        if not (result or VERSION.match(body) or PLAN.match(body) or BAIL_OUT.match(body)):
            return self._diagnostic(body)
        if rest:
            self._error(f'indented by no multiple of {INDENT}: "{line}"')
        elif BAIL_OUT.match(body):
            self._error(f'the run was given up: "{body}"')
        elif result:
            self._result(depth, result, line)
        elif VERSION.match(body):
            self._version(depth, line)
        else:
            self._plan(depth, int(PLAN.match(body).group(1)), line)
        return True

    def _diagnostic(self, body):
        if not (self._stack and DIAGNOSTIC.match(body)):
            return False
        block = self._stack[-1]
        subtest = SUBTEST.match(body)
        if subtest and block.planned is None:
            block.name = subtest.group(1)
        else:
            block.diagnostics.append(body[2:])
        return True

    def _version(self, depth, line):
        if depth != len(self._stack):
            self._error(f'a report begins at the wrong depth: "{line}"')
            return
        if depth == 0:
            if not self.blocks_left:
                self._error('a second report begins: did the machine start again?')
            self.blocks_left -= 1
        elif self._stack[-1].planned is None:
            self._error(f'a nested report begins before the plan above it: "{line}"')
        self._stack.append(_Block())

    def _plan(self, depth, count, line):
        if depth + 1 != len(self._stack):
            self._error(f'a plan at the wrong depth: "{line}"')
            return
        block = self._stack[-1]
        if block.planned is not None:
            self._error(f'a second plan: "{line}"')
        elif block.seen:
            self._error(f'the plan comes after results: "{line}"')
        elif count == 0:
            self._error('a plan of no tests')
        block.planned = count
        self._close_when_full()

    def _result(self, depth, match, line):
        child = None
        if len(self._stack) == depth + 2:
            child = self._stack.pop()
        elif len(self._stack) != depth + 1:
            self._error(f'a result outside of any report at its depth: "{line.strip()}"')
            return
        block = self._stack[-1]
        passed, number, name = match.group(1) == 'ok', int(match.group(2)), match.group(3)
        skipped = (match.group(4) or 'no reason given') if SKIP.search(match.group()) else None

        if block.planned is None:
            self._error(f'a result before the plan: "{line.strip()}"')
        block.seen += 1
        if number != block.seen:
            what = 'comes again' if number < block.seen else f'comes where {block.seen} is due'
            self._error(f'result number {number} {what}: "{line.strip()}"')
            block.seen = max(number, block.seen - (number < block.seen))
        if block.planned is not None and block.seen > block.planned:
            self._error(f'more results than the {block.planned} planned: "{line.strip()}"')
        if name in block.names:
            self._error(f'two results have the name {name}')
        block.names.add(name)

        if child:
            tests = self._nested(child, name, passed, skipped)
        else:
            tests = [Test(name, block.name or '', passed or skipped is not None, skipped,
                          block.diagnostics)]
            if skipped is not None and not passed:
                self._error(f'{name} is not ok and skipped at once')
        block.diagnostics = []
        block.tests += tests
        if depth == 0 and self._on_suite:
            self._on_suite(name, tests)
        self._close_when_full()

    def _nested(self, child, name, passed, skipped):
        """What the results of a closed report come to, held against the line that sums them up."""
        if not child.full:
            self._error(f'the report of {name} {child.shortage}')
        if child.name and child.name != name:
            self._error(f'the report of {child.name} is summed up as {name}')
        for test in child.tests:
            test.suite = test.suite or name
        failed = [test for test in child.tests if not test.passed]
        if passed and failed:
            self._error(f'{name} is called ok, but {len(failed)} of its tests failed')
        if skipped is not None and any(test.skipped is None for test in child.tests):
            self._error(f'{name} is called skipped, but tests of it ran')
        if not passed and not failed:
            # The suite itself failed: in its set-up, or by what its tests left behind.
            child.tests.append(Test(name, name, False, None, child.diagnostics))
        return child.tests

    def _close_when_full(self):
        if len(self._stack) == 1 and self._stack[0].full:
            self.tests += self._stack.pop().tests

    def end(self):
        """The console has ended: what is still open was cut short."""
        for depth, block in enumerate(self._stack):
            self._error(f'the report{" of " + block.name if block.name else ""} {block.shortage}')
            for test in block.tests:
                test.suite = test.suite or block.name or ''
            self.tests += block.tests
        self._stack.clear()
