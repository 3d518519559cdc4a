"""A second style on the same video: how much time the flow cache saves."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.conftest import Work
from benchmarks.report import Report
from benchmarks.timed_run import run_timed
from streamstyle.settings import Method


def test_second_style(work: Work, tmp_path: Path, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second style computes no flow."""
    monkeypatch.setenv("STREAMSTYLE_CACHE", str(tmp_path / "cache"))
    first_style, second_style = work.style, work.styles[-1]
    first = run_timed(work.film, tmp_path / "first.mkv", first_style, Method.live, work.source_settings, flow_cache=1.0)
    second = run_timed(
        work.film, tmp_path / "second.mkv", second_style, Method.live, work.source_settings, flow_cache=1.0
    )
    report.show(
        f"{work.film.name}, {first.finished.frames} frames, method live, two styles",
        [
            {
                "": name,
                "s/frame": run.seconds_per_frame,
                "of the first's": run.seconds_per_frame / first.seconds_per_frame,
                "flows computed": run.finished.flows_computed,
                "flows read": run.finished.flows_cached,
            }
            for name, run in ((f"first: {first_style.name}", first), (f"second: {second_style.name}", second))
        ],
    )
    assert first.finished.flows_computed > 0
    assert second.finished.flows_computed == 0
    assert second.finished.flows_cached == first.finished.flows_computed
