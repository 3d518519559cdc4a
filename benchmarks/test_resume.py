"""What resuming costs a run: time for checkpoints and bytes for keyframes."""

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
from streamstyle.files import fsync_descriptor
from streamstyle.frames import FramePosition, outputs_to_feedback
from streamstyle.media.output_names import checkpoint_path
from streamstyle.resume.checkpoint import Checkpoint, ResumePoint, write_checkpoint
from streamstyle.resume.packet_digest import Digest
from streamstyle.settings import Method

NEVER = Fraction(10**9)


@pytest.mark.parametrize("size", [(640, 360), (1920, 1080)])
def test_checkpoint(work: Work, tmp_path: Path, report: Report, size: tuple[int, int]) -> None:
    """Time to sync a checkpoint and the file so far, relative to a frame."""
    run = run_timed(work.film, tmp_path / "film.mkv", work.style, Method.live, replace(work.source_settings, size=size))
    rows: list[Row] = []
    for outputs in (1, 4):
        feedback = outputs_to_feedback(torch.rand(3, size[1], size[0]) for _ in range(outputs))
        positions = tuple(FramePosition(index, index, 0, seekable=True) for index in range(outputs))
        checkpoint = Checkpoint(ResumePoint(outputs, positions, feedback), "film.mkv", {}, "", "cpu", Digest("", ""))
        seconds = [_time_checkpoint(tmp_path / "film.mkv", checkpoint) for _ in range(7)]
        rows.append(
            {
                "outputs carried over": outputs,
                "MB": checkpoint_path(tmp_path / "film.mkv").stat().st_size / 1e6,
                "s": median(seconds),
                "frames of live": median(seconds) / run.seconds_per_frame,
            }
        )
    report.show(f"A checkpoint at {size[0]}x{size[1]}", rows)


def _time_checkpoint(video: Path, checkpoint: Checkpoint) -> float:
    start = time.perf_counter()
    with video.open("rb+") as file:
        fsync_descriptor(file.fileno())
    write_checkpoint(video, checkpoint)
    return time.perf_counter() - start


def test_keyframes(work: Work, tmp_path: Path, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size of the output by the interval of forced keyframes."""
    sizes: dict[str, int] = {}
    for name, interval, cut_interval in (
        ("never", NEVER, NEVER),
        ("5 s and at cuts", Fraction(5), Fraction(1)),
        ("1 s", Fraction(1), Fraction(1)),
    ):
        monkeypatch.setattr("streamstyle.resume.checkpoint_writer.INTERVAL", interval)
        monkeypatch.setattr("streamstyle.resume.keyframe_tracker.MIN_SECONDS", cut_interval)
        output = run_timed(work.film, tmp_path / "film.mkv", work.style, Method.johnson, work.source_settings).output
        sizes[name] = output.stat().st_size
    rows: list[Row] = [
        {"keyframes": name, "MB": size / 1e6, "relative": size / sizes["never"]} for name, size in sizes.items()
    ]
    report.show(f"{work.film.name}, by the interval of keyframes", rows)
