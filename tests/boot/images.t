#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Each image boots, and all tests in it pass: by gcc, by clang, with the costly checks. The one that has none comes to its
prompt, and is small.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scenario import OUT, Scenario, Tap, run_rows  # noqa: E402

BARE = 'bare/Image'
BARE_MAX = 256 * 1024


def row(name, image, args, **more):
    """All that an image has to say; without parameters scripts/check has it run all tests."""
    return Scenario(f'{name} {args}', f'--mem 256M {args}', image=image, **more)


SCENARIOS = [
    row('gcc', 'Image', '--smp 2'),
    row('gcc', 'Image', '--smp 4 --deterministic'),
    # Has no tests: their command is none there.
    row('bare', BARE, '--smp 4 --send test --send poweroff', expect=['test: no such command']),
]
if not os.environ.get('QUICK'):
    SCENARIOS += [
        row('clang', 'llvm/Image', '--smp 4'),
        row('debug', 'debug/Image', '--smp 3'),
        row('clang', 'llvm/Image', '--smp 4 --deterministic', full=True),
        row('debug', 'debug/Image', '--smp 4 --deterministic', full=True),
    ]


def main():
    """The size first, then the boots."""
    tap = Tap()
    size = (OUT / BARE).stat().st_size if (OUT / BARE).exists() else 0
    tap.result(0 < size < BARE_MAX, f'bare: {size} bytes, less than {BARE_MAX}')
    run_rows(tap, SCENARIOS, sys.argv[1:])
    return tap.done()


if __name__ == '__main__':
    sys.exit(main())
