# SPDX-License-Identifier: MIT
# plot.py - the pictures: lines over logarithmic axes, and bars, written as SVG that is readable in a
# light and in a dark page.
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 860, 500
LEFT, RIGHT, TOP, BOTTOM = 70, 230, 40, 55
COLOURS = ["#0969da", "#1a7f37", "#8250df", "#cf222e", "#bf8700", "#bc4c00", "#6e7781", "#0a7ea4",
           "#a0111f", "#4d2d00"]


def label(value):
    """1, 0.01, 10k, 1M."""
    for limit, suffix in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{suffix}"
    return f"{value:g}"


def text(x, y, words, size=12, anchor="start", colour="#57606a", extra=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{colour}"{extra}>{escape(words)}</text>')


def document(parts, width=WIDTH, height=HEIGHT):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'font-family="sans-serif">\n<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
            + "\n".join(parts) + "\n</svg>\n")


class Plot:
    def __init__(self, title, x_name, y_name, log_y=True):
        self.title, self.x_name, self.y_name, self.log_y = title, x_name, y_name, log_y
        self.lines, self.levels = [], []

    def line(self, name, points, bold=False):
        if points:
            self.lines.append((name, sorted(points), bold))

    def level(self, y, name):
        self.levels.append((y, name))

    def write(self, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.svg())

    def svg(self):
        xs = [x for _, points, _ in self.lines for x, _ in points]
        ys = [y for _, points, _ in self.lines for _, y in points]
        self.x_low, self.x_high = decade(min(xs), math.floor), decade(max(xs), math.ceil)
        if self.log_y:
            self.y_low, self.y_high = decade(min(ys), math.floor), decade(max(ys), math.ceil)
        else:
            self.y_low, self.y_high = 0, max(ys + [y for y, _ in self.levels]) * 1.03
        parts = [text(LEFT, 24, self.title, 15, colour="#1f2328", extra=' font-weight="bold"')]
        parts += self.axes()
        for y, name in self.levels:
            parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{self.y(y):.1f}" '
                         f'y2="{self.y(y):.1f}" stroke="#57606a" stroke-dasharray="4 4"/>')
            parts.append(text(WIDTH - RIGHT - 4, self.y(y) - 4, name, 11, "end"))
        for index, (name, points, bold) in enumerate(self.lines):
            colour = COLOURS[index % len(COLOURS)]
            path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
            parts.append(f'<polyline fill="none" stroke="{colour}" points="{path}" '
                         f'stroke-width="{2.6 if bold else 1.4}"/>')
            parts += [f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="2" fill="{colour}"/>'
                      for x, y in points]
            y = TOP + 14 + 20 * index
            parts.append(f'<line x1="{WIDTH - RIGHT + 14}" x2="{WIDTH - RIGHT + 34}" y1="{y - 4}" '
                         f'y2="{y - 4}" stroke="{colour}" stroke-width="{3 if bold else 1.6}"/>')
            parts.append(text(WIDTH - RIGHT + 40, y, name,
                              extra=' font-weight="bold"' if bold else ""))
        return document(parts)

    def x(self, value):
        part = math.log(value / self.x_low) / math.log(self.x_high / self.x_low)
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        if self.log_y:
            part = math.log(value / self.y_low) / math.log(self.y_high / self.y_low)
        else:
            part = (value - self.y_low) / (self.y_high - self.y_low)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)

    def axes(self):
        bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        parts = []
        for value in decades(self.x_low, self.x_high):
            parts.append(f'<line x1="{self.x(value):.1f}" x2="{self.x(value):.1f}" y1="{TOP}" '
                         f'y2="{bottom}" stroke="#d0d7de"/>')
            parts.append(text(self.x(value), bottom + 18, label(value), anchor="middle"))
        ticks = decades(self.y_low, self.y_high) if self.log_y else linear(self.y_high)
        for value in ticks:
            parts.append(f'<line x1="{LEFT}" x2="{right}" y1="{self.y(value):.1f}" '
                         f'y2="{self.y(value):.1f}" stroke="#d0d7de"/>')
            parts.append(text(LEFT - 8, self.y(value) + 4, label(value), anchor="end"))
        parts.append(text((LEFT + right) / 2, HEIGHT - 14, self.x_name, 13, "middle"))
        middle = (TOP + bottom) / 2
        parts.append(text(20, middle, self.y_name, 13, "middle",
                          extra=f' transform="rotate(-90 20 {middle:.0f})"'))
        return parts


def decade(value, rounding):
    return 10.0 ** rounding(math.log10(value) + (-1e-9 if rounding is math.ceil else 1e-9))


def decades(low, high):
    found = []
    value = low
    while value <= high * 1.001:
        found.append(value)
        value *= 10
    return found


def linear(high):
    step = 10.0 ** math.floor(math.log10(high))
    step = step / 5 if high / step < 2 else step / 2 if high / step < 5 else step
    return [step * i for i in range(int(high / step) + 1)]


def bars(path, title, rows, unit, split=None, split_name=""):
    """rows: (name, value, least, most). A logarithmic axis, 1 marked; `split`: how many rows stand
    above the second heading."""
    height = 70 + 24 * len(rows) + (26 if split else 0) + 30
    left, right = 250, 90
    low = min(0.5, min(value for _, value, _, _ in rows) * 0.8)
    high = max(value for _, value, _, _ in rows) * 1.15

    def x(value):
        return left + math.log(value / low) / math.log(high / low) * (WIDTH - left - right)

    parts = [text(20, 26, title, 15, colour="#1f2328", extra=' font-weight="bold"')]
    y = 50
    for index, (name, value, least, most) in enumerate(rows):
        if split is not None and index == split:
            parts.append(text(20, y + 16, split_name, 12, colour="#1f2328",
                              extra=' font-style="italic"'))
            y += 26
        start, end = sorted((x(1), x(value)))
        colour = "#0969da" if value >= 1.1 else "#6e7781" if value >= 0.9 else "#cf222e"
        parts.append(text(left - 10, y + 14, name, anchor="end"))
        parts.append(f'<rect x="{start:.1f}" y="{y + 2}" width="{max(end - start, 1):.1f}" '
                     f'height="16" fill="{colour}"/>')
        parts.append(f'<line x1="{x(max(least, low)):.1f}" x2="{x(min(most, high)):.1f}" '
                     f'y1="{y + 10}" y2="{y + 10}" stroke="#1f2328"/>')
        parts.append(text(WIDTH - right + 8, y + 14, f"{value:.3g} {unit}", colour="#1f2328"))
        y += 24
    parts.append(f'<line x1="{x(1):.1f}" x2="{x(1):.1f}" y1="44" y2="{y + 4}" stroke="#1f2328"/>')
    parts.append(text(x(1), y + 20, "equal", 11, "middle"))
    with open(path, "w", encoding="utf-8") as file:
        file.write(document(parts, WIDTH, height))
