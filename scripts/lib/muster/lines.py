# SPDX-License-Identifier: BSD-2-Clause
"""Cuts a console's bytes into lines, and says what is wrong with each."""

import re
from dataclasses import dataclass

# The kernel's longest record is far shorter; only noise is longer.
LINE_MAX = 4096

ESCAPE = re.compile(rb'\x1b(\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|[=>78])')
GARBAGE = re.compile(rb'[^\x20-\x7e\t]')


@dataclass
class Line:
    """One line: text is what a person would see, the flags what a script must not overlook."""
    text: str
    whole: bool = True      # it ended in a newline
    garbage: bool = False   # it holds bytes that no console prints
    too_long: bool = False  # it was cut at LINE_MAX
    edited: bool = False    # it holds escape sequences or was written over: a prompt


def clean(raw, whole=True):
    """Makes a Line of raw bytes without their newline."""
    too_long = len(raw) > LINE_MAX
    raw = raw[:LINE_MAX].rstrip(b'\r')
    plain = ESCAPE.sub(b'', raw)
    edited = plain != raw or b'\r' in plain or b'\b' in plain
    # Of a row that was written over, the last writing is what stays on the screen.
    plain = plain.rsplit(b'\r', 1)[-1].replace(b'\b', b'')
    garbage = GARBAGE.search(plain) is not None
    text = GARBAGE.sub(lambda m: b'\\x%02x' % m.group()[0], plain).decode('ascii')
    return Line(text, whole, garbage, too_long, edited)


class LineReader:
    """Bytes in, lines out; what has no newline yet can be looked at."""

    def __init__(self):
        self._partial = bytearray()

    def feed(self, data):
        """Yields each line that data completes."""
        pieces = data.split(b'\n')
        for piece in pieces[:-1]:
            yield clean(bytes(self._partial + piece))
            self._partial.clear()
        # Of an endless line no more is kept than shows that it is one.
        self._partial += pieces[-1][:max(0, LINE_MAX + 1 - len(self._partial))]

    @property
    def partial(self):
        """The line that has begun, as it stands."""
        return clean(bytes(self._partial), whole=False)

    def end(self):
        """The rest, if there is one, as a line that did not end."""
        return self.partial if self._partial else None
