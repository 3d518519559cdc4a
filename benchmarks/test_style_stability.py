"""Each style's stability: the warping error of the naive film and of the consistent one."""

from __future__ import annotations

from pathlib import Path

from streamstyle.evaluate.stability import measure_all

from benchmarks.conftest import Work
from benchmarks.painting import paint
from benchmarks.report import Report, Row
from streamstyle.settings import Method

METHODS = (Method.johnson, Method.consistent)


def test_style_stability(work: Work, tmp_path: Path, report: Report) -> None:
    """In every style the consistent film is steadier than the naive one."""
    rows: list[Row] = []
    for style in work.styles:
        runs = [
            paint(work.film, tmp_path / f"{method}.mkv", style, method, work.part, work.iterations)
            for method in METHODS
        ]
        source, naive, steady = measure_all([run.output for run in runs], work.film, work.part, preset=work.judge)
        row: Row = {"": style.name}
        for gap in source.warping_error:
            row[f"johnson, gap {gap}"] = naive.warping_error[gap]
            row[f"consistent, gap {gap}"] = steady.warping_error[gap]
            row[f"of johnson's, gap {gap}"] = steady.warping_error[gap] / naive.warping_error[gap]
            row[f"the film itself, gap {gap}"] = source.warping_error[gap]
        row["sharpness, of johnson's"] = steady.sharpness / naive.sharpness
        rows.append(row)
        assert steady.warping_error[1] < naive.warping_error[1]
    size = f"{work.part.size[0]}x{work.part.size[1]}" if work.part.size else "its own size"
    report.show(f"{work.film.name} at {size}, {runs[0].finished.frames} frames, judged by {work.judge}", rows)
