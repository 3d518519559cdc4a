"""The methods side by side: time per frame, stability, and content, style and sharpness."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.comparison import run_comparison, table_rows, table_title
from benchmarks.conftest import Work
from benchmarks.report import Report
from streamstyle.media.probe import probe
from streamstyle.settings import SourceSettings
from streamstyle.styles.library import Style

FEW_FRAMES = 3
"""Frames for a thousand iterations."""


def test_methods(work: Work, pytestconfig: pytest.Config, tmp_path: Path, report: Report) -> None:
    """`consistent` and `live` are steadier than `johnson` for every film and style."""
    folder = pytestconfig.getoption("--keep") or tmp_path
    for film in work.films:
        for style in work.some_styles:
            compared = run_comparison(film, work.source_settings, style, work, _methods(style, work), folder)
            report.show(table_title(compared), table_rows(compared))
            johnson, *others = (film for film in compared.films if film.kind == "method")
            steady = [film for film in others if film.name.startswith(("live", "consistent"))]
            assert all(film.metrics["warping_error_1"] < johnson.metrics["warping_error_1"] for film in steady)


def test_a_thousand_iterations(work: Work, pytestconfig: pytest.Config, tmp_path: Path, report: Report) -> None:
    """A thousand iterations of `ruder` take over ten times as long as `consistent`, on a few frames."""
    if not work.full or work.style_image(work.style.name) is None:
        pytest.skip("give --full and --style-images FOLDER")
    folder = pytestconfig.getoption("--keep") or tmp_path
    methods = "johnson,ruder:iterations=30,ruder:iterations=1000,consistent,live"
    for film in work.films:
        for style in work.some_styles:
            compared = run_comparison(film, _few_frames(film, work.source_settings), style, work, methods, folder)
            report.show(table_title(compared), table_rows(compared))
            by_name = {each.name: each for each in compared.films}
            ruder, consistent = by_name["ruder, iterations 1000"], by_name["consistent"]
            assert (ruder.time_ratio or 0.0) > 10 * (consistent.time_ratio or 0.0)


def _few_frames(film: Path, source_settings: SourceSettings) -> SourceSettings:
    rate = float(probe(film, source_settings).frame_rate or 25)
    return replace(source_settings, end=(source_settings.start or 0.0) + (FEW_FRAMES - 0.5) / rate)


def _methods(style: Style, work: Work) -> str:
    if work.methods:
        return work.methods
    iterations = "" if work.iterations == 30 else f":iterations={work.iterations}"
    ruder = ["ruder:iterations=30"] if work.style_image(style.name) else []
    return ",".join(["johnson", *ruder, f"consistent:pixel-weight=0{iterations}", f"consistent{iterations}", "live"])
