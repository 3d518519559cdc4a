"""The methods side by side: how long a frame takes, how steady the film is, and how sharp."""

from __future__ import annotations

from pathlib import Path

from benchmarks.conftest import Work
from benchmarks.painting import Run, paint
from benchmarks.report import Report, Row
from streamstyle.evaluate.stability import Stability, measure_all
from streamstyle.settings import Method


def test_methods(work: Work, tmp_path: Path, report: Report) -> None:
    """The consistent film is steadier than the naive one, and live lies in between or below in time."""
    runs = {
        method: paint(work.film, tmp_path / f"{method.value}.mkv", work.style, method, work.part, work.iterations)
        for method in Method
    }
    source, *measured = measure_all([run.output for run in runs.values()], work.film, work.part, preset=work.judge)
    naive, naive_run = measured[0], runs[Method.johnson]
    rows = [
        _row(method.value, run, stability, naive, naive_run)
        for (method, run), stability in zip(runs.items(), measured, strict=True)
    ]
    report.show(_title(work, naive_run), [*rows, _row("the film itself", None, source, naive, naive_run)])
    by_method = dict(zip(runs, measured, strict=True))
    assert by_method[Method.live].warping_error[1] < naive.warping_error[1]
    assert by_method[Method.consistent].warping_error[1] < naive.warping_error[1]


def _title(work: Work, run: Run) -> str:
    size = f"{work.part.size[0]}x{work.part.size[1]}" if work.part.size else "its own size"
    how = f"{work.style.name}, {work.iterations} iterations, judged by {work.judge}"
    return f"{work.film.name} at {size}, {run.finished.frames} frames, {how}"


def _row(name: str, run: Run | None, stability: Stability, naive: Stability, naive_run: Run) -> Row:
    row: Row = {"": name}
    row["s/frame"] = run.seconds_per_frame if run else None
    row["of johnson's"] = run.seconds_per_frame / naive_run.seconds_per_frame if run else None
    for gap in naive.warping_error:
        row[f"warping error, gap {gap}"] = stability.warping_error[gap]
        row[f"gap {gap}, of johnson's"] = stability.warping_error[gap] / naive.warping_error[gap]
    row["sharpness, of johnson's"] = stability.sharpness / naive.sharpness
    return row
