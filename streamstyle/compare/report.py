"""The report of a comparison: one HTML file that asks for nothing outside itself."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

from streamstyle import __version__
from streamstyle.compare.colours import hex_colour, film_colour
from streamstyle.compare.curves import CURVES_AREA, curves_chart, drawn_films, measured_gaps
from streamstyle.compare.events import Compared
from streamstyle.compare.figures import metrics_table
from streamstyle.compare.markup import text
from streamstyle.compare.stills import Excerpt, make_excerpts
from streamstyle.compare.trade import trade_chart
from streamstyle.compare.words import facts_line, metric_definitions, summary, provenance
from streamstyle.evaluate.measures import Curve
from streamstyle.files import publish
from streamstyle.film import VideoInfo
from streamstyle.media.output import output_errors, partial_path

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


def write_report(film: VideoInfo, compared: Compared, path: Path) -> None:
    """Write the report, whole or not at all; OutputError where that cannot be."""
    partial = partial_path(path)
    with output_errors(partial):
        partial.write_text(render_report(compared, make_excerpts(film, compared)), encoding="utf-8")
        publish(partial, path)


def render_report(compared: Compared, shown: list[Excerpt]) -> str:
    """Return the page."""
    film = Path(compared.video).stem
    filled = {
        "version": __version__,
        "title": text(f"{film} in {compared.style}, methods compared"),
        "film": text(film),
        "style": text(compared.style),
        "lede": summary(compared),
        "facts": facts_line(compared),
        "trade": trade_chart(compared),
        "table": metrics_table(compared),
        "curves": curves_chart(compared),
        "how": metric_definitions(compared),
        "made": provenance(compared),
        "data": _script_json(_script_data(compared, shown)),
        "css": _page_file("report.css"),
        "js": _page_file("report.js"),
    }
    return _PLACEHOLDER.sub(lambda place: filled[place[1]], _page_file("report.html"))


def _page_file(name: str) -> str:
    return (files("streamstyle.compare") / "page" / name).read_text(encoding="utf-8").rstrip()


def _script_data(compared: Compared, shown: list[Excerpt]) -> dict[str, Any]:
    """Return what the page's script works with."""
    rows = drawn_films(compared)
    return {
        "films": [{"name": row.name, "colour": hex_colour(film_colour(place))} for place, row in rows],
        "scenes": [asdict(scene) for scene in shown],
        "curves": {
            gap: [_round_curve(row.curves[f"warping_error_{gap}"]) for _, row in rows]
            for gap in measured_gaps(compared)
        },
        "plot": {
            "left": CURVES_AREA.left,
            "right": CURVES_AREA.right,
            "width": CURVES_AREA.width,
            "frames": compared.frames,
            "rate": compared.frame_rate,
        },
    }


def _round_curve(curve: Curve) -> Curve:
    return [None if value is None else float(f"{value:.3g}") for value in curve]


def _script_json(data: dict[str, Any]) -> str:
    """Return JSON that no end tag inside it can end early."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
