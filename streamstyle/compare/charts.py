"""The charts of the report as SVG: warping error and artefacts per frame, and time against flicker."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from streamstyle.compare.events import Compared, ComparedFilm
from streamstyle.compare.markup import element, film_colour, hex_colour, text
from streamstyle.evaluate.metrics import Curve

_ERROR_PREFIX = "warping_error_"
_ARTEFACTS = {"boundary error": "boundary_error", "tone lag": "tone_lag", "seam": "seam", "ghost": "ghost"}
"""By their labels, the names of the other metrics that have a curve."""
_FLICKER = "warping_error_1"
_NOTHING_TO_DRAW = element("p", "No two frames of a shot could be compared.", class_="note")

_TIME_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
"""Possible distances in seconds between two ticks of the time axis."""

_LINE_HEIGHT, _LETTER_WIDTH = 17, 7.5
"""Pixels that a name takes in the time chart."""


@dataclass(frozen=True, slots=True)
class PlotArea:
    """The size of an SVG and the edges of the plot in it, in pixels."""

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

    def horizontal_grid(self, y_axis: LogAxis) -> str:
        """Return a line across the area, labelled at its left, for each tick of the vertical axis."""
        parts = []
        for value in y_axis.ticks():
            y = y_axis.position(value)
            parts.append(element("line", x1=self.left, x2=self.right, y1=y, y2=y, class_="grid"))
            parts.append(element("text", f"{value:g}", x=self.left - 8, y=y + 4, text_anchor="end"))
        return "".join(parts)


CURVES_AREA = PlotArea(width=960, height=360, left=64, right=944, top=14, bottom=318)
TIME_AREA = PlotArea(width=960, height=400, left=64, right=930, top=16, bottom=348)


@dataclass(frozen=True, slots=True)
class LogAxis:
    """A logarithmic axis from `start` to `end`, in pixels."""

    minimum: float
    maximum: float
    start: float
    end: float

    def position(self, value: float) -> float:
        """Return the position of a value in pixels, clamped to the ends."""
        fraction = math.log(max(value, 1e-12) / self.minimum) / math.log(self.maximum / self.minimum)
        return self.start + (self.end - self.start) * min(1.0, max(0.0, fraction))

    def ticks(self) -> list[float]:
        """Return the values 1, 2 and 5 times a power of ten in the range; only the powers if there are many."""
        powers = range(math.floor(math.log10(self.minimum)), math.ceil(math.log10(self.maximum)) + 1)
        fine = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
        inside = [value for value in fine if self.minimum <= value <= self.maximum]
        coarse = [10.0**power for power in powers if self.minimum <= 10.0**power <= self.maximum]
        return inside if len(inside) <= 8 else coarse


def fit_axis(values: Iterable[float], start: float, end: float, margin: float = 1.25) -> LogAxis:
    """Return an axis that all positive values fit on, with a margin at both ends."""
    positive = [value for value in values if value > 0] or [1.0]
    return LogAxis(min(positive) / margin, max(positive) * margin, start, end)


def curve_names(compared: Compared) -> dict[str, str]:
    """Return the metrics that have a curve: of warping errors by their gap as text, of artefacts by their label."""
    errors = [key for key in compared.films[0].metrics if key.startswith(_ERROR_PREFIX)]
    measured = {key for film in compared.films for key in film.curves}
    artefacts = {label: name for label, name in _ARTEFACTS.items() if name in measured}
    return {key.removeprefix(_ERROR_PREFIX): key for key in errors} | artefacts


def drawn_films(compared: Compared) -> list[tuple[int, ComparedFilm]]:
    """Return the films that have a curve, with their indices: the source and the methods."""
    return [(index, film) for index, film in enumerate(compared.films) if film.kind != "control"]


def curves_chart(compared: Compared) -> str:
    """Return the metrics per frame: a group of curves for each, and buttons for metrics and films."""
    names = curve_names(compared)
    if not names:
        return _NOTHING_TO_DRAW
    first = next(iter(names))
    svg = element(
        "svg",
        _time_ticks(compared),
        *(_curve_group(compared, label, name, shown=label == first) for label, name in names.items()),
        element("line", x1=0, x2=0, y1=CURVES_AREA.top, y2=CURVES_AREA.bottom, class_="cursor off"),
        id="curves",
        viewBox=CURVES_AREA.view_box,
        tabindex=0,
        role="img",
        aria_label="A metric of every frame, one line per film; arrow keys move from frame to frame",
    )
    buttons = [_curve_button(label, pressed=label == first) for label in names]
    legend = [_legend_button(index, film) for index, film in drawn_films(compared)]
    note = "Lines break at a cut. Point at them, or use the arrow keys, to read one frame; a name hides its line."
    return (
        element("div", element("span", *buttons, class_="moments"), element("span", id="frame"), class_="picks")
        + element("div", svg, class_="chart")
        + element("div", *legend, class_="legend")
        + element("p", note, class_="note")
    )


def _time_ticks(compared: Compared) -> str:
    length = max(1, compared.frames - 1) / compared.frame_rate
    step = next((step for step in _TIME_STEPS if length / step <= 10), length)
    seconds: Sequence[float] = [step * count for count in range(int(length / step) + 1)]
    positions = [CURVES_AREA.left + (CURVES_AREA.right - CURVES_AREA.left) * second / length for second in seconds]
    return "".join(
        element("text", f"{second:g} s", x=x, y=CURVES_AREA.bottom + 22, text_anchor="middle")
        for x, second in zip(positions, seconds, strict=True)
    )


def _curve_group(compared: Compared, label: str, name: str, *, shown: bool) -> str:
    films = drawn_films(compared)
    curves = {index: film.curves.get(name, []) for index, film in films}
    values = (value for curve in curves.values() for value in curve if value)
    y_axis = fit_axis(values, CURVES_AREA.bottom, CURVES_AREA.top)
    lines = [_curve_line(index, film, curves[index], y_axis) for index, film in films]
    return element("g", CURVES_AREA.horizontal_grid(y_axis), *lines, data_gap=label, class_="" if shown else "off")


def _curve_line(index: int, film: ComparedFilm, curve: Curve, y_axis: LogAxis) -> str:
    css_class = "curve source" if film.kind == "source" else "curve"
    return element("path", d=curve_path(curve, y_axis), class_=css_class, style=_colour(index), data_of=index)


def curve_path(curve: Curve, y_axis: LogAxis) -> str:
    """Return the SVG path of a curve, which breaks at each frame that has no value."""
    step = (CURVES_AREA.right - CURVES_AREA.left) / max(1, len(curve) - 1)
    path, connected = [], False
    for frame, value in enumerate(curve):
        if value is not None:
            path.append(
                f"{'L' if connected else 'M'}{CURVES_AREA.left + frame * step:.1f} {y_axis.position(value):.1f}"
            )
        connected = value is not None
    return "".join(path)


def _curve_button(label: str, *, pressed: bool) -> str:
    distance = "from frame to frame" if label == "1" else f"{label} frames apart"
    shown = label if label in _ARTEFACTS else f"warping error {distance}"
    return element("button", shown, type="button", data_show=label, aria_pressed=str(pressed).lower())


def _legend_button(index: int, film: ComparedFilm) -> str:
    label = text(film.name) + element("output")
    return element("button", label, type="button", data_film=index, aria_pressed="true", style=_colour(index))


def _colour(index: int) -> str:
    return f"--c:{hex_colour(film_colour(index))}"


def time_chart(compared: Compared) -> str:
    """Return seconds per frame against flicker, one dot per method."""
    methods = [(index, film) for index, film in enumerate(compared.films) if film.kind == "method"]
    drawn = [(index, film) for index, film in methods if film.time_ratio and film.ratios.get(_FLICKER)]
    if not drawn:
        return _NOTHING_TO_DRAW
    source_flicker = compared.films[0].ratios.get(_FLICKER, 0.0)
    x_axis = fit_axis((film.seconds_per_frame or 0.0 for _, film in drawn), TIME_AREA.left + 30, TIME_AREA.right - 150)
    flicker = [*(film.ratios[_FLICKER] for _, film in drawn), source_flicker]
    y_axis = fit_axis(flicker, TIME_AREA.bottom, TIME_AREA.top, margin=1.4)
    svg = element(
        "svg",
        _time_chart_axes(x_axis, y_axis, compared.baseline),
        _source_line(y_axis, source_flicker) if source_flicker > 0 else "",
        _method_dots(drawn, x_axis, y_axis),
        viewBox=TIME_AREA.view_box,
        role="img",
        aria_label="Seconds per frame against flicker, one dot per method; the table below has the same values",
    )
    note = "Both axes are logarithmic. Lower is steadier, further left is faster; the dashed line is the source."
    return element("div", svg, class_="chart") + element("p", note, class_="note")


def _time_chart_axes(x_axis: LogAxis, y_axis: LogAxis, baseline: str) -> str:
    parts = [TIME_AREA.horizontal_grid(y_axis)]
    for value in x_axis.ticks():
        x = x_axis.position(value)
        parts.append(element("line", x1=x, x2=x, y1=TIME_AREA.top, y2=TIME_AREA.bottom, class_="grid"))
        parts.append(element("text", f"{value:g} s", x=x, y=TIME_AREA.bottom + 20, text_anchor="middle"))
    parts.append(element("text", "seconds per frame", x=TIME_AREA.right, y=TIME_AREA.bottom + 42, text_anchor="end"))
    label = text(f"flicker (warping error at gap 1), relative to {baseline}")
    return "".join([*parts, element("text", label, x=TIME_AREA.left, y=TIME_AREA.bottom + 42)])


def _source_line(y_axis: LogAxis, flicker: float) -> str:
    y = y_axis.position(flicker)
    line = element("line", x1=TIME_AREA.left, x2=TIME_AREA.right, y1=y, y2=y, class_="floor")
    return line + element("text", "source", x=TIME_AREA.left + 4, y=y - 6)


def _method_dots(drawn: Sequence[tuple[int, ComparedFilm]], x_axis: LogAxis, y_axis: LogAxis) -> str:
    """Return a dot per method and a name beside it, moved up until it covers neither a dot nor another name."""
    positions = [
        (x_axis.position(film.seconds_per_frame or 0.0), y_axis.position(film.ratios[_FLICKER])) for _, film in drawn
    ]
    parts, taken = [], [(x - 10, x + 10, y + 5) for x, y in positions]
    for (index, film), (x, y) in sorted(zip(drawn, positions, strict=True), key=lambda each: -each[1][1]):
        start, end, baseline = x + 14, x + 14 + _LETTER_WIDTH * len(film.name), y + 5
        while any(start < right and left < end and abs(baseline - at) < _LINE_HEIGHT for left, right, at in taken):
            baseline -= 3
        taken.append((start, end, baseline))
        parts.append(element("circle", cx=x, cy=y, r=8, class_="dot", style=_colour(index)))
        parts.append(element("text", text(film.name), x=start, y=baseline, class_="name"))
    return "".join(parts)
