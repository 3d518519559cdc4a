"""What it costs that a run can be gone on with: time for checkpoints, and bytes for key frames."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from statistics import median

import pytest
import torch

from benchmarks.conftest import Work
from benchmarks.report import Report, Row
from benchmarks.timed_run import run_timed
from streamstyle.files import fsync_file
from streamstyle.frames import FramePosition
from streamstyle.resume.checkpoint import Checkpoint, ResumePoint, checkpoint_path, write_checkpoint
from streamstyle.settings import Method

NEVER = Fraction(10**9)


@pytest.mark.parametrize("size", [(640, 360), (1920, 1080)])
def test_checkpoint(work: Work, tmp_path: Path, report: Report, size: tuple[int, int]) -> None:
    """A checkpoint, on the disk, beside a frame."""
    painted = run_timed(
        work.film, tmp_path / "film.mkv", work.style, Method.live, replace(work.source_settings, size=size)
    )
    rows: list[Row] = []
    for outputs in (1, 4):
        carried = tuple(torch.rand(3, size[1], size[0]) for _ in range(outputs))
        places = tuple(FramePosition(index, index, 0, seekable=True) for index in range(outputs))
        checkpoint = Checkpoint(ResumePoint(outputs, places, carried), "film.mkv", {}, "", "cpu")
        taken = [_written(tmp_path / "film.mkv", checkpoint) for _ in range(7)]
        rows.append(
            {
                "outputs looked back to": outputs,
                "MB": checkpoint_path(tmp_path / "film.mkv").stat().st_size / 1e6,
                "s": median(taken),
                "frames by live": median(taken) / painted.seconds_per_frame,
            }
        )
    report.show(f"A checkpoint at {size[0]}x{size[1]}", rows)


def _written(film: Path, checkpoint: Checkpoint) -> float:
    began = time.perf_counter()
    fsync_file(film)
    write_checkpoint(checkpoint_path(film), checkpoint)
    return time.perf_counter() - began


def test_key_frames(work: Work, tmp_path: Path, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """The film's size by how often, and at which cuts, the encoder is made to begin anew."""
    sizes: dict[str, int] = {}
    for name, every, at_cuts in (
        ("never", NEVER, NEVER),
        ("5 s and at cuts", Fraction(5), Fraction(1)),
        ("1 s", Fraction(1), Fraction(1)),
    ):
        monkeypatch.setattr("streamstyle.resume.checkpoint_writer.INTERVAL", every)
        monkeypatch.setattr("streamstyle.resume.checkpoint_writer.MIN_SECONDS", at_cuts)
        output = run_timed(work.film, tmp_path / "film.mkv", work.style, Method.johnson, work.source_settings).output
        sizes[name] = output.stat().st_size
    rows: list[Row] = [
        {"every": name, "MB": size / 1e6, "of never's": size / sizes["never"]} for name, size in sizes.items()
    ]
    report.show(f"{work.film.name}, by how often it begins anew", rows)
