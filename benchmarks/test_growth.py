"""How time and memory grow with frames, pixels and iterations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.conftest import Work
from benchmarks.report import Report, Row
from benchmarks.subprocess_run import run_in_subprocess
from streamstyle.compare.method_runs import seconds_per_frame
from tools.demo_film import render_demo


@dataclass(frozen=True)
class Run:
    """Parameters of one run."""

    frames: int = 8
    size: tuple[int, int] = (320, 180)
    iterations: int = 10


def test_growth(work: Work, tmp_path: Path, report: Report) -> None:
    """Memory does not grow with the number of frames. Each run has a process of its own."""
    full = work.full
    frames = [replace(Run(), frames=count) for count in ((8, 32, 64) if full else (8, 32))]
    sizes = [(320, 180), (640, 360), (960, 540), (1280, 720), (1920, 1080)][: None if full else 2]
    pixels = [replace(Run(), frames=4, size=size) for size in sizes]
    iterations = [replace(Run(), iterations=count) for count in ((0, 10, 30, 100) if full else (0, 30))]
    groups = {"frames": frames, "pixels": pixels, "iterations": iterations}
    rows = [_row(name, run, work, tmp_path) for name, runs in groups.items() for run in runs]
    report.show(f"Growth: consistent, {work.style.name}, the demo film", rows)
    peaks = [float(row["peak, MiB"] or 0) for row in rows if row["varied"] == "frames"]
    assert peaks[-1] - peaks[0] < 150


def _row(varied: str, run: Run, work: Work, folder: Path) -> Row:
    width, height = run.size
    video = folder / f"{width}x{height}-{run.frames}.mkv"
    if not video.exists():
        render_demo(video, width, height, seconds=run.frames / 25)
    measured = run_in_subprocess(video, work.style.name, run.iterations, folder / "out.mkv")
    row: Row = {"varied": varied, "frames": run.frames, "size": f"{width}x{height}", "iterations": run.iterations}
    cpu = seconds_per_frame(measured.cpu) if measured.cpu else None
    return row | {
        "s/frame": seconds_per_frame(measured.times),
        "processor s/frame": cpu,
        "peak, MiB": round(measured.peak),
    }
