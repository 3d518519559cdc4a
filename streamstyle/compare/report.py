"""The report of a comparison: one HTML file that loads nothing from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from streamstyle import __version__
from streamstyle.compare.charts import CURVES_AREA, curve_names, curves_chart, drawn_films, time_chart
from streamstyle.compare.events import Compared, ComparedFilm
from streamstyle.compare.excerpts import Excerpt, make_excerpts
from streamstyle.compare.markup import element, film_colour, hex_colour, significant_digits, text
from streamstyle.evaluate.metrics import Curve
from streamstyle.files import atomic_write
from streamstyle.machine_info import describe_machine
from streamstyle.media.output_file import output_errors
from streamstyle.video_info import VideoInfo

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")

TIME_KEY = "time"
"""Column of the seconds per frame, which are not among a film's metrics."""

_COLUMN_HEADS = {
    TIME_KEY: "time per frame",
    "warping_error_1": "flicker: warping error, gap 1",
    "warping_error_5": "warping error, gap 5",
    "warping_error_10": "warping error, gap 10",
    "stability_error_1": "stability error, gap 1",
    "stability_error_5": "stability error, gap 5",
    "stability_error_10": "stability error, gap 10",
    "boundary_error": "boundary error, levels",
    "tone_lag": "tone lag, levels",
    "seam": "seam, levels",
    "ghost": "ghost, levels",
    "drift": "drift",
    "content": "content loss",
    "style": "style loss",
    "sharpness": "sharpness",
}
_HIGHER_IS_BETTER = ("sharpness",)

_METRIC_MEANINGS = {
    "time per frame": "Wall-clock seconds per frame, including optical flow and encoding, without the first frame. "
    "They depend on the machine and its load as much as on the method; the ratios depend on them less.",
    "warping error": "Mean squared difference between a frame and an earlier one warped to it along the source's "
    "optical flow, where that is reliable (Lai et al. 2018). One frame apart it is flicker.",
    "stability error": "The same as a root mean square over all pixels.",
    "boundary error": "Mean difference, in levels of 255, between a frame and the previous one warped to it, where the "
    "warping error leaves pixels out although the source confirms the flow.",
    "tone lag": "Mean difference of the colour of 8x8 pixels from that of the frame stylised by itself (johnson), in "
    "levels.",
    "seam": "Edges that are stronger than any near them in the frame stylised by itself, in the source and in the "
    "previous frame warped; root mean square in levels. Texture below some four pixels is left out.",
    "ghost": "What the source would show that is not there, had it been carried on as the film was; root mean square, "
    "in levels.",
    "drift": "How much the colour of points changes that are tracked over 20 frames, relative to what it would change "
    "if the film stood still while the scene moves. A frozen film has exactly 1.",
    "content loss": "Relative squared error of relu4_2 against the source's frame.",
    "style loss": "Relative squared error of the Gram matrices of relu1_1 … relu5_1 against the style image.",
    "sharpness": "Mean gradient of luma, which blur lowers.",
    "blurred, frozen": "Control films, made from the first method's film. Both are steady without being good: "
    "sharpness and style loss give the blurred one away, drift the frozen one.",
}  # fmt: skip


def write_report(video: VideoInfo, compared: Compared, path: Path) -> None:
    """Write the report atomically; OutputError if it cannot be written."""
    page = render_report(compared, make_excerpts(video, compared))
    with output_errors(path):
        atomic_write(path, page, durable=True)


def render_report(compared: Compared, excerpts: list[Excerpt]) -> str:
    """Return the page."""
    film = Path(compared.video).stem
    values = {
        "version": __version__,
        "title": text(f"{film} in {compared.style}, methods compared"),
        "film": text(film),
        "style": text(compared.style),
        "summary": summary(compared),
        "facts": facts_line(compared),
        "time": time_chart(compared),
        "table": metrics_table(compared),
        "curves": curves_chart(compared),
        "definitions": metric_definitions(compared),
        "provenance": provenance(compared),
        "data": _script_json(_script_data(compared, excerpts)),
        "css": _page_file("report.css"),
        "js": _page_file("report.js"),
    }
    return _PLACEHOLDER.sub(lambda match: values[match[1]], _page_file("report.html"))


def _page_file(name: str) -> str:
    return (files("streamstyle.compare") / "page" / name).read_text(encoding="utf-8").rstrip()


def _script_data(compared: Compared, excerpts: list[Excerpt]) -> dict[str, Any]:
    """Return what the page's script needs."""
    films = drawn_films(compared)
    return {
        "films": [{"name": film.name, "colour": hex_colour(film_colour(index))} for index, film in films],
        "excerpts": [asdict(excerpt) for excerpt in excerpts],
        "curves": {
            label: [_round_curve(film.curves.get(name, [])) for _, film in films]
            for label, name in curve_names(compared).items()
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
    """Return JSON that cannot end the script element, whatever names it holds."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def summary(compared: Compared) -> str:
    """Return the result in one or two sentences: the steadiest method, and the one with the lowest style loss."""
    methods = [film for film in compared.films if film.kind == "method" and "warping_error_1" in film.ratios]
    comparable = [film for film in methods if film.name not in compared.same_flow_methods] or methods
    others = [film for film in comparable if film.name != compared.baseline]
    if not others:
        return text(f"{compared.baseline}, measured beside its source and two control films.")
    steadiest = min(others, key=lambda film: film.ratios["warping_error_1"])
    sentences = [_describe_film(steadiest, compared.baseline)]
    nearest = min(others, key=lambda film: film.ratios.get("style", 0.0))
    if nearest is not steadiest and "style" in nearest.ratios:
        sentences.append(_describe_film(nearest, compared.baseline))
    return " ".join(sentences)


def _describe_film(film: ComparedFilm, baseline: str) -> str:
    sentence = f" has {film.ratios['warping_error_1']:.2g} times the flicker of {baseline}"
    if film.time_ratio is not None:
        sentence += f" at {film.time_ratio:.2g} times the time"
    labels = {"style": "style loss", "sharpness": "sharpness"}
    ratios = [f"{film.ratios[key]:.2f} times the {label}" for key, label in labels.items() if key in film.ratios]
    return element("strong", text(film.name)) + text(f"{sentence}, {' and '.join(ratios)}.")


def facts_line(compared: Compared) -> str:
    """Return size, length, number of methods and reference flow in one line."""
    methods = sum(film.kind == "method" for film in compared.films)
    frames = "1 frame" if compared.frames == 1 else f"{compared.frames} frames"
    length = f"{frames}, {compared.frames / compared.frame_rate:.1f} s"
    size = f"{compared.width}\N{MULTIPLICATION SIGN}{compared.height}"
    count = "1 method" if methods == 1 else f"{methods} methods"
    return text(f"{size}, {length}; {count}; flow reference: {compared.flow_reference}")


def metrics_table(compared: Compared) -> str:
    """Return the table of all metrics: a row per film, relative to the baseline."""
    keys = [TIME_KEY, *(key for key in _COLUMN_HEADS if any(key in film.metrics for film in compared.films))]
    head = "".join(element("th", _COLUMN_HEADS[key], scope="col") for key in keys)
    first = element("th", text(f"relative to {compared.baseline}"), scope="col")
    best = {key: _best_value(key, compared.films) for key in keys}
    rows = "".join(_table_row(index, film, keys, best) for index, film in enumerate(compared.films))
    table = element("table", element("thead", element("tr", first + head)), element("tbody", rows))
    note = (
        "Large: relative to the baseline; small: the value itself. The best method is marked; lower is better, except "
        "for sharpness. In italics: the source, and the first method's film blurred and frozen."
    )
    return element("div", table, class_="scroll", tabindex="0") + element("p", note, class_="note")


def metric_value(key: str, film: ComparedFilm) -> tuple[float | None, float | None]:
    """Return a metric of a film, and its ratio to the baseline's; None where there is none."""
    if key == TIME_KEY:
        return film.seconds_per_frame, film.time_ratio
    return film.metrics.get(key), film.ratios.get(key)


def _best_value(key: str, films: Sequence[ComparedFilm]) -> float | None:
    """Return the best value of the methods, if they differ."""
    values = [value for film in films if film.kind == "method" and (value := metric_value(key, film)[0]) is not None]
    if len(set(values)) < 2:
        return None
    return max(values) if key in _HIGHER_IS_BETTER else min(values)


def _table_row(index: int, film: ComparedFilm, keys: Sequence[str], best: dict[str, float | None]) -> str:
    colour = {} if film.kind == "control" else {"style": f"--c:{hex_colour(film_colour(index))}"}
    name = element("th", text(film.name), scope="row", **colour)
    cells = "".join(_table_cell(key, film, best[key]) for key in keys)
    return element("tr", name + cells, class_="method" if film.kind == "method" else "other")


def _table_cell(key: str, film: ComparedFilm, best: float | None) -> str:
    value, ratio = metric_value(key, film)
    if value is None:
        return element("td", "-")
    unit = " s" if key == TIME_KEY else ""
    absolute = f"{significant_digits(value)}{unit}"
    content = absolute if ratio is None else significant_digits(ratio) + element("small", absolute)
    is_best = film.kind == "method" and value == best
    return element("td", content, **({"class_": "best"} if is_best else {}))


def metric_definitions(compared: Compared) -> str:
    """Return the definition of each metric, and what it was measured with."""
    warning = f" Made along the same flow, and less steady than they look: {', '.join(compared.same_flow_methods)}."
    reference = f"{compared.flow_reference}.{warning if compared.same_flow_methods else ''}"
    meanings = {**_METRIC_MEANINGS, "flow reference": reference, "loss network": f"{compared.loss_network}."}
    if not any("style" in film.metrics for film in compared.films):
        meanings["style loss"] = "Not measured: it needs the style image (--style-image)."
    return _definition_list(meanings)


def provenance(compared: Compared) -> str:
    """Return machine, date and versions, and the command that makes the report again."""
    methods = [film for film in compared.films if film.kind == "method"]
    loads = ", ".join(f"{film.name} {film.machine.get('load', '?')}" for film in methods)
    date = datetime.fromisoformat(compared.date)
    facts = {
        "date": f"{date:%Y-%m-%d %H:%M} UTC",
        "machine": describe_machine(compared.machine),
        "load while stylising": loads,
        "film": compared.video,
        "outputs": "; ".join(f"{film.name}: {Path(film.output).name}, {film.created[:10]}" for film in methods),
    }
    command = element("pre", text(compared.command), id="command")
    copy = element("button", "copy the command", type="button", id="copy", hidden="")
    return _definition_list(facts) + command + copy


def _definition_list(entries: dict[str, str]) -> str:
    return element("dl", *(element("dt", text(name)) + element("dd", text(value)) for name, value in entries.items()))
