"""The report of a comparison: one HTML file that asks for nothing outside itself."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

from streamstyle import __version__
from streamstyle.compare.colours import as_hex, colour_of
from streamstyle.compare.curves import CURVES_AREA, curves_chart, drawn_rows, gaps_of
from streamstyle.compare.events import Compared
from streamstyle.compare.figures import figures_table
from streamstyle.compare.markup import text
from streamstyle.compare.stills import Scene, scenes
from streamstyle.compare.trade import trade_chart
from streamstyle.compare.words import facts, how, lede, made
from streamstyle.evaluate.measures import Curve
from streamstyle.files import publish
from streamstyle.film import Film
from streamstyle.media.output import clear_errors, partial_path

_PLACE = re.compile(r"\{\{(\w+)\}\}")


def write_report(film: Film, compared: Compared, path: Path) -> None:
    """Write the report, whole or not at all; OutputError where that cannot be."""
    partial = partial_path(path)
    with clear_errors(partial):
        partial.write_text(report(compared, scenes(film, compared)), encoding="utf-8")
        publish(partial, path)


def report(compared: Compared, shown: list[Scene]) -> str:
    """Return the page."""
    film = Path(compared.video).stem
    filled = {
        "version": __version__,
        "title": text(f"{film} in {compared.style}, methods compared"),
        "film": text(film),
        "style": text(compared.style),
        "lede": lede(compared),
        "facts": facts(compared),
        "trade": trade_chart(compared),
        "table": figures_table(compared),
        "curves": curves_chart(compared),
        "how": how(compared),
        "made": made(compared),
        "data": _embedded(_data(compared, shown)),
        "css": _page("report.css"),
        "js": _page("report.js"),
    }
    return _PLACE.sub(lambda place: filled[place[1]], _page("report.html"))


def _page(name: str) -> str:
    return (files("streamstyle.compare") / "page" / name).read_text(encoding="utf-8").rstrip()


def _data(compared: Compared, shown: list[Scene]) -> dict[str, Any]:
    """Return what the page's script works with."""
    rows = drawn_rows(compared)
    return {
        "films": [{"name": row.name, "colour": as_hex(colour_of(place))} for place, row in rows],
        "scenes": [asdict(scene) for scene in shown],
        "curves": {gap: [_rounded(row.curves[f"warping_error_{gap}"]) for _, row in rows] for gap in gaps_of(compared)},
        "plot": {
            "left": CURVES_AREA.left,
            "right": CURVES_AREA.right,
            "width": CURVES_AREA.width,
            "frames": compared.frames,
            "rate": compared.frame_rate,
        },
    }


def _rounded(curve: Curve) -> Curve:
    return [None if value is None else float(f"{value:.3g}") for value in curve]


def _embedded(data: dict[str, Any]) -> str:
    """Return JSON that no end tag inside it can end early."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
