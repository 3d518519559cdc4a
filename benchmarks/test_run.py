"""The whole run, from file to file, at three sizes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks.conftest import Work
from benchmarks.painting import paint
from benchmarks.report import Report, Row
from streamstyle.settings import Method


@pytest.mark.parametrize("size", [(640, 480), (960, 540), (1920, 1080)])
def test_run(work: Work, size: tuple[int, int], tmp_path: Path, report: Report) -> None:
    """Every frame arrives, and frames a second are told; a second run finds its flow in the cache."""
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "the CPU"
    part = replace(work.part, size=size)
    rows: list[Row] = []
    for method in (Method.live, Method.consistent):
        for flow in ("computed", "from the cache"):
            output = tmp_path / f"{method.value}.mkv"
            run = paint(work.film, output, work.style, method, part, work.iterations, flow_cache=4.0)
            cached = run.finished.flows_cached == run.finished.frames - run.finished.shots
            assert cached == (flow == "from the cache") or run.finished.frames == 1
            rows.append(
                {"": method.value, "flow": flow, "frames": run.finished.frames}
                | {"frames a second": 1 / run.seconds_per_frame, "s/frame": run.seconds_per_frame}
            )
    report.show(f"{work.film.name} at {size[0]}x{size[1]} on {device}, {work.iterations} iterations", rows)
