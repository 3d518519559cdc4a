"""The methods side by side, as the 2016 page had them: how long a frame takes, how steady the film is, what it lost."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.conftest import Work
from benchmarks.report import Report, Row
from streamstyle.commands.contenders import wanted_contenders
from streamstyle.compare import events
from streamstyle.compare.comparison import Bench, compare
from streamstyle.compare.kept import find_making
from streamstyle.evaluate.appearance import appearance
from streamstyle.evaluate.judge import judge_of
from streamstyle.library import Style
from streamstyle.mix import Ingredient, Mix
from streamstyle.settings import RuderSettings, Settings, SourceSettings
from streamstyle.stages.source import probe

FEW = 4
"""Frames that a thousand iterations are done on."""

MEASURES = {
    "warping_error_1": "flicker (gap 1)",
    "warping_error_5": "gap 5",
    "warping_error_10": "gap 10",
    "drift": "drift",
    "content": "content loss",
    "style": "style loss",
    "sharpness": "sharpness",
}


def test_methods(work: Work, pytestconfig: pytest.Config, tmp_path: Path, report: Report) -> None:
    """The consistent film is steadier than the naive one, and so is live, for every film and style."""
    folder = pytestconfig.getoption("--keep") or tmp_path
    styles = work.styles if work.full or len(work.styles) < 4 else work.styles[:1]
    for film in work.films:
        for style in styles:
            compared = _compared(film, work.part, style, work, _methods(style, work), folder)
            report.show(_title(compared), _rows(compared))
            johnson, *others = (row for row in compared.rows if row.kind == "method")
            ours = [row for row in others if row.name.startswith(("live", "consistent"))]
            assert all(row.measures["warping_error_1"] < johnson.measures["warping_error_1"] for row in ours)
            if work.full and work.painting(style.name):
                few = _few(film, work, style, folder)
                report.show(f"The same, its first {FEW} frames: ruder to its end", _rows(few))


def _methods(style: Style, work: Work) -> str:
    own = "" if work.iterations == 30 else f":iterations={work.iterations}"
    ruder = ["ruder:iterations=30"] if work.painting(style.name) else []
    return ",".join(["johnson", *ruder, f"consistent:pixel-weight=0{own}", f"consistent{own}", "live"])


def _few(film: Path, work: Work, style: Style, folder: Path) -> events.Compared:
    """Compare on a few frames alone, which is what a thousand iterations are to be had for."""
    probed = probe(film, work.part)
    end = (work.part.start or 0.0) + (FEW - 0.5) / float(probed.frame_rate or 25)
    methods = "johnson,ruder:iterations=30,ruder:iterations=1000,consistent,live"
    return _compared(film, replace(work.part, end=end), style, work, methods, folder)


def _compared(
    film: Path, part: SourceSettings, style: Style, work: Work, methods: str, folder: Path
) -> events.Compared:
    painting = work.painting(style.name)
    bench = Bench(judge_of(work.judge), appearance(painting, work.vgg), painting)
    contenders = wanted_contenders(methods, Settings(source=part, ruder=RuderSettings(style_image=painting)))
    mix = Mix(style.name, (Ingredient(style.path),))
    parts = folder / f"{film.stem}.{style.name}.parts"
    compared = compare(
        contenders, probe(film, part), part, mix, bench, parts, "", lambda event: None, threading.Event()
    )
    assert compared is not None
    return compared


def _title(compared: events.Compared) -> str:
    size = f"{compared.width}x{compared.height}, {compared.frames} frames"
    return f"{Path(compared.film).stem} in {compared.style}, {size}, judged along {compared.judge}"


def _rows(compared: events.Compared) -> list[Row]:
    """Return multiples of johnson's; seconds as they were, and the processor's as multiples too."""
    cpu = {row.name: _cpu_seconds(row) for row in compared.rows}
    reference = cpu[compared.reference]
    measured = [key for key in MEASURES if any(key in row.measures for row in compared.rows)]
    return [_row(row, measured, cpu[row.name], reference) for row in compared.rows]


def _row(row: events.Row, measured: Sequence[str], cpu: float | None, reference: float | None) -> Row:
    shown: Row = {"of johnson's": row.name, "s/frame": row.seconds_per_frame, "time": row.time}
    shown["processor time"] = cpu / reference if cpu and reference else None
    return shown | {MEASURES[key]: row.relative.get(key) for key in measured}


def _cpu_seconds(row: events.Row) -> float | None:
    making = find_making(Path(row.film).parent, Path(row.film).stem) if row.film else None
    return making.cpu_seconds_per_frame if making else None
