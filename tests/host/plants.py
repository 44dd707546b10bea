# SPDX-License-Identifier: BSD-2-Clause
"""Plants faults in copies of kernel sources and shows that the host tests catch them, as TAP.

O is the build folder. Words on the command line pick plants by name.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
OUT = Path(os.environ.get('O', TOP / 'build')).resolve()

# A test (of 20 seeds and more a run) is run again until it has caught its plant, so long at most.
PATIENCE_S = 300
HANG_CPU_S = 2

RACE = 'data race'


@dataclass
class Plant:
    """What is changed, and how it must show."""
    name: str
    test: str       # the host test that must fail: its name, or NAME:FUNCTION for one function of it
    file: str
    old: str        # stands in the file once
    new: str
    shows: str      # a pattern for what the test says, or 'crash' for any end by a signal or sanitizer


def plant(case, folder):
    """Makes a changed copy and builds the test with it; returns what is wrong with the plant itself."""
    shutil.rmtree(folder, ignore_errors=True)
    target = folder / case.file
    target.parent.mkdir(parents=True)
    text = (TOP / case.file).read_text()
    if text.count(case.old) != 1:
        return f'{case.file} has {text.count(case.old)} times what is to be changed: bring the plant up to date'
    target.write_text(text.replace(case.old, case.new))
    test = case.test.partition(':')[0]
    done = subprocess.run(['make', '-s', f'O={OUT}', f'PLANT={folder}', f'TEST={test}', 'host-plant'], cwd=TOP,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout if done.returncode else ''


def run(command, function, patience, seconds):
    """
    Runs a test, or only that function of it, its own deadlines so many times as long; its status, None where it hangs,
    and what it said. Harts that wait spin: a hang shows in processor time, of which a good run takes less than half,
    however busy the machine is.
    """
    environment = dict(os.environ, CSD_TIMEOUT_MS=str(1000 * patience), LOST_MS=str(3000 * patience),
                       HANG_S=str(30 * patience), HANG_CPU_S=str(HANG_CPU_S * patience),
                       LOST_CPU_MS=str(1000 * patience), ONLY=function or '*',
                       TSAN_OPTIONS='halt_on_error=1:report_signal_unsafe=0')
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=environment, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as expired:
        return None, (expired.stdout or b'').decode(errors='replace')
    return done.returncode, done.stdout.decode(errors='replace')


def caught(case, folder):
    """
    Whether the test fails as it should, and what it said. One that ends for another reason was too slow for its
    deadlines, on a busy machine: it proves nothing, and the next run has more patience.
    """
    end = time.monotonic() + PATIENCE_S
    patience = 1
    tried = []
    while (left := end - time.monotonic()) > 0:
        status, said = run([folder / 'test'], case.test.partition(':')[2], patience, left)
        # 255: cmocka's handler of signals, in a thread that is not the test's own.
        died = status is not None and (status < 0 or status == 255)
        crashed = died and 'panic' not in said or 'SEGV' in said
        if status != 0 and ('crash' in case.shows and crashed or re.search(case.shows, said)):
            return True, said
        tried.append('hung' if status is None else str(status))
        if status:
            patience = min(2 * patience, 8)
    return False, f'{said}\nof {len(tried)} runs the last exit statuses: {" ".join(tried[-10:])}'


def main(plants):
    """Plants one fault after the other; the exit status."""
    sys.stdout.reconfigure(line_buffering=True)
    cases = [case for case in plants if not sys.argv[1:] or any(word in case.name for word in sys.argv[1:])]
    print(f'1..{len(cases)}')
    failed = 0
    for number, case in enumerate(cases, 1):
        folder = OUT / 'host' / 'plants' / re.sub(r'\W+', '-', case.name)
        said = plant(case, folder)
        good = False
        if not said:
            good, said = caught(case, folder)
        failed += not good
        print(f'{"ok" if good else "not ok"} {number} - caught: {case.name}')
        if not good:
            for line in said.splitlines()[-25:]:
                print(f'#   {line}')
    return 1 if failed else 0
