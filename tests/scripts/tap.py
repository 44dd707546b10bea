# SPDX-License-Identifier: BSD-2-Clause
"""Runs the unittest cases of a file and prints TAP, for prove. Also what those files share."""

import pty
import sys
import tempfile
import traceback
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'scripts/lib'))

# A complete and honest console, as short as one can be.
GOOD = '''
OpenSBI v1.6
[    0.000001] booting
muster: 2 of 2 harts online in 1234 us
KTAP version 1
1..2
    KTAP version 1
    # Subtest: boot
    1..2
    ok 1 harts
    ok 2 order
ok 1 boot
    KTAP version 1
    # Subtest: call
    1..3
    ok 1 self
[    0.010000] cpu1 warning: a log line among results
    ok 2 far # SKIP one node only
    # a remark
    ok 3 many
ok 2 call
muster: exit 0
'''.lstrip('\n')


class Tap(unittest.TestResult):
    """Prints each result as it comes."""

    def __init__(self, count):
        super().__init__()
        self._number = 0
        print(f'1..{count}', flush=True)

    def _say(self, verdict, test, note=''):
        self._number += 1
        print(f'{verdict} {self._number} - {test.id().split(".", 1)[1]}{note}', flush=True)

    def _explain(self, error):
        for line in ''.join(traceback.format_exception(*error)).splitlines():
            print(f'# {line}', flush=True)

    def addSuccess(self, test):
        self._say('ok', test)

    def addSkip(self, test, reason):
        self._say('ok', test, f' # SKIP {reason}')

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._say('not ok', test)
        self._explain(err)

    addError = addFailure


class Case(unittest.TestCase):
    """A test with a folder of its own, removed afterwards."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='muster-test-')
        self.addCleanup(folder.cleanup)
        self.dir = Path(folder.name)

    def write(self, name, text):
        """Makes a file in the folder."""
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def pty(self):
        """A pseudo terminal's two ends; skips the test on a machine that has none."""
        try:
            return pty.openpty()
        except OSError as error:
            return self.skipTest(f'no pseudo terminals: {error.strerror or error}')


def main():
    """Runs all cases of the calling file."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules['__main__'])
    result = Tap(suite.countTestCases())
    suite.run(result)
    sys.exit(not result.wasSuccessful())
