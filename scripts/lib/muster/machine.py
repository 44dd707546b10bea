# SPDX-License-Identifier: BSD-2-Clause
"""The emulator as a command line and as a process."""

import ctypes
import os
import re
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from muster import image

TOP = Path(__file__).resolve().parents[3]

# Machines where QEMU leaves with the status that the kernel asks for; elsewhere it is 0 always.
HAS_EXIT_STATUS = ('virt',)

DETERMINISTIC = ['-icount', 'shift=0,sleep=off', '-seed', '1', '-rtc', 'base=2024-01-01,clock=vm']

# Up to here the firmware's heap stays below the place where kernels are loaded by default.
HARTS_BELOW_DEFAULT_LOAD = 100
ROOMY_LOAD = 0x80400000


NO_PEER = re.compile(r'warning: nic \S+ has no peer')


class CannotRun(Exception):
    """The boot cannot be tried at all: something is missing or refuses."""


def find(kind, name=None):
    """The emulator ('qemu') or firmware ('bios') of a short name, by scripts/tools."""
    command = [str(TOP / 'scripts/tools'), kind] + ([name] if name else [])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotRun(done.stderr.strip() or f'no {kind} {name}')
    return done.stdout.strip()


@dataclass
class Machine:
    """What to boot on what."""
    image: str = 'build/Image'
    smp: int = 2
    machine: str = 'virt'
    mem: str = None
    bios: str = None
    qemu: str = None
    dtb: str = None
    append: str = ''
    deterministic: bool = False
    load: int = None
    args: list = field(default_factory=list)

    @property
    def board(self):
        """The machine's name without its options."""
        return self.machine.split(',')[0]

    def command(self, moved):
        """The command line; moved: a file that may be written if the image has to move."""
        kernel = self.image
        if kernel and not os.access(kernel, os.R_OK):
            raise CannotRun(f'{kernel} is not there: run make')
        load = self.load
        if load is None and self.smp > HARTS_BELOW_DEFAULT_LOAD and self.board == 'virt':
            load = ROOMY_LOAD
        if load is not None:
            try:
                moved.write(image.move(Path(kernel).read_bytes(), load))
                moved.flush()
            except image.ImageError as error:
                raise CannotRun(f'{kernel}: {error}') from error
            kernel = moved.name
        icicle = self.board == 'microchip-icicle-kit'
        command = [find('qemu', self.qemu), '-nodefaults', '-display', 'none', '-no-reboot',
                   '-machine', self.machine, '-smp', str(self.smp),
                   '-m', self.mem or ('2G' if icicle else '1G'), '-bios', find('bios', self.bios)]
        command += ['-serial', 'null'] if icicle else []
        command += ['-serial', 'stdio']
        if kernel:
            command += ['-kernel', kernel]
        if self.append:
            command += ['-append', self.append]
        if self.dtb:
            command += ['-dtb', self.dtb]
        if self.deterministic:
            command += DETERMINISTIC
        elif self.smp > 64 * (os.cpu_count() or 1):
            # So many threads get into each other's way. Fewer are faster: in turn, a hart that waits for others, as the
            # firmware does for fences, keeps its 100 ms.
            command += ['-accel', 'tcg,thread=single']
        return command + self.args


def _die_with_parent():
    """A killed judge must not leave its machine running."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Process:
    """A running emulator: a console to read, a keyboard to type on."""

    def __init__(self, machine):
        self._moved = tempfile.NamedTemporaryFile(prefix='muster-', suffix='.elf')
        self._messages = tempfile.TemporaryFile()
        try:
            self.command = machine.command(self._moved)
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._messages,
                preexec_fn=_die_with_parent)
        except OSError as error:
            self.close()
            raise CannotRun(f'{self.command[0]}: {error.strerror}') from error
        except BaseException:
            self.close()
            raise
        self.exits = True   # it has a status to ask for
        self._taken = 0.0   # of the processors' time
        self._out = self._process.stdout.fileno()

    def fileno(self):
        """For select."""
        return self._out

    def read(self):
        """What there is; b'' when the machine is gone."""
        return os.read(self._out, 65536)

    def write(self, data):
        """Types."""
        try:
            os.write(self._process.stdin.fileno(), data)
        except BrokenPipeError:
            pass

    def clock(self):
        """
        Seconds of a clock that other work on this host does not make run ahead: processor time of this machine, and a
        tenth of the time that passes, for one that sleeps.
        """
        try:
            fields = Path(f'/proc/{self._process.pid}/stat').read_text(encoding='utf-8').rpartition(')')[2].split()
            self._taken = (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
        except OSError:
            pass    # it has ended
        return self._taken + time.monotonic() / 10

    def status(self, timeout=None):
        """The exit status, waiting for it up to timeout seconds; None if it is still running."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def messages(self):
        """What the emulator itself said, but for boards whose network is not plugged in."""
        self._messages.seek(0)
        lines = self._messages.read().decode(errors='replace').strip().splitlines()
        return '\n'.join(line for line in lines if not NO_PEER.search(line))

    def close(self):
        """Ends this machine, and no other."""
        process = getattr(self, '_process', None)
        if process:
            if process.poll() is None:
                process.terminate()
                if self.status(2) is None:
                    process.kill()
                    process.wait()
            process.stdin.close()
            process.stdout.close()
        self._moved.close()
        self._messages.close()
