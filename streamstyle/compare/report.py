"""The report of a comparison: one HTML file that asks for nothing outside itself."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

import cv2

from streamstyle import __version__
from streamstyle.compare.charts import (
    CURVES_AREA,
    curves_chart,
    drawn_films,
    element,
    film_colour,
    format_number,
    hex_colour,
    measured_gaps,
    text,
    trade_chart,
)
from streamstyle.compare.events import Compared, ComparedFilm
from streamstyle.evaluate.metrics import Curve
from streamstyle.files import publish
from streamstyle.machine_info import describe_machine
from streamstyle.media.images import RgbImage
from streamstyle.media.output_file import output_errors, partial_path
from streamstyle.media.probe import probe
from streamstyle.settings import SourceSettings
from streamstyle.stages.decode import decode
from streamstyle.video_info import VideoInfo

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


_METRIC_MEANINGS = {
    "time a frame": "Seconds a frame by the clock, optical flow and encoding included, without the first frame. They "
    "say as much of the machine, and of what else it did, as of the method; the ratios say more.",
    "warping error": "Mean squared difference between a frame and an earlier one carried to it along the film's own "
    "motion, where that can be trusted (Lai et al. 2018). One frame apart it is flicker.",
    "stability error": "The same as a root, over all pixels.",
    "drift": "How much the colour of points changes that are followed over 20 frames, as a share of what it would "
    "change had the picture stood still while the scene moved. A frozen film has exactly 1.",
    "content loss": "Relative squared error of relu4_2 against the film's own frame.",
    "style loss": "Relative squared error of the Gram matrices of relu1_1 … relu5_1 against the painting.",
    "sharpness": "Mean gradient of brightness: what blur takes away.",
    "blurred, frozen": "What would cheat. A blur is steady, and so is a still: sharpness and style loss give the one "
    "away, drift the other.",
}  # fmt: skip


def summary(compared: Compared) -> str:
    """Return what the figures come to: the steadiest method, its price, and what it lost."""
    methods = [row for row in compared.films if row.kind == "method" and "warping_error_1" in row.ratios]
    judged = [row for row in methods if row.name not in compared.same_flow_methods] or methods
    others = [row for row in judged if row.name != compared.baseline]
    if not others:
        return text(f"{compared.baseline}, measured beside the film itself and beside what would cheat.")
    steadiest = min(others, key=lambda row: row.ratios["warping_error_1"])
    said = [_describe_film(steadiest, compared.baseline)]
    nearest = min(others, key=lambda row: row.ratios.get("style", 0.0))
    if nearest is not steadiest and "style" in nearest.ratios:
        said.append(_describe_film(nearest, compared.baseline))
    return " ".join(said)


def _describe_film(row: ComparedFilm, reference: str) -> str:
    said = f" has {row.ratios['warping_error_1']:.2g} of {reference}'s flicker"
    if row.time_ratio is not None:
        said += f" at {row.time_ratio:.2g} times its time"
    lost = {"style": "style loss", "sharpness": "sharpness"}
    multiples = [f"{row.ratios[key]:.2f} times its {words}" for key, words in lost.items() if key in row.ratios]
    return element("strong", text(row.name)) + text(f"{said}, {' and '.join(multiples)}.")


def facts_line(compared: Compared) -> str:
    """Return size, length and judge in a line."""
    methods = sum(row.kind == "method" for row in compared.films)
    frames = "one frame" if compared.frames == 1 else f"{compared.frames} frames"
    length = f"{frames}, {compared.frames / compared.frame_rate:.1f} s"
    size = f"{compared.width}\N{MULTIPLICATION SIGN}{compared.height}"
    many = "one method" if methods == 1 else f"{methods} methods"
    return text(f"{size}, {length}; {many}, judged along {compared.flow_reference}")


def metric_definitions(compared: Compared) -> str:
    """Return what each measure is, and with what it was measured."""
    made_along = f" Made along it, too, and less steady than they look: {', '.join(compared.same_flow_methods)}."
    judge = f"{compared.flow_reference}.{made_along if compared.same_flow_methods else ''}"
    meanings = {**_METRIC_MEANINGS, "judged along": judge, "losses seen by": f"{compared.loss_network}."}
    if not any("style" in row.metrics for row in compared.films):
        meanings["style loss"] = "Not measured: it needs the painting itself (--style-image)."
    return _definition_list(meanings)


def provenance(compared: Compared) -> str:
    """Return machine, date, versions, and the command to do it again."""
    methods = [row for row in compared.films if row.kind == "method"]
    loads = ", ".join(f"{row.name} {row.machine.get('load', '?')}" for row in methods)
    when = datetime.fromisoformat(compared.date)
    known = {
        "date": f"{when:%Y-%m-%d %H:%M} UTC",
        "machine": describe_machine(compared.machine),
        "load while painting": loads,
        "film": compared.video,
        "made": "; ".join(f"{row.name}: {Path(row.output).name}, {row.created[:10]}" for row in methods),
    }
    again = element("pre", text(compared.command), id="command")
    copy = element("button", "copy the command", type="button", id="copy", hidden="")
    return _definition_list(known) + again + copy


def _definition_list(entries: dict[str, str]) -> str:
    return element("dl", *(element("dt", text(name)) + element("dd", text(said)) for name, said in entries.items()))


LOOP_FRAMES = 16
"""Frames that play: two thirds of a second, slowed to two seconds."""

MAX_STILL_WIDTH, MAX_LOOP_WIDTH = 960, 640
"""Pixels that a still and a frame that plays are wide at most."""

_WEBP_QUALITY = 82


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One moment, or some frames on end."""

    name: str
    films: list[list[str]]
    """For each film the frames, as data URIs."""


def make_excerpts(film: VideoInfo, compared: Compared) -> list[Excerpt]:
    """Return the frames that are shown of the source and of every method."""
    loop, stills = _choose_frames(compared)
    paths = [Path(row.output) for row in compared.films if row.kind == "method"]
    films = [film, *(probe(path, SourceSettings(size=(film.width, film.height))) for path in paths)]
    wanted = {
        **dict.fromkeys(stills, MAX_STILL_WIDTH),
        **dict.fromkeys(loop, MAX_LOOP_WIDTH if len(loop) > 1 else MAX_STILL_WIDTH),
    }
    pictures = [_encode_frames(each, wanted) for each in films]
    played = f"{len(loop)} frames from {loop[0] / compared.frame_rate:.1f} s" if len(loop) > 1 else "the frame"
    shown = [Excerpt(played, [[seen[index] for index in loop] for seen in pictures])]
    return shown + [
        Excerpt(f"{index / compared.frame_rate:.1f} s", [[seen[index]] for seen in pictures]) for index in stills
    ]


def _choose_frames(compared: Compared) -> tuple[list[int], list[int]]:
    """Return the frames that play, from the middle of the longest shot, and those that stand still."""
    begun, length = longest_shot(compared.films[0].curves.get("warping_error_1", []))
    count = max(1, min(LOOP_FRAMES, length))
    first = begun + (length - count) // 2
    loop = list(range(first, first + count))
    stills = sorted({compared.frames // 6, compared.frames * 5 // 6} - set(loop))
    return loop, stills


def longest_shot(curve: Curve) -> tuple[int, int]:
    """Return where the longest shot begins and how many frames it has; a frame without a value begins one."""
    starts = [index for index, value in enumerate(curve) if value is None or index == 0] or [0]
    ends = [*starts[1:], max(1, len(curve))]
    return max(((start, end - start) for start, end in zip(starts, ends, strict=True)), key=lambda shot: shot[1])


def _encode_frames(film: VideoInfo, wanted: dict[int, int]) -> dict[int, str]:
    """Return those frames of a film, by index, as data URIs no wider than asked for."""
    found: dict[int, str] = {}
    for frame in islice(decode(film), max(wanted) + 1):
        if frame.index in wanted:
            found[frame.index] = data_uri(frame.image, wanted[frame.index])
    return found


def data_uri(picture: RgbImage, max_width: int) -> str:
    """Return a picture as a WebP that stands in the page itself."""
    height, width = picture.shape[:2]
    size = (max_width, round(height * max_width / width))
    shown = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if width > max_width else picture
    _, coded = cv2.imencode(".webp", shown[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, _WEBP_QUALITY])
    return f"data:image/webp;base64,{base64.b64encode(coded.tobytes()).decode()}"
