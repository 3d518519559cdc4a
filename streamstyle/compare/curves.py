"""The curves of a comparison: the warping error of every frame, a line a film."""

from __future__ import annotations

from collections.abc import Sequence

from streamstyle.compare.axis import LogAxis, PlotArea, fit_axis
from streamstyle.compare.colours import hex_colour, film_colour
from streamstyle.compare.events import Compared, ComparedFilm
from streamstyle.compare.markup import element, text
from streamstyle.evaluate.measures import Curve

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
