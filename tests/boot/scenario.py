# SPDX-License-Identifier: BSD-2-Clause
"""
A boot as a line of a table: what to start, what the console must and must not say; results as TAP.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
OUT = Path(os.environ.get('O', TOP / 'build'))
FULL = os.environ.get('MATRIX') == 'full'

# Where the test firmware looks for its rules (tests/firmware/README.md).
RULES_ADDRESS = 0x8017e000

# So many that wait, at a time.
WAITING = 4

PASSED, FAILED, NOT_RUN, SILENT = range(4)


@dataclass
class Scenario:
    """One boot, judged by scripts/check and by what stands here."""
    name: str
    args: str = ''              # options of scripts/check
    append: str = ''            # kernel parameters
    expect: list = field(default_factory=list)      # each must match a line of the console
    forbid: list = field(default_factory=list)      # none may match a line
    rules: str = ''             # faults of the test firmware, which then is the firmware
    fired: list = None          # rules that must have fired; None: all
    image: str = 'Image'        # or muster.elf
    code: int = PASSED          # what scripts/check must exit with
    full: bool = False          # only in the complete matrix
    skip: str = ''              # why it cannot run here
    waits: bool = False         # takes its time, whatever it does in it: goes on beside others
    files: dict = field(default_factory=dict)       # name -> bytes; {name} in args becomes the path


class Tap:
    """Counts and prints results."""

    def __init__(self):
        self.n = 0
        self.failed = 0
        sys.stdout.reconfigure(line_buffering=True)

    def result(self, good, what, detail=''):
        """One result; detail is shown when it is bad."""
        self.n += 1
        self.failed += not good
        print(f'{"ok" if good else "not ok"} {self.n} - {what}')
        if not good:
            for line in str(detail).splitlines():
                print(f'#   {line}')
        return good

    def skip(self, what, why):
        """One that cannot be had here."""
        self.n += 1
        print(f'ok {self.n} - {what} # SKIP {why}')

    def done(self):
        """The plan; returns the exit status."""
        print(f'1..{self.n}')
        return 1 if self.failed else 0


def tool(kind, name=''):
    """The path of an emulator or firmware by its short name, None where there is none."""
    command = [TOP / 'scripts/tools', kind] + ([name] if name else [])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def missing(args):
    """Why a scenario with these options of scripts/check cannot run here, or ''."""
    words = shlex.split(args)
    for option, kind in (('--qemu', 'qemu'), ('--bios', 'bios')):
        for at, word in enumerate(words):
            if word == option and not tool(kind, words[at + 1]):
                return f'no {kind} {words[at + 1]} here (scripts/setup check)'
    return ''


def find_program(*names):
    """The first of these programs that is installed, or None."""
    for name in names:
        path = shutil.which(name, path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')
        if path:
            return path
    return None


def plain(text):
    """The console as a person sees it."""
    text = re.sub(r'\x1b(\[[0-9;?]*[A-Za-z]|[()][A-Z0-9])', '', text)
    return text.replace('\r', '')


def both_ends(log, size=25):
    """The kernel's first lines and the last ones of a console."""
    banner = re.compile(r'(Boot HART|Domain0|Platform|Firmware|Standard) ')
    lines = [line for line in log.splitlines() if not banner.match(line)]
    if len(lines) <= 2 * size:
        return lines
    return lines[:size] + ['...'] + lines[-size:]


@dataclass
class Outcome:
    """What came of a boot."""
    code: int
    said: str       # by scripts/check
    log: str        # the console
    told: str       # by the test firmware, beside the console
    seconds: float


def boot(scenario):
    """Boots once."""
    image = OUT / scenario.image
    with tempfile.TemporaryDirectory(prefix='muster-boot-') as tmp:
        paths = {}
        for name, data in scenario.files.items():
            paths[name] = os.path.join(tmp, name)
            Path(paths[name]).write_bytes(data)
        log, told = Path(tmp, 'log'), Path(tmp, 'told')
        command = [TOP / 'scripts/check', '--quiet', '--log', log, '--append', scenario.append]
        command += [word.format(**paths) for word in shlex.split(scenario.args)]
        for pattern in scenario.expect:
            command += ['--expect', pattern]
        for pattern in scenario.forbid:
            command += ['--forbid', pattern]
        if scenario.rules:
            rules = Path(tmp, 'rules')
            rules.write_text(scenario.rules)
            command += ['--bios', 'test', '--qemu-arg',
                        f'-device loader,file={rules},addr={RULES_ADDRESS:#x},force-raw=on',
                        '--qemu-arg', f'-chardev file,id=told,path={told}',
                        '--qemu-arg', '-semihosting-config enable=on,target=native,chardev=told']
        command.append(image)
        start = time.monotonic()
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors='replace', check=False)
        return Outcome(done.returncode, done.stdout,
                       plain(log.read_text(errors='replace')) if log.exists() else '',
                       told.read_text() if told.exists() else '', time.monotonic() - start)


def must_fire(scenario):
    """The rules that are faults, and so must have had their effect; settings have none to tell."""
    if scenario.fired is not None:
        return scenario.fired
    settings = ('spec=', 'no-')
    return [word for word in scenario.rules.split() if not word.startswith(settings)]


def run(tap, scenario, outcome):
    """Prints the result of a boot: outcome() gives what came of it. Or that it cannot be had here."""
    why = scenario.skip or missing(scenario.args)
    if why:
        tap.skip(scenario.name, why)
        return
    outcome = outcome()
    wrong = []
    if outcome.code != scenario.code:
        wrong.append(f'scripts/check left with {outcome.code}, due is {scenario.code}')
    # Also when scripts/check is due to fail: it must be for the reason that is due.
    for pattern in scenario.expect:
        if not re.search(pattern, outcome.log, re.M):
            wrong.append(f'no line matches {pattern}')
    for word in must_fire(scenario):
        if f'fired: {word}: ' not in outcome.told:
            wrong.append(f'the rule {word} never fired')
    detail = ''
    if wrong:
        detail = '\n'.join(wrong + ['--- scripts/check:', outcome.said, '--- console:', *both_ends(outcome.log),
                                    '--- firmware:', outcome.told])
    tap.result(not wrong, f'{scenario.name} ({outcome.seconds:.1f} s)', detail)


def run_rows(tap, scenarios, wanted):
    """
    Runs a table, or the rows whose names have one of the words that are wanted. Results come in its order. Those that
    wait run beside the others, which take what processors there are.
    """
    rows = [row for row in scenarios if (FULL or not row.full) and
            (not wanted or any(word in row.name for word in wanted))]
    with ThreadPoolExecutor(WAITING) as pool:
        waiting = {id(row): pool.submit(boot, row) for row in rows
                   if row.waits and not row.skip and not missing(row.args)}
        for row in rows:
            run(tap, row, waiting[id(row)].result if id(row) in waiting else partial(boot, row))


def run_all(scenarios):
    """
    A whole test file: runs a table of scenarios, those named on the command line if there are any.
    """
    tap = Tap()
    image = OUT / 'Image'
    if not image.exists():
        print(f'Bail out! {image} is not there: run make')
        return 1
    run_rows(tap, scenarios, sys.argv[1:])
    return tap.done()
