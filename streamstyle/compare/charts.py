"""One colour for each film of a comparison, the same in the grid film and in the report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from streamstyle.compare.events import Compared, ComparedFilm
from streamstyle.evaluate.metrics import Curve

Colour = tuple[int, int, int]
"""Red, green, blue in 0..255."""

SOURCE_COLOUR: Colour = (140, 140, 148)

METHOD_COLOURS: tuple[Colour, ...] = (
    (214, 92, 60), (46, 134, 193), (67, 160, 98), (172, 104, 199),
    (217, 160, 40), (38, 166, 164), (206, 92, 146), (124, 128, 60),
)  # fmt: skip
"""Told apart on light and on dark paper; the eight that a comparison can have."""


def film_colour(place: int) -> Colour:
    """Return the colour of the source, at place 0, or of a method."""
    return SOURCE_COLOUR if place == 0 else METHOD_COLOURS[(place - 1) % len(METHOD_COLOURS)]


def hex_colour(colour: Colour) -> str:
    """Return it as CSS has it."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def element(name: str, *inside: str, **attributes: str | float) -> str:
    """Return an element around what is markup already; `class_` is `class`, `data_gap` is `data-gap`."""
    named = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(f"{value:g}" if isinstance(value, float) else str(value))}"'
        for key, value in attributes.items()
    )
    return f"<{name}{named}>{''.join(inside)}</{name}>"


def text(words: str) -> str:
    """Return words as markup that shows them."""
    return escape(words)


def format_number(value: float) -> str:
    """Return a figure with three digits that count, without an exponent: `0.00261`, `23.4`, `1280`."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.{max(0, _decimals(value))}f}"


def _decimals(value: float) -> int:
    digits, size = 2, abs(value)
    while size < 1 and digits < 7:
        size *= 10
        digits += 1
    return digits if abs(value) < 10 else 1


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


CURVES_AREA = PlotArea(width=960, height=360, left=64, right=944, top=14, bottom=318)

_CURVE_PREFIX = "warping_error_"
_TICK_SECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
"""Apart that marks on the time axis may be."""


def measured_gaps(compared: Compared) -> list[str]:
    """Return the gaps that were measured, as text."""
    return [key.removeprefix(_CURVE_PREFIX) for key in compared.films[0].metrics if key.startswith(_CURVE_PREFIX)]


def drawn_films(compared: Compared) -> list[tuple[int, ComparedFilm]]:
    """Return the films that have a line, with their places: the source and the methods."""
    return [(place, row) for place, row in enumerate(compared.films) if row.kind != "control"]


def curves_chart(compared: Compared) -> str:
    """Return an SVG with a group a gap, and buttons for gaps and films; a note where there is nothing to draw."""
    gaps = measured_gaps(compared)
    if not gaps:
        return element("p", "No two frames of a shot could be compared.", class_="note")
    groups = [_gap_group(compared, gap, shown=gap == gaps[0]) for gap in gaps]
    picture = element(
        "svg",
        _time_ticks(compared),
        *groups,
        element("line", x1=0, x2=0, y1=CURVES_AREA.top, y2=CURVES_AREA.bottom, class_="cross off"),
        id="curves",
        viewBox=CURVES_AREA.view_box,
        tabindex=0,
        role="img",
        aria_label="Warping error of every frame, a line a film; arrow keys go from frame to frame",
    )
    choice = [_gap_button(gap, pressed=gap == gaps[0]) for gap in gaps]
    legend = [_legend_button(place, row) for place, row in drawn_films(compared)]
    note = "Lines break at a cut. Point at them, or use the arrow keys, to read one frame; a name takes its line away."
    return (
        element("div", element("span", *choice, class_="moments"), element("span", id="frame"), class_="picks")
        + element("div", picture, class_="chart")
        + element("div", *legend, class_="legend")
        + element("p", note, class_="note")
    )


def _gap_button(gap: str, *, pressed: bool) -> str:
    words = "from frame to frame" if gap == "1" else f"{gap} frames apart"
    return element("button", words, type="button", data_show=gap, aria_pressed=str(pressed).lower())


def _legend_button(place: int, row: ComparedFilm) -> str:
    colour = f"--c:{hex_colour(film_colour(place))}"
    inside = text(row.name) + element("output")
    return element("button", inside, type="button", data_film=place, aria_pressed="true", style=colour)


def _gap_group(compared: Compared, gap: str, *, shown: bool) -> str:
    rows = drawn_films(compared)
    curves = {place: row.curves.get(_CURVE_PREFIX + gap, []) for place, row in rows}
    up = fit_axis((value for curve in curves.values() for value in curve if value), CURVES_AREA.bottom, CURVES_AREA.top)
    lines = [_curve_line(place, row, curves[place], up) for place, row in rows]
    return element("g", CURVES_AREA.horizontal_grid(up), *lines, data_gap=gap, class_="" if shown else "off")


def _curve_line(place: int, row: ComparedFilm, curve: Curve, up: LogAxis) -> str:
    path = curve_path(curve, up)
    kind = "curve source" if row.kind == "source" else "curve"
    return element("path", d=path, class_=kind, style=f"--c:{hex_colour(film_colour(place))}", data_of=place)


def curve_path(curve: Curve, up: LogAxis) -> str:
    """Return the path of a curve: it begins anew after each frame that has no value."""
    step = (CURVES_AREA.right - CURVES_AREA.left) / max(1, len(curve) - 1)
    path, going = [], False
    for frame, value in enumerate(curve):
        if value is not None:
            path.append(f"{'L' if going else 'M'}{CURVES_AREA.left + frame * step:.1f} {up.position(value):.1f}")
        going = value is not None
    return "".join(path)


def _time_ticks(compared: Compared) -> str:
    length = max(1, compared.frames - 1) / compared.frame_rate
    apart = next((step for step in _TICK_SECONDS if length / step <= 10), length)
    seconds: Sequence[float] = [apart * count for count in range(int(length / apart) + 1)]
    places = [
        (CURVES_AREA.left + (CURVES_AREA.right - CURVES_AREA.left) * second / length, second) for second in seconds
    ]
    return "".join(
        element("text", f"{second:g} s", x=x, y=CURVES_AREA.bottom + 22, text_anchor="middle") for x, second in places
    )


TRADE_AREA = PlotArea(width=960, height=400, left=64, right=930, top=16, bottom=348)

_LINE_HEIGHT, _LETTER_WIDTH = 17, 7.5
"""Pixels that two names have to lie apart where one is above the other, and that a letter is wide."""


def trade_chart(compared: Compared) -> str:
    """Return an SVG in its frame; a note where there is nothing to draw."""
    methods = [(place, row) for place, row in enumerate(compared.films) if row.kind == "method"]
    drawn = [(place, row) for place, row in methods if row.time_ratio and row.ratios.get("warping_error_1")]
    if not drawn:
        return element("p", "No two frames of a shot could be compared.", class_="note")
    floor = compared.films[0].ratios.get("warping_error_1", 0.0)
    across = fit_axis((row.seconds_per_frame or 0.0 for _, row in drawn), TRADE_AREA.left + 30, TRADE_AREA.right - 150)
    up = fit_axis(
        [*(row.ratios["warping_error_1"] for _, row in drawn), floor], TRADE_AREA.bottom, TRADE_AREA.top, margin=1.4
    )
    picture = element(
        "svg",
        _trade_axes(across, up, compared.baseline),
        _source_line(up, floor) if floor > 0 else "",
        _method_dots(drawn, across, up),
        viewBox=TRADE_AREA.view_box,
        role="img",
        aria_label="Seconds a frame against flicker, one dot a method; the table below has the same figures",
    )
    note = "Both axes are logarithmic. Lower is steadier, further left is faster; the dashed line is the film itself."
    return element("div", picture, class_="chart") + element("p", note, class_="note")


def _trade_axes(across: LogAxis, up: LogAxis, reference: str) -> str:
    parts = [TRADE_AREA.horizontal_grid(up)]
    for value in across.ticks():
        x = across.position(value)
        parts.append(element("line", x1=x, x2=x, y1=TRADE_AREA.top, y2=TRADE_AREA.bottom, class_="grid"))
        parts.append(element("text", f"{value:g} s", x=x, y=TRADE_AREA.bottom + 20, text_anchor="middle"))
    parts.append(element("text", "seconds a frame", x=TRADE_AREA.right, y=TRADE_AREA.bottom + 42, text_anchor="end"))
    said = text(f"flicker, as a share of {reference}'s (warping error at gap 1)")
    return "".join([*parts, element("text", said, x=TRADE_AREA.left, y=TRADE_AREA.bottom + 42)])


def _source_line(up: LogAxis, floor: float) -> str:
    y = up.position(floor)
    line = element("line", x1=TRADE_AREA.left, x2=TRADE_AREA.right, y1=y, y2=y, class_="floor")
    return line + element("text", "the film itself", x=TRADE_AREA.left + 4, y=y - 6)


def _method_dots(drawn: Sequence[tuple[int, ComparedFilm]], across: LogAxis, up: LogAxis) -> str:
    places = [
        (across.position(row.seconds_per_frame or 0.0), up.position(row.ratios["warping_error_1"])) for _, row in drawn
    ]
    parts, taken = [], [(x - 10, x + 10, y + 5) for x, y in places]
    for (place, row), (x, y) in sorted(zip(drawn, places, strict=True), key=lambda each: -each[1][1]):
        start, end, beside = x + 14, x + 14 + _LETTER_WIDTH * len(row.name), y + 5
        while any(start < right and left < end and abs(beside - at) < _LINE_HEIGHT for left, right, at in taken):
            beside -= 3
        taken.append((start, end, beside))
        colour = f"--c:{hex_colour(film_colour(place))}"
        parts.append(element("circle", cx=x, cy=y, r=8, class_="dot", style=colour))
        parts.append(element("text", text(row.name), x=start, y=beside, class_="name"))
    return "".join(parts)
