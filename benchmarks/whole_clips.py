"""`python -m benchmarks.whole_clips`: the table of the methods over whole films, made in steps that are kept.

Films, flows and measured values are kept in a folder: an interrupted command goes on, and a film or a method that is
added later is measured along the flows that are there.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import cv2
import numpy as np

from benchmarks.flow_folder import kept_flow
from benchmarks.report import Row, markdown
from benchmarks.worst_frames import worst_place
from streamstyle.cli.methods import parse_methods
from streamstyle.compare.method_runs import MethodResult, MethodSpec, run_methods
from streamstyle.evaluate.evaluator import measure_films
from streamstyle.evaluate.metrics import load_scorer
from streamstyle.evaluate.reference_flow import ReferenceFlow
from streamstyle.files import atomic_write, read_json
from streamstyle.machine_info import describe_machine, machine_info
from streamstyle.media.probe import probe
from streamstyle.settings import EncoderSettings, FlowPreset, Method, Settings, SourceSettings
from streamstyle.styles.library import Style, get_style
from streamstyle.styles.spec import BlendPart, StyleBlend
from streamstyle.video_info import VideoInfo
from tools.demo_film.reference import demo_film_flow

DEMO = "demo"
"""The name of the demo film's file, which is measured along its true motion."""

LONG_GAP = 10
LONG_GAP_EVERY = 4
"""Frames from one that is compared with the tenth before it to the next."""

SCORES = 8
"""Frames of a film whose style loss is measured."""

LOSSLESS = EncoderSettings(codec="ffv1", pix_fmt="bgr0")

RATIOS = {
    "warping_error_1": "gap 1",
    f"warping_error_{LONG_GAP}": "gap 10",
    "sharpness": "sharpness",
    "style": "style loss",
}
"""Metrics given relative to johnson, with their headings."""

SOURCE_TOO = ("warping_error_1", f"warping_error_{LONG_GAP}")
"""Metrics given for the source film as well."""

LEVELS = {"tone_lag": "tone lag", "seam": "seam", "ghost": "ghost"}

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)

Metrics = Mapping[str, float]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--film", "films", type=_FILE, multiple=True, required=True, help="Film; may be repeated.")
@click.option("--style", "styles", multiple=True, required=True, help="Style, by name or file; may be repeated.")
@click.option("--methods", default="live,consistent", show_default=True, help="As for `compare`; johnson is the first.")
@click.option("--size", default="640x360", show_default=True, metavar="WxH", help="Working size of the films.")
@click.option("--films-only", is_flag=True, help="Make the films, measure nothing.")
@click.option("--picture", type=click.Path(path_type=Path), help="Image of where the first of --methods is worst.")
@click.option("--keep", type=click.Path(path_type=Path), required=True, help="Folder for films, flows and values.")
def main(
    films: tuple[Path, ...],
    styles: tuple[str, ...],
    methods: str,
    size: str,
    films_only: bool,
    picture: Path | None,
    keep: Path,
) -> None:
    """Stylise whole films with methods and styles, measure them and print a table relative to johnson.

    Films named demo.* are measured along the demo film's true motion, others along DeepFlow. A film is made again only
    if its file is missing, so remove those of a method that has changed. --picture shows, of each film and style, the
    place where the first of --methods differs most from johnson, as all methods paint it.
    """
    width, height = map(int, size.split("x"))
    source, rows, places = SourceSettings(size=(width, height)), [], []
    for film in films:
        for style in map(get_style, styles):
            specs = parse_methods(f"johnson,{methods}" if methods else "johnson", Settings(source, encoder=LOSSLESS))
            video = probe(film, source)
            results = _make_films(specs, video, style, keep / f"{film.stem}.{style.name}.{size}")
            if picture:
                places.append(worst_place([result.output for result in results]))
            if not films_only:
                rows.append(_row(film, style, _measure(results, video, source, style, keep)))
                click.echo(markdown(rows[-1:]))
    if picture:
        cv2.imwrite(str(picture), cv2.cvtColor(np.vstack(places), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])
    if rows:
        click.echo(f"\n{markdown(rows)}\n\n{describe_machine(machine_info())}")


def _make_films(specs: Sequence[MethodSpec], video: VideoInfo, style: Style, folder: Path) -> list[MethodResult]:
    blend = StyleBlend(style.name, (BlendPart(style.path),))
    return run_methods(specs, video, blend, folder, lambda event: None, threading.Event())


def _measure(
    results: Sequence[MethodResult], video: VideoInfo, source: SourceSettings, style: Style, keep: Path
) -> dict[str, Metrics]:
    """Return the metrics of the source, by that name, and of each film by its label; measured only if not kept."""
    flow, johnson = _reference_flow(video, keep / "flows"), results[0]
    kept = {result.spec.label: _kept_metrics(result, flow) for result in results}
    missing = [result for result in results if not kept[result.spec.label]]
    measured = [johnson, *(result for result in missing if result is not johnson)]
    if missing:
        of_source, *of_films = measure_films(
            [result.output for result in measured],
            video.path,
            source,
            flow,
            gaps=(1, LONG_GAP),
            scorer=load_scorer(style.path, None),
            per_frame=[None if each.spec.method is Method.ruder else 0 for each in measured],
            score_every=max(1, (video.frames or SCORES) // SCORES),
            scored=[index for index, result in enumerate(measured) if result in missing],
        )
        for result, metrics in zip(measured, of_films, strict=True):
            if result in missing:
                kept[result.spec.label] = {"source": of_source.by_name(), "film": metrics.by_name()}
                _keep_metrics(result, flow, kept[result.spec.label])
    by_film: dict[str, Metrics] = {label: values["film"] for label, values in kept.items()}
    return {"source": kept[johnson.spec.label]["source"], **by_film}


def _reference_flow(video: VideoInfo, folder: Path) -> ReferenceFlow:
    if video.path.stem == DEMO:
        return demo_film_flow()
    return kept_flow(FlowPreset.deepflow, folder, {LONG_GAP: LONG_GAP_EVERY})


def _metrics_path(result: MethodResult) -> Path:
    return result.output.with_suffix(".metrics.json")


def _kept_metrics(result: MethodResult, flow: ReferenceFlow) -> dict[str, Metrics]:
    """Return the metrics that were kept of this very film; none if there are none."""
    values = read_json(_metrics_path(result))
    return values["metrics"] if values.get("of") == [result.record.date, flow.name] else {}


def _keep_metrics(result: MethodResult, flow: ReferenceFlow, metrics: Mapping[str, Metrics]) -> None:
    values = {"of": [result.record.date, flow.name], "metrics": metrics}
    atomic_write(_metrics_path(result), json.dumps(values, indent=1))


def _row(film: Path, style: Style, metrics: Mapping[str, Metrics]) -> Row:
    """Return a row of the table; several methods stand in one cell, in order."""
    source, johnson, *methods = metrics.values()
    row: Row = {"film": film.stem, "style": style.name}
    for key, heading in RATIOS.items():
        row[heading] = ", ".join(f"{each[key] / johnson[key]:.2f}" for each in methods)
        if key in SOURCE_TOO:
            row[f"*source, {heading}*"] = f"*{source[key] / johnson[key]:.2f}*"
    for key, heading in LEVELS.items():
        digits = 2 if key == "seam" else 1
        row[heading] = ", ".join(f"{each[key]:.{digits}f}" if key in each else "-" for each in methods)
    return row


if __name__ == "__main__":
    main()
