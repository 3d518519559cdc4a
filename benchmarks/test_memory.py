"""Memory over a long film: it does not grow with the film."""

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

_SETTLED = 500
"""Frames after which everything that is held once is held."""

_MAY_GROW = 100.0
"""MiB by which the process may be larger at the end than after `_SETTLED` frames."""


def test_memory(work: Work, tmp_path: Path, report: Report) -> None:
    """The process is within 100 MiB of where it was after 500 frames."""
    if work.frames < 2 * _SETTLED:
        pytest.skip(f"--frames {work.frames} is too short; give {2 * _SETTLED} or more")
    film = loop_film(work.film, tmp_path / "long.mkv", work.frames)
    resident: dict[int, float] = {}

    def watch(event: Event) -> None:
        if isinstance(event, FrameWritten) and event.frame % 100 == 0:
            resident[event.frame] = _resident()

    part = SourceSettings(size=work.source_settings.size)
    run = run_timed(film, tmp_path / "painted.mkv", work.style, Method.johnson, part, on_event=watch)
    settled = resident[_SETTLED]
    sizes = {f"{frame}": size for frame, size in resident.items() if frame in (100, _SETTLED) or frame % 1000 == 0}
    sizes |= {f"{max(resident)}": resident[max(resident)], "peak": _peak()}
    rows: list[Row] = [
        {"after frame": frame, "resident": round(size), "against 500": round(size - settled)}
        for frame, size in sizes.items()
    ]
    report.show(f"{work.film.name} looped to {run.finished.frames} frames, johnson, MiB", rows)
    assert resident[max(resident)] - settled < _MAY_GROW


def _resident() -> float:
    """MiB of memory the process holds now."""
    status = Path("/proc/self/status")
    if not status.exists():
        return _peak()
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _peak() -> float:
    """MiB of memory the process ever held, in kilobytes to Linux."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
