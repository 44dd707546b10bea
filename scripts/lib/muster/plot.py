# SPDX-License-Identifier: BSD-2-Clause
"""
Draws the medians of benchmarks over hart counts as SVG: both axes logarithmic, a line for each
benchmark.
"""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 900, 560
LEFT, RIGHT, TOP, BOTTOM = 80, 200, 40, 60
# Told apart also without colours, by their labels at the line's end.
COLOURS = ('#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#999933')
LABEL_HEIGHT = 14


class _Scale:
    """Places values between two ends, by their logarithms."""

    def __init__(self, values, start, end, base):
        self.first = math.floor(math.log(max(min(values), 1), base))
        self.last = max(math.ceil(math.log(max(max(values), 1), base)), self.first + 1)
        self.start, self.end, self.base = start, end, base

    def place(self, value):
        """Where value lies."""
        share = (math.log(max(value, 1), self.base) - self.first) / (self.last - self.first)
        return self.start + share * (self.end - self.start)

    def ticks(self):
        """The powers on the axis."""
        return [self.base ** power for power in range(self.first, self.last + 1)]


def _text(x, y, text, anchor='start', colour='#222'):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def _spread(places):
    """Moves labels apart that would lie on each other, keeping their order."""
    order = sorted(places, key=places.get)
    last = -math.inf
    for name in order:
        places[name] = last = max(places[name], last + LABEL_HEIGHT)
    return places


def document(records):
    """The SVG text of a list of BENCH records."""
    lines = {}
    for record in records:
        lines.setdefault(record['name'], []).append((record['harts'], record['median']))
    unit = ', '.join(sorted({record.get('unit', '?') for record in records}))
    across = _Scale([harts for points in lines.values() for harts, _ in points], LEFT, WIDTH - RIGHT, 2)
    up = _Scale([value for points in lines.values() for _, value in points], HEIGHT - BOTTOM, TOP, 10)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
           f'font-size="12"><rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           _text(LEFT, 22, f'Muster: median by number of harts ({unit})')]
    for harts in across.ticks():
        x = across.place(harts)
        out.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        out.append(_text(x, HEIGHT - BOTTOM + 18, str(harts), 'middle'))
    for value in up.ticks():
        y = up.place(value)
        out.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        out.append(_text(LEFT - 6, y + 4, f'{value:,}', 'end'))
    out.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, 'harts', 'middle'))
    labels = _spread({name: up.place(sorted(points)[-1][1]) for name, points in lines.items()})
    for index, (name, points) in enumerate(lines.items()):
        colour = COLOURS[index % len(COLOURS)]
        places = [(across.place(harts), up.place(value)) for harts, value in sorted(points)]
        path = ' '.join(f'{x:.1f},{y:.1f}' for x, y in places)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        x, y = places[-1]
        out.append(f'<path d="M{x + 4:.1f} {y:.1f}L{WIDTH - RIGHT + 18} {labels[name]:.1f}" stroke="{colour}" '
                   'stroke-width="0.5"/>')
        out.append(_text(WIDTH - RIGHT + 22, labels[name] + 4, name, 'start', colour))
    return '\n'.join(out) + '\n</svg>\n'
