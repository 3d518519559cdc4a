"""Where a chart is drawn, and its logarithmic axes: places on them, and the round values that are marked."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from streamstyle.compare.markup import element


@dataclass(frozen=True, slots=True)
class PlotArea:
    """The size of an SVG, and the edges of what is plotted in it, in pixels."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int

    @property
    def view_box(self) -> str:
        """The SVG's attribute."""
        return f"0 0 {self.width} {self.height}"

    def horizontal_grid(self, up: LogAxis) -> str:
        """Return a line across the area, labelled at its left, for each marked value of the vertical axis."""
        parts = []
        for value in up.ticks():
            y = up.position(value)
            parts.append(element("line", x1=self.left, x2=self.right, y1=y, y2=y, class_="grid"))
            parts.append(element("text", f"{value:g}", x=self.left - 8, y=y + 4, text_anchor="end"))
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class LogAxis:
    """From a least to a most value, along some pixels; which end is where is the caller's."""

    minimum: float
    maximum: float
    start: float
    end: float

    def position(self, value: float) -> float:
        """Return where a value lies, in pixels; one outside lies at the end."""
        part = math.log(max(value, 1e-12) / self.minimum) / math.log(self.maximum / self.minimum)
        return self.start + (self.end - self.start) * min(1.0, max(0.0, part))

    def ticks(self) -> list[float]:
        """Return the values 1, 2 and 5 times a power of ten in its range; only those powers where there are many."""
        powers = range(math.floor(math.log10(self.minimum)), math.ceil(math.log10(self.maximum)) + 1)
        fine = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
        seen = [value for value in fine if self.minimum <= value <= self.maximum]
        coarse = [10.0**power for power in powers if self.minimum <= 10.0**power <= self.maximum]
        return seen if len(seen) <= 8 else coarse


def fit_axis(values: Iterable[float], start: float, end: float, margin: float = 1.25) -> LogAxis:
    """Return an axis that all positive values fit on, with some room at both ends."""
    positive = [value for value in values if value > 0] or [1.0]
    return LogAxis(min(positive) / margin, max(positive) * margin, start, end)
