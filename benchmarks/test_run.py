"""Frames per second of whole runs at three sizes, on the CPU or the GPU."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.conftest import Work
from benchmarks.report import Report
from benchmarks.timed_run import TimedRun, run_timed
from benchmarks.timing import SIZES, device, device_name
from streamstyle.settings import Method

CACHE = 4.0
"""Size of the flow cache in GB."""


@pytest.mark.parametrize("size", SIZES)
def test_run(
    work: Work, size: tuple[int, int], tmp_path: Path, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With flow computed, and with flow from the cache, as for every style after the first."""
    monkeypatch.setenv("STREAMSTYLE_CACHE", str(tmp_path / "cache"))
    part = replace(work.source_settings, size=size)

    def run(method: Method, cache: float) -> TimedRun:
        return run_timed(work.film, tmp_path / f"{method.value}.mkv", work.style, method, part, work.iterations, cache)

    run(Method.live, CACHE)
    runs = {
        (method, flow): run(method, CACHE if flow == "cached" else 0.0)
        for method in (Method.live, Method.consistent)
        for flow in ("computed", "cached")
    }
    for (_, flow), each in runs.items():
        assert (each.finished.flows_computed == 0) == (flow == "cached")
    report.show(
        f"{work.film.name} at {size[0]}x{size[1]} on {device_name(device())}, {work.iterations} iterations",
        [
            {"": method.value, "flow": flow, "frames": each.finished.frames}
            | {"frames per second": 1 / each.seconds_per_frame, "s/frame": each.seconds_per_frame}
            for (method, flow), each in runs.items()
        ],
    )
