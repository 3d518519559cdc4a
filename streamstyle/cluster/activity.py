"""What the workers of a run do and how fast, from their reports."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TypedDict

from streamstyle.cluster.pieces import Piece
from streamstyle.events import WorkersSampled, WorkerStatus
from streamstyle.video_info import VideoInfo

SAMPLE_SECONDS = 2.0
"""Least time between two samples."""

_SPEED_SECONDS = 30.0
"""Time over which the speed of a worker is averaged."""


class Report(TypedDict):
    """What a worker says of itself, now and then."""

    worker: str
    """Its address."""
    name: str
    """Machine and process."""
    piece: int | None
    """What it paints; None if it computes flow."""
    frames: int
    """Done of the piece."""
    total: int
    """Done by it in this run, those of pieces that it did not finish included."""


@dataclass(slots=True)
class _Known:
    """What is known of one worker."""

    report: Report
    marks: deque[tuple[float, int]] = field(default_factory=deque)
    """(seconds, total) of its reports of the last half minute."""

    def fps(self, now: float) -> float | None:
        if len(self.marks) < 2 or self.marks[-1][0] < now - _SPEED_SECONDS:
            return None
        (began, before), (_, after) = self.marks[0], self.marks[-1]
        return (after - before) / (now - began) if now > began else None


class WorkerActivity:
    """Takes reports, in any thread, and says what they amount to."""

    def __init__(self, video: VideoInfo, workers: Callable[[], Collection[str]]) -> None:
        """`workers` returns the addresses of those there are now."""
        self._video, self._workers = video, workers
        self._known = dict[str, _Known]()
        self._frames = dict[int, int]()
        self._due = 0.0

    def handle(self, event: tuple[float, Report]) -> None:
        """Take a report, as the engine passes it on."""
        report, now = event[1], time.monotonic()
        known = self._known.setdefault(report["worker"], _Known(report))
        known.report = report
        known.marks.append((now, report["total"]))
        while known.marks[0][0] < now - _SPEED_SECONDS and len(known.marks) > 2:
            known.marks.popleft()
        if report["piece"] is not None:
            self._frames[report["piece"]] = report["frames"]

    def frames_done(self, pieces: Collection[int]) -> int:
        """Return the number of frames done of these pieces."""
        return sum(self._frames.get(number, 0) for number in pieces)

    def first_painter(self, pieces: Collection[int]) -> str | None:
        """Return the address of the worker that paints the earliest of these pieces; None if none does."""
        there = self._workers()
        painters = {
            number: address
            for address, known in self._known.items()
            if (number := known.report["piece"]) is not None and number in pieces and address in there
        }
        return painters[min(painters)] if painters else None

    def sample(self, pieces: Mapping[int, Piece]) -> WorkersSampled | None:
        """Return what each worker does, if it is time to say so; `pieces` are those in work."""
        if time.monotonic() < self._due:
            return None
        self._due = time.monotonic() + SAMPLE_SECONDS
        there = self._workers()
        return WorkersSampled(
            tuple(sorted((self._status(each, pieces) for each in there), key=lambda each: each["name"]))
        )

    def _status(self, worker: str, pieces: Mapping[int, Piece]) -> WorkerStatus:
        known, now = self._known.get(worker), time.monotonic()
        if known is None:
            return WorkerStatus(name=worker.rpartition("/")[2], piece=None, time=None, frame=0, frames=0, fps=None)
        report = known.report
        piece = None if report["piece"] is None else pieces.get(report["piece"])
        is_idle = piece is None and report["piece"] is not None
        return WorkerStatus(
            name=report["name"],
            piece=piece.number if piece else None,
            time=self._video.seconds(piece.first.pts) if piece else None,
            frame=report["frames"] if piece else 0,
            frames=len(piece.frames) if piece else 0,
            fps=None if is_idle else known.fps(now),
        )
