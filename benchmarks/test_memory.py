"""The memory of a run does not grow with the length of the film."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from benchmarks.conftest import Work
from benchmarks.looped_film import loop_film
from benchmarks.report import Report, Row
from benchmarks.timed_run import run_timed
from streamstyle.events import Event, FrameWritten
from streamstyle.settings import Method, SourceSettings

_SETTLED_FRAMES = 500
"""Frames after which everything that is allocated once has been allocated."""

_MAX_GROWTH = 100.0
"""MiB by which memory may grow between `_SETTLED_FRAMES` frames and the end."""


def test_memory(work: Work, tmp_path: Path, report: Report) -> None:
    """At the end the process holds at most 100 MiB more than after 500 frames."""
    if work.frames < 2 * _SETTLED_FRAMES:
        pytest.skip(f"--frames {work.frames} is too short; give {2 * _SETTLED_FRAMES} or more")
    video = loop_film(work.film, tmp_path / "long.mkv", work.frames)
    resident: dict[int, float] = {}

    def watch(event: Event) -> None:
        if isinstance(event, FrameWritten) and event.frame % 100 == 0:
            resident[event.frame] = _resident_memory()

    part = SourceSettings(size=work.source_settings.size)
    run = run_timed(video, tmp_path / "output.mkv", work.style, Method.johnson, part, on_event=watch)
    settled = resident[_SETTLED_FRAMES]
    sizes = {
        f"{frame}": size for frame, size in resident.items() if frame in (100, _SETTLED_FRAMES) or frame % 1000 == 0
    }
    sizes |= {f"{max(resident)}": resident[max(resident)], "peak": _peak_memory()}
    rows: list[Row] = [
        {"after frame": frame, "resident": round(size), "growth since 500": round(size - settled)}
        for frame, size in sizes.items()
    ]
    report.show(f"{work.film.name} looped to {run.finished.frames} frames, johnson, MiB", rows)
    assert resident[max(resident)] - settled < _MAX_GROWTH


def _resident_memory() -> float:
    """Return the resident memory of the process now, MiB."""
    status = Path("/proc/self/status")
    if not status.exists():
        return _peak_memory()
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _peak_memory() -> float:
    """Return the largest resident memory of the process so far, MiB; Linux counts in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
