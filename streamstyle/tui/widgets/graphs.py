"""Graphs of a run over the film so far, as lines of text for panels of figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

from textual.content import Content

from streamstyle.formatting import format_number, format_speed
from streamstyle.runs.state import RunState
from streamstyle.tui.widgets.text import ACCENT, MUTED, justify, line

_ROWS = 3
"""Rows of cells of a graph."""

_BRAILLE = 0x2800
_LEFT_DOTS = (0x00, 0x40, 0x44, 0x46, 0x47)
_RIGHT_DOTS = (0x00, 0x80, 0xA0, 0xB0, 0xB8)
"""Bits of a braille character by the number of dots in its left or right column, from the bottom."""

_NAME_WIDTH = 12
"""Cells for the name of a term."""

Figures = Sequence[float | None]
"""The points of a history; None where there is none."""


def speed_graph(state: RunState, width: int) -> list[Content]:
    """Return a graph of the frames per second, under the slowest and the fastest speed."""
    speeds = _history(state, "fps")
    known = [speed for speed in speeds if speed]
    if len(known) < 2:
        return []
    span = f"{format_speed(min(known), 1.0)} to {format_speed(max(known), 1.0)}"
    return [justify(line(("speed so far", MUTED)), line(span), width), *_graph(speeds, width)]


def steadiness_graph(state: RunState, width: int) -> list[Content]:
    """Return a graph of how many times steadier the output is than the frames by themselves."""
    gains = _history(state, "steadiness")
    known = [gain for gain in gains if gain is not None]
    if len(known) < 2:
        return []
    span = f"{min(known):.1f} to {max(known):.1f} times"
    return [justify(line(("steadier so far", MUTED)), line(span), width), *_graph(gains, width)]


def loss_graphs(state: RunState, width: int) -> list[Content]:
    """Return a line for each term of the objective: a graph, scaled to its own maximum, and the current value."""
    if state.status is None:
        return []
    columns = max(1, width - _NAME_WIDTH - 9)
    lines = []
    for name, value in state.status.losses.items():
        if value:
            graph = braille_graph(_history(state, f"losses.{name}"), columns, 1)[0]
            lines.append(justify(line((f"{name:<{_NAME_WIDTH}}{graph}", MUTED)), line(format_number(value)), width))
    return lines


def _history(state: RunState, name: str) -> Figures:
    return state.status.history.get(name, ()) if state.status else ()


def _graph(values: Figures, width: int) -> list[Content]:
    return [line((row, ACCENT)) for row in braille_graph(values, width, _ROWS)]


def braille_graph(values: Figures, columns: int, rows: int) -> list[str]:
    """Return rows of cells that show values as an area from zero to the largest; it fills the width."""
    points = stretch(values, 2 * columns)
    largest = max((value for value in points if value is not None), default=0.0)
    dots = [_height(value, largest, 4 * rows) for value in points]
    return [
        "".join(
            chr(_BRAILLE + _LEFT_DOTS[_within(left, row)] + _RIGHT_DOTS[_within(right, row)])
            for left, right in zip(dots[::2], dots[1::2], strict=True)
        )
        for row in reversed(range(rows))
    ]


def stretch(values: Figures, count: int) -> list[float | None]:
    """Return so many values: means of neighbours if there are more, each several times if there are fewer."""
    stretched = list[float | None]()
    for index in range(count):
        start = index * len(values) // count
        end = max(start + 1, (index + 1) * len(values) // count)
        known = [value for value in values[start:end] if value is not None and math.isfinite(value)]
        stretched.append(sum(known) / len(known) if known else None)
    return stretched


def _height(value: float | None, largest: float, dots: int) -> int:
    """Return the height in dots, at least one for a value that is known."""
    if value is None or largest <= 0:
        return 0
    return max(1, round(dots * value / largest))


def _within(dots: int, row: int) -> int:
    """Return how many of a column's dots are in a row of cells, counted from the bottom."""
    return min(4, max(0, dots - 4 * row))
