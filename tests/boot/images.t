#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Each image boots, and all tests in it pass: by gcc, by clang, with the costly checks. The one that has none comes to its
prompt, and is small.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
OUT = Path(os.environ.get('O', TOP / 'build'))

# Has no tests: their command is none there.
BARE = "--send test --expect 'test: no such command' --send poweroff"
BOOTS = [('gcc', '', '--smp 2'), ('gcc', '', '--smp 4 --deterministic'), ('bare', 'bare', f'--smp 4 {BARE}')]
BARE_MAX = 256 * 1024
if not os.environ.get('QUICK'):
    BOOTS += [('clang', 'llvm', '--smp 4'), ('debug', 'debug', '--smp 3')]
if os.environ.get('MATRIX') == 'full':
    BOOTS += [('clang', 'llvm', '--smp 4 --deterministic'), ('debug', 'debug', '--smp 4 --deterministic')]


def main():
    """Boots them one after the other."""
    print(f'1..{len(BOOTS) + 1}')
    bare = OUT / 'bare/Image'
    size = bare.stat().st_size if bare.exists() else 0
    failed = not 0 < size < BARE_MAX
    print(f'{"not " if failed else ""}ok 1 - bare: {size} bytes, less than {BARE_MAX}')
    for number, (name, folder, options) in enumerate(BOOTS, 2):
        command = [TOP / 'scripts/check', '--quiet', '--mem', '256M', *shlex.split(options), OUT / folder / 'Image']
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        failed += done.returncode != 0
        print(f'{"not " if done.returncode else ""}ok {number} - {name} {options}', flush=True)
        for line in done.stdout.splitlines():
            print(f'# {line}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
