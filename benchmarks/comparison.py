"""Comparisons of methods for the benchmarks' tables, with the code of `streamstyle compare`."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from benchmarks.conftest import Work
from benchmarks.report import Row
from streamstyle.cli.methods import parse_methods
from streamstyle.compare import events
from streamstyle.compare.comparison import EvaluationSetup, compare
from streamstyle.compare.method_runs import find_record
from streamstyle.evaluate.metrics import load_scorer
from streamstyle.media.probe import probe
from streamstyle.settings import RuderSettings, Settings, SourceSettings
from streamstyle.styles.library import Style
from streamstyle.styles.spec import BlendPart, StyleBlend

METRICS = {
    "warping_error_1": "flicker (gap 1)",
    "warping_error_5": "gap 5",
    "warping_error_10": "gap 10",
    "boundary_error": "boundary error",
    "drift": "drift",
    "content": "content loss",
    "style": "style loss",
    "sharpness": "sharpness",
}

LEVELS = {"tone_lag": "tone lag, levels", "seam": "seam, levels", "ghost": "ghost, levels"}
"""Metrics that johnson does not have by definition, so that they are not relative to it."""


def run_comparison(
    film: Path, source_settings: SourceSettings, style: Style, work: Work, methods: str, folder: Path
) -> events.Compared:
    """Return all results; films that `folder` has from before are reused."""
    style_image = work.style_image(style.name)
    setup = EvaluationSetup(work.flow_reference, load_scorer(style_image, work.vgg), style_image)
    specs = parse_methods(methods, Settings(source=source_settings, ruder=RuderSettings(style_image=style_image)))
    blend = StyleBlend(style.name, (BlendPart(style.path),))
    archive = folder / f"{film.stem}.{style.name}.parts"
    compared = compare(
        specs,
        probe(film, source_settings),
        source_settings,
        blend,
        setup,
        archive,
        "",
        lambda event: None,
        threading.Event(),
    )
    assert compared is not None, "`stop` is never set"
    return compared


def table_title(compared: events.Compared) -> str:
    """Return film, style, size and flow reference."""
    size = f"{compared.width}x{compared.height}, {compared.frames} frames"
    return f"{Path(compared.video).stem} in {compared.style}, {size}, flow reference: {compared.flow_reference}"


def table_rows(compared: events.Compared) -> list[Row]:
    """Return a row per film: seconds per frame, and wall-clock time, CPU time and metrics relative to the baseline."""
    cpu = {film.name: _cpu_seconds(film) for film in compared.films}
    measured = [key for key in METRICS if any(key in film.metrics for film in compared.films)]
    return [_row(film, measured, cpu[film.name], cpu[compared.baseline]) for film in compared.films]


def _row(film: events.ComparedFilm, measured: Sequence[str], cpu: float | None, baseline_cpu: float | None) -> Row:
    row: Row = {"relative to johnson": film.name, "s/frame": film.seconds_per_frame, "time": film.time_ratio}
    row["CPU time"] = cpu / baseline_cpu if cpu and baseline_cpu else None
    ratios = {METRICS[key]: film.ratios.get(key) for key in measured}
    return row | ratios | {label: film.metrics.get(key) for key, label in LEVELS.items()}


def _cpu_seconds(film: events.ComparedFilm) -> float | None:
    record = find_record(Path(film.output).parent, Path(film.output).stem) if film.output else None
    return record.cpu_seconds_per_frame if record else None
