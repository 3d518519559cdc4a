"""The methods side by side, as the 2016 page had them: how long a frame takes, how steady the film is, what it lost."""

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

FEW = 3
"""Frames that a thousand iterations are done on."""


def test_methods(work: Work, pytestconfig: pytest.Config, tmp_path: Path, report: Report) -> None:
    """The consistent film is steadier than the naive one, and so is live, for every film and style."""
    folder = pytestconfig.getoption("--keep") or tmp_path
    for film in work.films:
        for style in work.some_styles:
            done = run_comparison(film, work.source_settings, style, work, _methods(style, work), folder)
            report.show(table_title(done), table_rows(done))
            johnson, *others = (row for row in done.films if row.kind == "method")
            ours = [row for row in others if row.name.startswith(("live", "consistent"))]
            assert all(row.metrics["warping_error_1"] < johnson.metrics["warping_error_1"] for row in ours)


def test_a_thousand_iterations(work: Work, pytestconfig: pytest.Config, tmp_path: Path, report: Report) -> None:
    """Ruder's method to its end, on a few frames: whoever wants a film multiplies. The others on the same frames."""
    if not work.full or work.style_image(work.style.name) is None:
        pytest.skip("give --full and --style-images FOLDER")
    folder = pytestconfig.getoption("--keep") or tmp_path
    methods = "johnson,ruder:iterations=30,ruder:iterations=1000,consistent,live"
    for film in work.films:
        for style in work.some_styles:
            done = run_comparison(film, _few(film, work.source_settings), style, work, methods, folder)
            report.show(table_title(done), table_rows(done))
            by_name = {row.name: row for row in done.films}
            slow, ours = by_name["ruder, iterations 1000"], by_name["consistent"]
            assert (slow.time_ratio or 0.0) > 10 * (ours.time_ratio or 0.0)


def _few(film: Path, part: SourceSettings) -> SourceSettings:
    rate = float(probe(film, part).frame_rate or 25)
    return replace(part, end=(part.start or 0.0) + (FEW - 0.5) / rate)


def _methods(style: Style, work: Work) -> str:
    if work.methods:
        return work.methods
    own = "" if work.iterations == 30 else f":iterations={work.iterations}"
    ruder = ["ruder:iterations=30"] if work.style_image(style.name) else []
    return ",".join(["johnson", *ruder, f"consistent:pixel-weight=0{own}", f"consistent{own}", "live"])
