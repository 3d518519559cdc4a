"""Methods compared by the code of `streamstyle compare`, for tables."""

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

MEASURES = {
    "warping_error_1": "flicker (gap 1)",
    "warping_error_5": "gap 5",
    "warping_error_10": "gap 10",
    "drift": "drift",
    "content": "content loss",
    "style": "style loss",
    "sharpness": "sharpness",
}


def run_comparison(
    film: Path, source_settings: SourceSettings, style: Style, work: Work, methods: str, folder: Path
) -> events.Compared:
    """Return all figures; films that `folder` holds from before are not made again."""
    style_image = work.style_image(style.name)
    setup = EvaluationSetup(work.flow_reference, load_scorer(style_image, work.vgg), style_image)
    specs = parse_methods(methods, Settings(source=source_settings, ruder=RuderSettings(style_image=style_image)))
    mix = StyleBlend(style.name, (BlendPart(style.path),))
    parts = folder / f"{film.stem}.{style.name}.parts"
    done = compare(
        specs,
        probe(film, source_settings),
        source_settings,
        mix,
        setup,
        parts,
        "",
        lambda event: None,
        threading.Event(),
    )
    assert done is not None, "nobody has set `stop`"
    return done


def table_title(done: events.Compared) -> str:
    """Return what was compared, for the head of a table."""
    size = f"{done.width}x{done.height}, {done.frames} frames"
    return f"{Path(done.video).stem} in {done.style}, {size}, judged along {done.flow_reference}"


def table_rows(done: events.Compared) -> list[Row]:
    """Return multiples of johnson's; seconds a frame as they were, and the processor's as multiples too."""
    cpu = {row.name: _cpu_seconds(row) for row in done.films}
    measured = [key for key in MEASURES if any(key in row.metrics for row in done.films)]
    return [_row(row, measured, cpu[row.name], cpu[done.baseline]) for row in done.films]


def _row(row: events.ComparedFilm, measured: Sequence[str], cpu: float | None, reference: float | None) -> Row:
    shown: Row = {"of johnson's": row.name, "s/frame": row.seconds_per_frame, "time": row.time_ratio}
    shown["processor time"] = cpu / reference if cpu and reference else None
    return shown | {MEASURES[key]: row.ratios.get(key) for key in measured}


def _cpu_seconds(row: events.ComparedFilm) -> float | None:
    making = find_record(Path(row.output).parent, Path(row.output).stem) if row.output else None
    return making.cpu_seconds_per_frame if making else None
