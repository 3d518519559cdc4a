"""The table of a comparison: every figure, as a multiple of the reference's and as it is."""

from __future__ import annotations

from collections.abc import Sequence

from streamstyle.compare.colours import hex_colour, film_colour
from streamstyle.compare.events import Compared, ComparedFilm
from streamstyle.compare.markup import element, format_number, text

TIME_KEY = "time"

_COLUMN_HEADS = {
    TIME_KEY: "time a frame",
    "warping_error_1": "flicker: warping error, gap 1",
    "warping_error_5": "warping error, gap 5",
    "warping_error_10": "warping error, gap 10",
    "stability_error_1": "stability error, gap 1",
    "stability_error_5": "stability error, gap 5",
    "stability_error_10": "stability error, gap 10",
    "drift": "drift",
    "content": "content loss",
    "style": "style loss",
    "sharpness": "sharpness",
}
_HIGHER_IS_BETTER = ("sharpness",)
"""Measures of which more is better."""


def metrics_table(compared: Compared) -> str:
    """Return the table: a row a film, the reference's figures being 1."""
    keys = [TIME_KEY, *(key for key in _COLUMN_HEADS if any(key in row.metrics for row in compared.films))]
    head = "".join(element("th", _COLUMN_HEADS[key], scope="col") for key in keys)
    first = element("th", text(f"as multiples of {compared.baseline}'s"), scope="col")
    best = {key: _best_value(key, compared.films) for key in keys}
    rows = "".join(_table_row(place, row, keys, best) for place, row in enumerate(compared.films))
    table = element("table", element("thead", element("tr", first + head)), element("tbody", rows))
    note = (
        "Large: as a multiple; small: as it is. The best method is marked; less is better, but of sharpness more. "
        "In italics what nobody would call a method: the film itself, and the first method's film blurred and frozen."
    )
    return element("div", table, class_="scroll", tabindex="0") + element("p", note, class_="note")


def metric_value(key: str, row: ComparedFilm) -> tuple[float | None, float | None]:
    """Return a figure of a film as it is, and as a multiple of the reference's; None where there is none."""
    if key == TIME_KEY:
        return row.seconds_per_frame, row.time_ratio
    return row.metrics.get(key), row.ratios.get(key)


def _best_value(key: str, rows: Sequence[ComparedFilm]) -> float | None:
    """Return the best value of the methods, where there is a choice."""
    values = [value for row in rows if row.kind == "method" and (value := metric_value(key, row)[0]) is not None]
    if len(set(values)) < 2:
        return None
    return max(values) if key in _HIGHER_IS_BETTER else min(values)


def _table_row(place: int, row: ComparedFilm, keys: Sequence[str], best: dict[str, float | None]) -> str:
    colour = {} if row.kind == "control" else {"style": f"--c:{hex_colour(film_colour(place))}"}
    name = element("th", text(row.name), scope="row", **colour)
    cells = "".join(_table_cell(key, row, best[key]) for key in keys)
    return element("tr", name + cells, class_="method" if row.kind == "method" else "other")


def _table_cell(key: str, row: ComparedFilm, best: float | None) -> str:
    value, relative = metric_value(key, row)
    if value is None:
        return element("td", "-")
    unit = " s" if key == TIME_KEY else ""
    absolute = f"{format_number(value)}{unit}"
    inside = absolute if relative is None else format_number(relative) + element("small", absolute)
    marked = row.kind == "method" and value == best
    return element("td", inside, **({"class_": "best"} if marked else {}))
