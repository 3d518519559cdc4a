"""The history of a run: figures over the frames so far, in so few points that a film of any length fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_POINTS = 96
"""Points that are kept at most, an even number; before there are more, every two become one."""

Ratio = tuple[float, float]
"""A numerator and a denominator; of several, both are added up."""


@dataclass(slots=True)
class _Point:
    frame: int
    """The last frame."""
    ratios: dict[str, Ratio] = field(default_factory=dict)

    def add(self, frame: int, ratios: Mapping[str, Ratio]) -> None:
        self.frame = frame
        for name, (numerator, denominator) in ratios.items():
            before = self.ratios.get(name, (0.0, 0.0))
            self.ratios[name] = before[0] + numerator, before[1] + denominator


class History:
    """Figures that are ratios of sums, such as frames per second, each point over about as many frames as the others.

    What a figure is over several points is the ratio of the added sums, so nothing is lost when points are joined.
    """

    def __init__(self) -> None:
        self._points: list[_Point] = []
        self._spacing = 1.0
        """Frames of a point."""
        self._start = 0
        """Frames before the first point."""

    def add(self, before: int, frame: int, ratios: Mapping[str, Ratio]) -> None:
        """Add the sums, by name, of the frames after frame `before` up to `frame`."""
        if not self._points:
            self._start = before
        if len(self._points) == MAX_POINTS and self._needs_point(frame):
            self._join_pairs()
        if self._needs_point(frame):
            self._points.append(_Point(frame))
        self._points[-1].add(frame, ratios)

    def columns(self) -> dict[str, tuple[float | None, ...]]:
        """Return the last `frame` of each point and its figures by name, in four digits; None where there is none."""
        names = dict.fromkeys(name for point in self._points for name in point.ratios)
        figures = {name: tuple(_value(point.ratios.get(name)) for point in self._points) for name in names}
        return {"frame": tuple(point.frame for point in self._points), **figures} if figures else {}

    def _needs_point(self, frame: int) -> bool:
        return not self._points or frame > self._start + self._spacing * len(self._points)

    def _join_pairs(self) -> None:
        for first, second in zip(self._points[::2], self._points[1::2], strict=True):
            first.add(second.frame, second.ratios)
        del self._points[1::2]
        self._spacing = (self._points[-1].frame - self._start) / len(self._points)


def _value(ratio: Ratio | None) -> float | None:
    return float(f"{ratio[0] / ratio[1]:.4g}") if ratio is not None and ratio[1] > 0 else None
