"""The chart of a comparison: how long a frame takes, against how much it flickers."""

from __future__ import annotations

from collections.abc import Sequence

from streamstyle.compare.axis import LogAxis, PlotArea, fit_axis
from streamstyle.compare.colours import hex_colour, film_colour
from streamstyle.compare.events import Compared, ComparedFilm
from streamstyle.compare.markup import element, text

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
