# SPDX-License-Identifier: BSD-2-Clause
"""A serial line with a board at its other end."""

import os
import termios
import tty

from muster.machine import CannotRun


class Serial:
    """The same face as a Process, without an exit status: the console alone is judged."""

    exits = False

    def __init__(self, device, speed=115200):
        rate = getattr(termios, f'B{speed}', None)
        if rate is None:
            raise CannotRun(f'{speed} is no speed of a serial line')
        try:
            # A line without a modem would block until carrier: open it without waiting.
            self._fd = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            raise CannotRun(f'{device}: {error.strerror}') from error
        try:
            self._before = termios.tcgetattr(self._fd)
            tty.setraw(self._fd, termios.TCSANOW)
            mode = termios.tcgetattr(self._fd)
            mode[2] |= termios.CLOCAL | termios.CREAD
            mode[2] &= ~(termios.CSTOPB | termios.CRTSCTS)
            mode[4] = mode[5] = rate
            termios.tcsetattr(self._fd, termios.TCSANOW, mode)
            # What came before we listened is half a story.
            termios.tcflush(self._fd, termios.TCIFLUSH)
        except termios.error as error:
            os.close(self._fd)
            raise CannotRun(f'{device} is not a serial line: {error.args[-1]}') from error

    def fileno(self):
        """For select."""
        return self._fd

    def read(self):
        """What there is; b'' when the line is gone."""
        try:
            return os.read(self._fd, 65536)
        except BlockingIOError:
            return None
        except OSError:
            # The other end of a pseudo terminal closed, or the adapter was pulled out.
            return b''

    def write(self, data):
        """Types."""
        os.write(self._fd, data)

    def status(self, timeout=None):
        """There is none."""

    def messages(self):
        """There are none."""
        return ''

    def close(self):
        """Leaves the line as it was."""
        try:
            termios.tcsetattr(self._fd, termios.TCSANOW, self._before)
        except termios.error:
            pass    # the adapter is gone
        os.close(self._fd)
